import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RTO_MAX, RTO_MIN, backOff, measured, restore, unknown } from './round-trip.ts'

describe('round-trip', () => {
  it('waits a second before anything is known', () => {
    assert.equal(unknown().rto, 1000)
  })

  it('waits 1200 ms after 400 ms, and 1088 ms after 300 ms more', () => {
    const trip = unknown()
    measured(trip, 400_000)
    const { srtt, rttvar, rto } = trip
    assert.deepEqual({ srtt, rttvar, rto }, { srtt: 400_000, rttvar: 200_000, rto: 1200 })
    measured(trip, 300_000)
    assert.deepEqual([trip.srtt, trip.rttvar, trip.rto], [387_500, 175_000, 1088])
  })

  it('never waits less than the least nor longer than the most', () => {
    const trip = unknown()
    measured(trip, 0)
    assert.equal(trip.rto, RTO_MIN)
    measured(trip, 1e9)
    assert.equal(trip.rto, RTO_MAX)
  })

  it('doubles up to the most when it backs off, and returns to what it measured', () => {
    const trip = unknown()
    measured(trip, 400_000)
    backOff(trip)
    assert.equal(trip.rto, 2400)
    for (let i = 0; i < 10; i++) backOff(trip)
    assert.equal(trip.rto, RTO_MAX)
    restore(trip)
    assert.equal(trip.rto, 1200)
  })
})
