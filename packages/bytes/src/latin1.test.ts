import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from './latin1.ts'

describe('latin1', () => {
  it('gives the code of every character', () => {
    const all = Uint8Array.from({ length: 256 }, (_, code) => code)
    assert.deepEqual(parse(Buffer.from(all).toString('latin1'), 0), all)
  })

  it('begins where it is told', () => {
    assert.deepEqual(parse(':é', 1), Uint8Array.of(0xe9))
    assert.deepEqual(parse(':', 1), new Uint8Array(0))
  })
})
