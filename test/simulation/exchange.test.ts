import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exchange } from './exchange.ts'
import { badDay, drawn } from './plans.ts'

describe('two unikernels over a link that loses, reorders, duplicates and delays', () => {
  for (const seed of [1, 2, 3]) {
    it(`exchange 10 MB bit for bit (npm run simulate -- --seed ${seed})`, async () => {
      await exchange(badDay(seed))
    })
  }

  it('do exactly the same for the same seed, and not for another', async () => {
    const run = (seed: number) => exchange({ ...badDay(seed), length: 200_000 })
    const [once, again, other] = [await run(4), await run(4), await run(5)]
    assert.deepEqual(again, once)
    assert.notEqual(other.digest, once.digest)
  })
})

describe('two unikernels over any link that the seed draws', () => {
  for (let seed = 1; seed <= 40; seed++) {
    it(`exchange bytes bit for bit (npm run simulate -- --drawn --seed ${seed})`, async () => {
      await exchange(drawn(seed))
    })
  }
})
