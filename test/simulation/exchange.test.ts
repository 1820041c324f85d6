import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LENGTH, exchange } from './exchange.ts'

describe('two unikernels over a link that loses, reorders, duplicates and delays', () => {
  for (const seed of [1, 2, 3]) {
    it(`exchange ${(2 * LENGTH) / 1e6} MB bit for bit (npm run simulate -- --seed ${seed})`, async () => {
      await exchange(seed)
    })
  }

  it('do exactly the same for the same seed, and not for another', async () => {
    const length = 200_000
    const [once, again, other] = [
      await exchange(4, length),
      await exchange(4, length),
      await exchange(5, length),
    ]
    assert.deepEqual(again, once)
    assert.notEqual(other.digest, once.digest)
  })
})
