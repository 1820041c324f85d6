import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { storm } from './plan.ts'
import { run } from './storm.ts'

/** The rest are for `npm run test:simulation`. */
const SEEDS = 50

describe('hosts that talk in a storm of faults', () => {
  it(`keep every promise, whatever the seed (${SEEDS} of them)`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      try {
        await run(storm(seed))
      } catch (error) {
        throw new Error(`replay it: npm run test:simulation -- --seed ${seed}`, { cause: error })
      }
    }
  })

  it('do exactly the same for the same seed, and not for another', async () => {
    const [once, again, other] = [await run(storm(7)), await run(storm(7)), await run(storm(8))]
    assert.deepEqual(again, once)
    assert.notEqual(other.digest, once.digest)
  })
})
