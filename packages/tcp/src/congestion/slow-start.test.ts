import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Congestion, acknowledged as grow, initialWindow, start } from './congestion.ts'
import { cubic } from './cubic.ts'
import * as slowStart from './slow-start.ts'

const MSS = 1000

interface Path {
  /** Microseconds for a segment, and there and back. */
  readonly perSegment: number
  readonly rtt: number
  /** What is added to the round trip of the segment that is sent as number `i`. */
  readonly jitter?: (i: number) => number
}

/** Slow start over a path whose queue is endless: what the window was when it ended, or when `count` segments had arrived. */
function over({ perSegment, rtt, jitter = () => 0 }: Path, count: number): Congestion {
  const congestion = start(cubic, MSS)
  const sent: { at: number; back: number }[] = []
  let [acked, freeAt] = [0, 0]
  const fill = (now: number): void => {
    while (sent.length - acked < congestion.cwnd / MSS) {
      freeAt = Math.max(freeAt, now) + perSegment
      sent.push({ at: now, back: freeAt + rtt + jitter(sent.length) })
    }
  }
  for (fill(0); acked < count && congestion.cwnd < congestion.ssthresh; acked++) {
    const { at, back } = sent[acked]!
    const flight = (sent.length - acked) * MSS
    slowStart.acknowledged(congestion, (acked + 1) * MSS, sent.length * MSS, back - at)
    grow(congestion, MSS, MSS, flight, rtt, 0)
    fill(back)
  }
  return congestion
}

describe('slow start (RFC 9406)', () => {
  it('ends where the queue of a path grows, though nothing is lost: at some times what the path holds', () => {
    // 100 segments in 20 ms; 400 in 40 ms.
    for (const [perSegment, rtt] of [
      [200, 20_000],
      [100, 40_000],
    ] as const) {
      const held = rtt / perSegment
      const { cwnd, ssthresh } = over({ perSegment, rtt }, 100_000)
      assert.equal(cwnd, ssthresh)
      assert.ok(cwnd / MSS >= held && cwnd / MSS < 10 * held, `${cwnd / MSS} of ${held}`)
    }
  })

  it('goes on while a path is not full, whatever its jitter', () => {
    const jitter = (i: number): number => (i * 7919) % 6000
    const { cwnd, ssthresh } = over({ perSegment: 1, rtt: 50_000, jitter }, 10_000)
    assert.ok(cwnd < ssthresh && cwnd / MSS > 5000, `${cwnd / MSS}`)
  })

  it('resumes when round trips become shorter again', () => {
    // A round in the middle is late by 10 ms.
    const jitter = (i: number): number => (i >= 150 && i < 310 ? 10_000 : 0)
    const { cwnd, ssthresh } = over({ perSegment: 1, rtt: 50_000, jitter }, 10_000)
    assert.ok(cwnd < ssthresh && cwnd / MSS > 4000, `${cwnd / MSS}`)
  })

  it('grows by a quarter while it is not sure', () => {
    assert.equal(slowStart.growth(undefined, MSS), MSS)
    const congestion = start(cubic, MSS)
    const rounds = [20_000, 25_000]
    let seq = 0
    for (const rtt of rounds) {
      for (let i = 0; i < 8; i++)
        slowStart.acknowledged(congestion, (seq += MSS), (rounds.indexOf(rtt) + 1) * 8 * MSS + MSS, rtt)
    }
    assert.equal(slowStart.growth(congestion.slowStart, MSS), MSS / 4)
    assert.equal(congestion.cwnd, initialWindow(MSS))
  })

  it('is as it always was after the first loss', () => {
    const congestion = start(cubic, MSS)
    slowStart.acknowledged(congestion, 0, MSS, 1000)
    congestion.ssthresh = 50 * MSS
    slowStart.acknowledged(congestion, MSS, 2 * MSS, 1000)
    assert.equal(congestion.slowStart, undefined)
  })
})
