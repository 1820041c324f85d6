/**
 * HyStart++, RFC 9406: the first slow start ends before it has filled the path's queue, where round trips become longer.
 *
 *     slow start --- longer by an eighth ---> conservative slow start --- five rounds ---> congestion avoidance
 *         ^------- shorter again: it was only jitter -------'
 */
import type { Micros } from '../round-trip.ts'
import { type Sequence, lessThan } from '../sequence.ts'
import type { Congestion } from './congestion.ts'

/** More than any window. */
export const SSTHRESH_INITIAL = 0x3fff_ffff

/** What "longer" is: an eighth of a round trip, within these bounds. RFC 9406 §4.3. */
const LONGER_MIN: Micros = 4000
const LONGER_MAX: Micros = 16_000
/** Measurements in a round before it says anything. */
const SAMPLES_MIN = 8
/** Rounds of conservative slow start. */
const ROUNDS = 5

/** What is made for the first slow start, and forgotten after it. */
export interface SlowStart {
  /** The round ends when this is acknowledged. */
  roundEnd: Sequence
  /** The shortest round trip of this round and of the one before; -1 if there is none. */
  least: Micros
  leastBefore: Micros
  /** Measurements in this round. */
  samples: number
  /** The round trip that slow start was left at; -1 while it was not. */
  baseline: Micros
  /** Rounds of conservative slow start that have begun. */
  rounds: number
}

/** The peer has all before `una`, of what was sent up to `nxt`, and the last of it after `rtt`; -1 if that is not known. */
export function acknowledged(congestion: Congestion, una: Sequence, nxt: Sequence, rtt: Micros): void {
  if (congestion.ssthresh !== SSTHRESH_INITIAL) {
    congestion.slowStart = undefined
    return
  }
  const state = (congestion.slowStart ??= begin(nxt))
  if (!lessThan(una, state.roundEnd)) nextRound(congestion, state, nxt)
  if (rtt < 0) return
  state.least = state.least < 0 ? rtt : Math.min(state.least, rtt)
  state.samples += 1
  if (state.samples < SAMPLES_MIN) return
  if (state.baseline < 0) leaveIfLonger(state)
  else if (state.least < state.baseline) state.baseline = -1
}

function begin(nxt: Sequence): SlowStart {
  return { roundEnd: nxt, least: -1, leastBefore: -1, samples: 0, baseline: -1, rounds: 0 }
}

function nextRound(congestion: Congestion, state: SlowStart, nxt: Sequence): void {
  state.roundEnd = nxt
  state.leastBefore = state.least
  state.least = -1
  state.samples = 0
  if (state.baseline < 0) return
  state.rounds += 1
  if (state.rounds <= ROUNDS) return
  congestion.ssthresh = congestion.cwnd
  congestion.slowStart = undefined
}

function leaveIfLonger(state: SlowStart): void {
  const { least, leastBefore } = state
  if (leastBefore < 0) return
  if (least < leastBefore + Math.max(LONGER_MIN, Math.min(leastBefore >> 3, LONGER_MAX))) return
  state.baseline = least
  // A part of a round counts as one.
  state.rounds = 1
}

/** How much the window may grow for `count` bytes: a quarter of it while slow start is conservative. */
export function growth(state: SlowStart | undefined, count: number): number {
  return state === undefined || state.baseline < 0 ? count : count >> 2
}
