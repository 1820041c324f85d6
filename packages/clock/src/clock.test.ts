import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type WallTime, compare, fromEpochMs, toEpochMs } from './clock.ts'

describe('wall time', () => {
  const instants: [what: string, ms: number, time: WallTime][] = [
    ['the epoch', 0, { days: 0, picoseconds: 0n }],
    ['a millisecond after it', 1, { days: 0, picoseconds: 1_000_000_000n }],
    ['a millisecond before it', -1, { days: -1, picoseconds: 86_399_999_000_000_000n }],
    ['2019-02-26T12:00:00Z', 1_551_182_400_000, { days: 17_953, picoseconds: 43_200_000_000_000_000n }],
  ]
  for (const [what, ms, time] of instants) {
    it(`counts days and picoseconds of ${what}`, () => {
      assert.deepEqual(fromEpochMs(ms), time)
      assert.equal(toEpochMs(time), ms)
    })
  }

  it('is ordered by day, then within the day', () => {
    const early = { days: 1, picoseconds: 5n }
    assert.equal(compare(early, { days: 1, picoseconds: 5n }), 0)
    assert.ok(compare(early, { days: 2, picoseconds: 0n }) < 0)
    assert.ok(compare({ days: 1, picoseconds: 6n }, early) > 0)
  })
})
