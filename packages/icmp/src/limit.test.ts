import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeded } from '@mirage/random/seeded'
import * as limit from './limit.ts'
import { even } from './testing/even.ts'

/** How many tokens there are at `now`. */
function count(bucket: limit.Limit, now: number, random = even): number {
  let taken = 0
  while (limit.take(bucket, now, random)) taken++
  return taken
}

describe('the limit of errors', () => {
  it('is 50 at once', () => {
    assert.equal(count(limit.create(7), 7), 50)
  })

  it('is 100 a second after that, and never more than 50 at once', () => {
    const bucket = limit.create(0)
    count(bucket, 0)
    assert.equal(count(bucket, 9), 0)
    assert.equal(count(bucket, 10), 1)
    assert.equal(count(bucket, 110), 10)
    assert.equal(count(bucket, 100_000), 50)
  })

  it('is another number each time, by which nobody can tell how many were sent to others', () => {
    const random = seeded(1)
    const bursts = Array.from({ length: 200 }, () => count(limit.create(0), 0, random))
    const mean = bursts.reduce((sum, each) => sum + each) / bursts.length
    assert.ok(Math.abs(mean - limit.BURST) < 2, `${mean} on average`)
    // One error to somebody else must not show, nor five.
    const isLate = bursts.filter((each) => each > limit.BURST + 4).length
    const isEarly = bursts.filter((each) => each < limit.BURST - 4).length
    assert.ok(isLate > 20 && isEarly > 20, `${isEarly} before, ${isLate} after`)
    assert.ok(Math.max(...bursts) < 2 * limit.BURST)
  })

  it('is 100 a second in the long run, whatever is asked for', () => {
    const random = seeded(2)
    const bucket = limit.create(0)
    let sent = -count(bucket, 0, random)
    for (let now = 0; now <= 100_000; now++) sent += count(bucket, now, random)
    assert.ok(Math.abs(sent + count(bucket, 0, random) + 50 - 10_000) < 300, `${sent} in 100 s`)
  })
})
