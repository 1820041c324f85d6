/**
 * Congestion control: how much may be in flight. All amounts are bytes.
 *
 * Slow start and what follows an idle time are here; how the window grows after that, and what a loss leaves of it, is
 * an `Algorithm`: `cubic.ts`, or `reno.ts`. What is lost, and when, `recovery.ts` says.
 *
 * Slow start counts bytes, not acknowledgements (RFC 3465), and all of them: one that a peer sends for sixty segments
 * stands for sixty.
 */
import type { Micros } from '../round-trip.ts'
import { SSTHRESH_INITIAL, type SlowStart, growth } from './slow-start.ts'

export interface Congestion {
  readonly algorithm: Algorithm
  cwnd: number
  ssthresh: number
  /** Acknowledged since `cwnd` last grew by a segment. */
  counted: number
  /** What HyStart++ knows of the first slow start, while that lasts. */
  slowStart: SlowStart | undefined
  /** What CUBIC knows of its last losses. */
  epoch: Epoch | undefined
}

/** Since a loss: RFC 9438 §4.1. */
export interface Epoch {
  /** The window, in segments, at the last loss: W_max. */
  wMax: number
  /** Where this epoch began, and when; `isRunning` is false until it does. */
  isRunning: boolean
  startedAt: Micros
  /** When the window reaches W_max again, in seconds after the beginning: K. */
  k: number
  /** The window that Reno would have, in segments: W_est. */
  wEst: number
}

/** One way to grow after slow start, and to shrink. */
export interface Algorithm {
  readonly name: 'cubic' | 'reno'
  /** `count` bytes more were acknowledged, `cwnd` is at least `ssthresh`, and limits what is sent. */
  grow(congestion: Congestion, mss: number, count: number, srtt: Micros, at: Micros): void
  /**
   * What `ssthresh` becomes by a loss. It is told from `cwnd`, which grows only while it is used, rather than from what
   * is in flight: one acknowledgement may have taken all of that away.
   */
  reduced(congestion: Congestion, mss: number): number
}

export function start(algorithm: Algorithm, mss: number): Congestion {
  return {
    algorithm,
    cwnd: initialWindow(mss),
    ssthresh: SSTHRESH_INITIAL,
    counted: 0,
    slowStart: undefined,
    epoch: undefined,
  }
}

/** RFC 6928 §2. */
export function initialWindow(mss: number): number {
  return Math.min(10 * mss, Math.max(2 * mss, 14_600))
}

/** `count` bytes more were acknowledged, of `flight` that were in flight. */
export function acknowledged(
  congestion: Congestion,
  mss: number,
  count: number,
  flight: number,
  srtt: Micros,
  at: Micros,
): void {
  // The window grows only where it, not the application or the peer, was what limited us.
  if (2 * flight < congestion.cwnd) return
  const { cwnd, ssthresh } = congestion
  if (cwnd < ssthresh) {
    const more = growth(congestion.slowStart, count)
    congestion.cwnd = Math.max(cwnd + Math.min(mss, more), Math.min(cwnd + more, ssthresh))
  } else congestion.algorithm.grow(congestion, mss, count, srtt, at)
}

/** A loss, or a mark that stands for one. */
export function reduce(congestion: Congestion, mss: number): void {
  congestion.ssthresh = congestion.algorithm.reduced(congestion, mss)
  congestion.counted = 0
}

/** Nothing was sent for longer than a retransmission timeout: what was known of the path is old. RFC 5681 §4.1. */
export function idled(congestion: Congestion, mss: number): void {
  congestion.cwnd = Math.min(congestion.cwnd, initialWindow(mss))
  if (congestion.epoch !== undefined) congestion.epoch.isRunning = false
}
