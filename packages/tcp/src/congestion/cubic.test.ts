import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Congestion, acknowledged, reduce, start } from './congestion.ts'
import { cubic } from './cubic.ts'

const MSS = 1000

/** A window that lost at `segments`, and the windows after each of so many round trips. */
function after(segments: number, rtt: number, rounds: number): number[] {
  const congestion: Congestion = start(cubic, MSS)
  congestion.cwnd = segments * MSS
  reduce(congestion, MSS)
  congestion.cwnd = congestion.ssthresh
  return Array.from({ length: rounds }, (_, round) => {
    const flight = congestion.cwnd
    for (let i = 0; i < flight / MSS; i++)
      acknowledged(congestion, MSS, MSS, flight, rtt * 1000, (round * rtt * 1000) | 0)
    return congestion.cwnd / MSS
  })
}

describe('CUBIC (RFC 9438)', () => {
  it('keeps seven tenths of the window after a loss, and forgets more after a second below the first (§4.6, §4.7)', () => {
    const congestion = start(cubic, MSS)
    congestion.cwnd = 100 * MSS
    reduce(congestion, MSS)
    assert.deepEqual([congestion.ssthresh, congestion.epoch?.wMax], [70 * MSS, 100])
    congestion.cwnd = 80 * MSS
    reduce(congestion, MSS)
    assert.equal(congestion.epoch?.wMax, 68)
  })

  it('is back at its last maximum after K seconds, slowly around it, and faster beyond (§4.2)', () => {
    // K is the cube root of 1000 · 0.3 / 0.4: 9.09 s.
    const windows = after(1000, 100, 140)
    assert.ok(Math.abs(windows[90]! - 1000) < 10, `${windows[90]} after 9.1 s`)
    assert.ok(windows[95]! - windows[85]! < windows[10]! - windows[0]!)
    assert.ok(windows[135]! - windows[125]! > windows[95]! - windows[85]!)
  })

  it('is no slower than Reno where windows are small (§4.3)', () => {
    const windows = after(20, 10, 40)
    assert.ok(windows[39]! >= 14 + 0.5 * 39, `${windows[39]}`)
  })

  it('takes as long whatever the round trip', () => {
    const [near, far] = [after(1000, 50, 182)[181]!, after(1000, 200, 46)[45]!]
    assert.ok(Math.abs(near - far) < 25, `${near} and ${far}`)
  })
})
