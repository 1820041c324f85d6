import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Statistics } from './statistics.ts'

describe('the statistics of echoes', () => {
  it('have the least, the mean, the most and the deviation of their times', () => {
    const statistics = new Statistics()
    statistics.sent = 4
    for (const time of [2, 4, 6]) statistics.answered(time)
    assert.equal(statistics.counts(), '4 sent, 3 received, 25% lost')
    // The root of ((2-4)^2 + 0 + (6-4)^2) / 3.
    assert.equal(statistics.times(), 'round trip min/avg/max/mdev = 2.000/4.000/6.000/1.633 ms')
  })

  it('have no times where nothing came back', () => {
    const statistics = new Statistics()
    statistics.sent = 2
    statistics.errors = 1
    assert.equal(statistics.counts(), '2 sent, 0 received, 1 errors, 100% lost')
    assert.equal(statistics.times(), undefined)
  })

  it('count what came twice once', () => {
    const statistics = new Statistics()
    statistics.sent = 3
    statistics.duplicates = 1
    statistics.answered(1)
    assert.equal(statistics.counts(), '3 sent, 1 received, 1 twice, 66.67% lost')
  })
})
