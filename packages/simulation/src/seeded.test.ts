import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Xoshiro, seeded } from './seeded.ts'

describe('seeded randomness', () => {
  it('is xoshiro128**', () => {
    // The state 1, 2, 3, 4 and its first outputs: the test vector of the rand_xoshiro crate.
    const generator = new Xoshiro(1, 2, 3, 4)
    const expected = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849]
    assert.deepEqual(
      expected.map(() => generator.u32()),
      expected,
    )
  })

  it('is the same for the same seed and name, and another for any other', () => {
    const of = (seed: number, name?: string): string => seeded(seed, name).generate(16).join()
    assert.equal(of(7, 'link'), of(7, 'link'))
    assert.equal(new Set([of(7), of(8), of(7, 'link'), of(7, 'clock'), of(8, 'link')]).size, 5)
  })

  it('gives exactly as many bytes as it was asked for', () => {
    for (let count = 0; count < 9; count++) assert.equal(seeded(1).generate(count).length, count)
    assert.throws(() => seeded(1).generate(-1))
    assert.throws(() => seeded(1).generate(1.5))
  })
})
