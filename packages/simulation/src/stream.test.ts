import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stream } from './stream.ts'

describe('a stream', () => {
  it('is the same for the same seed and name, and another for any other', () => {
    const of = (seed: number, name: string): string => stream(seed, name).generate(16).join()
    assert.equal(of(7, 'link'), of(7, 'link'))
    const others = [
      of(7, 'link'),
      of(8, 'link'),
      of(7 + 2 ** 24, 'link'),
      of(7, 'clock'),
      of(7, 'kinl'),
      of(7, ''),
    ]
    assert.equal(new Set(others).size, others.length)
  })
})
