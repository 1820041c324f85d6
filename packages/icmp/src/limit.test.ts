import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as limit from './limit.ts'

/** How many tokens there are at `now`. */
function count(bucket: limit.Limit, now: number): number {
  let taken = 0
  while (limit.take(bucket, now)) taken++
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
})
