/**
 * Loss recovery: what a loss does to the congestion window, from the first sign of it until all that was then in flight
 * is acknowledged.
 *
 * With blocks (SACK) `rack.ts` says what is lost and proportional rate reduction (RFC 9937) how much goes for each
 * acknowledgement; without, three duplicates and partial acknowledgements say it (RFC 6582, NewReno). What turns out to
 * have been no loss is undone, by timestamps (RFC 3522, RFC 4015) or by duplicates that the peer reports (RFC 3708).
 */
import type { Millis } from '@mirage/clock'
import * as congestion from './congestion/congestion.ts'
import { recovered } from './rack.ts'
import { micros } from './round-trip.ts'
import * as scoreboard from './scoreboard.ts'
import type { Segment } from './segment.ts'
import { type Sequence, add, atMost, distance, lessThan } from './sequence.ts'
import type { Tcb } from './tcb.ts'
import * as timestamps from './timestamps.ts'

/** Duplicate acknowledgements that mean a loss rather than a change of order: RFC 5681 §3.2. */
const DUP_ACKS = 3

export type Phase =
  /** Nothing is believed to be lost, or not yet. */
  | 'open'
  /** After a mark of ECN: the window is reduced, nothing was lost. */
  | 'reduced'
  /** Fast recovery. */
  | 'recovery'
  /** After a retransmission timeout. */
  | 'loss'

/** What is made at the first sign of a loss, and forgotten when all is well again. */
export interface Recovery {
  phase: Phase
  /** The phase ends when everything before this is acknowledged: RFC 6582 §3.2. */
  point: Sequence
  /** Without blocks: duplicates since `una` moved, and the bytes that they say have left the network. */
  dupAcks: number
  dupBytes: number
  /** Partial acknowledgements in this recovery. */
  partials: number
  /** Of PRR: bytes that arrived and that were sent since it began, and what was in flight then. */
  delivered: number
  sent: number
  flightBefore: number
  /** The windows before, if the phase may still turn out to be for nothing. */
  cwndBefore: number
  ssthreshBefore: number
  /** Bytes sent again that the peer has not reported as duplicates; -1 if nothing was yet. */
  resent: number
  /** The timestamp of the first segment sent again. */
  stampedAt: number
  /** The tail was sent again, to see whether it is lost, and where it ends: RFC 8985 §7. */
  isTailOut: boolean
  tailEnd: Sequence
}

function start(una: Sequence): Recovery {
  return {
    phase: 'open',
    point: add(una, -1),
    dupAcks: 0,
    dupBytes: 0,
    partials: 0,
    delivered: 0,
    sent: 0,
    flightBefore: 0,
    cwndBefore: 0,
    ssthreshBefore: 0,
    resent: -1,
    stampedAt: 0,
    isTailOut: false,
    tailEnd: una,
  }
}

export function isIn({ recovery }: Tcb, phase: Phase): boolean {
  return (recovery === undefined ? 'open' : recovery.phase) === phase
}

/** What the network is believed to hold: `pipe` of RFC 6675. */
export function pipe({ snd, flight, recovery }: Tcb): number {
  const held = distance(snd.una, snd.nxt) - flight.sacked - flight.lost
  return recovery === undefined ? held : Math.max(held - recovery.dupBytes, 0)
}

/** What congestion control lets into the network now. */
export function allowance(tcb: Tcb): number {
  return tcb.cwnd - pipe(tcb)
}

/** What is lost goes again whatever the window says: without blocks, the first of it, for each acknowledgement. */
export function mustResend({ recovery, isSackPermitted }: Tcb): boolean {
  return recovery !== undefined && recovery.phase === 'recovery' && (!isSackPermitted || recovery.sent === 0)
}

/** `count` bytes at `una` or behind were sent again, at `now`. */
export function sentAgain(tcb: Tcb, count: number, now: Millis): void {
  const { recovery } = tcb
  if (recovery === undefined) return
  recovery.sent += count
  if (recovery.resent < 0) recovery.stampedAt = timestamps.stamp(tcb, now)
  recovery.resent = Math.max(recovery.resent, 0) + count
}

/** The tail was probed, up to `end`: sent again, if it is not new. */
export function tailSent(tcb: Tcb, end: Sequence, isAgain: boolean): void {
  const recovery = (tcb.recovery ??= start(tcb.snd.una))
  recovery.isTailOut = isAgain
  recovery.tailEnd = end
  if (recovery.phase === 'open') recovery.point = end
}

/** `count` bytes were sent for the first time. */
export function sent({ recovery }: Tcb, count: number): void {
  if (recovery !== undefined) recovery.sent += count
}

/** An acknowledgement that moves nothing, from a peer without blocks: RFC 5681 §3.2, with limited transmit. */
export function duplicated(tcb: Tcb): void {
  const { snd, flight } = tcb
  const recovery = (tcb.recovery ??= start(snd.una))
  recovery.dupAcks += 1
  recovery.dupBytes = Math.min(recovery.dupBytes + snd.mss, distance(snd.una, snd.nxt) - flight.lost)
  // RFC 6582 §3.2: the duplicates of what was sent again are not of a new loss.
  if (recovery.dupAcks !== DUP_ACKS || recovery.phase !== 'open' || !lessThan(recovery.point, snd.una)) return
  scoreboard.loseFirst(flight, snd.mss)
  enter(tcb, recovery)
}

/** What blocks revealed: `isLost` says whether something that was in flight is not any more. */
export function detected(tcb: Tcb, isLost: boolean): void {
  if (!isLost) return
  const recovery = (tcb.recovery ??= start(tcb.snd.una))
  if (recovery.phase === 'open' || recovery.phase === 'reduced') enter(tcb, recovery)
}

function enter(tcb: Tcb, recovery: Recovery): void {
  const { snd } = tcb
  if (recovery.phase === 'open') reduce(tcb, recovery)
  recovery.phase = 'recovery'
  recovery.point = snd.nxt
  recovery.partials = 0
  recovery.delivered = 0
  recovery.sent = 0
  recovery.flightBefore = distance(snd.una, snd.nxt)
  tcb.cwnd = Math.max(tcb.ssthresh, pipe(tcb) + snd.mss)
  if (!tcb.isSackPermitted) tcb.cwnd = tcb.ssthresh
}

/** Reduces the window, and remembers what it was. */
function reduce(tcb: Tcb, recovery: Recovery): void {
  const { snd } = tcb
  recovery.cwndBefore = tcb.cwnd
  recovery.ssthreshBefore = tcb.ssthresh
  recovery.resent = -1
  congestion.reduce(tcb, snd.mss)
}

/** The retransmission timer expired, for the first time for this text if `isFirst`: RFC 5681 §3.1. */
export function timedOut(tcb: Tcb, isFirst: boolean): void {
  const { snd, flight } = tcb
  const recovery = (tcb.recovery ??= start(snd.una))
  if (recovery.phase === 'open') reduce(tcb, recovery)
  else if (isFirst && recovery.phase === 'loss') congestion.reduce(tcb, snd.mss)
  recovery.phase = 'loss'
  recovery.point = snd.max
  recovery.dupAcks = 0
  recovery.dupBytes = 0
  recovery.partials = 0
  tcb.cwnd = snd.mss
  scoreboard.loseAll(flight)
}

/** The peer saw congestion: RFC 3168 §6.1.2. Once in a round trip. Says whether the window was reduced. */
export function marked(tcb: Tcb): boolean {
  const recovery = (tcb.recovery ??= start(tcb.snd.una))
  if (recovery.phase !== 'open') return false
  reduce(tcb, recovery)
  recovery.phase = 'reduced'
  recovery.point = tcb.snd.nxt
  tcb.cwnd = tcb.ssthresh
  return true
}

/**
 * `count` bytes more were acknowledged, up to `una`, and `delivered` more are known to have arrived, where something
 * was or is believed to be lost; `isWorse` says whether more is than before.
 */
export function acknowledged(
  tcb: Tcb,
  recovery: Recovery,
  count: number,
  delivered: number,
  isWorse: boolean,
  now: Millis,
): void {
  const { snd } = tcb
  if (count > 0) {
    recovery.dupAcks = 0
    if (recovery.phase === 'open') forgetLater(tcb, recovery)
    else if (atMost(recovery.point, snd.una)) return leave(tcb, recovery)
    recovery.dupBytes = Math.max(recovery.dupBytes - Math.max(count - snd.mss, 0), 0)
  }
  if (recovery.phase === 'recovery') {
    if (tcb.isSackPermitted) proportion(tcb, recovery, count, delivered, isWorse)
    else if (count > 0) partial(tcb, recovery)
  } else if (count > 0 && recovery.phase !== 'reduced') {
    congestion.acknowledged(tcb, snd.mss, count, tcb.cwnd, tcb.srtt, micros(now))
  }
}

/** RFC 6582 §3.2: the acknowledgement was partial, so what is at `una` is lost too. */
function partial(tcb: Tcb, recovery: Recovery): void {
  recovery.partials += 1
  scoreboard.loseFirst(tcb.flight, tcb.snd.mss)
}

/** Proportional rate reduction: RFC 9937 §6. */
function proportion(tcb: Tcb, recovery: Recovery, count: number, delivered: number, isWorse: boolean): void {
  if (delivered === 0) return
  const { snd } = tcb
  const { ssthresh } = tcb
  recovery.delivered += delivered
  const held = pipe(tcb)
  let more: number
  if (held > ssthresh) {
    more = Math.ceil((recovery.delivered * ssthresh) / recovery.flightBefore) - recovery.sent
  } else {
    more = Math.max(recovery.delivered - recovery.sent, delivered)
    if (count > 0 && !isWorse) more += snd.mss
    more = Math.min(more, ssthresh - held)
  }
  if (recovery.sent === 0) more = Math.max(more, snd.mss)
  tcb.cwnd = held + Math.max(more, 0)
}

/** All that was in flight when it began is acknowledged. */
function leave(tcb: Tcb, recovery: Recovery): void {
  const { phase } = recovery
  recovery.dupBytes = 0
  if (phase === 'recovery') {
    const { ssthresh } = tcb
    const { mss } = tcb.snd
    tcb.cwnd = tcb.isSackPermitted ? ssthresh : Math.min(ssthresh, Math.max(pipe(tcb), mss) + mss)
  }
  if (tcb.rack !== undefined) recovered(tcb.rack)
  recovery.phase = 'open'
  // For a round trip more the peer may report duplicates, which undo it.
  if (tcb.isSackPermitted) recovery.point = tcb.snd.nxt
}

function forgetLater(tcb: Tcb, recovery: Recovery): void {
  const isOver = tcb.isSackPermitted
    ? atMost(recovery.point, tcb.snd.una)
    : lessThan(recovery.point, tcb.snd.una)
  if (isOver) tcb.recovery = undefined
}

/**
 * Whether there was no loss: all that was believed to be lost arrived before any of it was sent again; or `segment`
 * acknowledges `count` bytes that were, but answers what was sent before that (the Eifel detection, RFC 3522).
 */
export function wasNeedless(tcb: Tcb, recovery: Recovery, segment: Segment, count: number): boolean {
  if (recovery.phase === 'recovery' && recovery.resent < 0 && tcb.flight.lost === 0) return true
  if (count === 0 || recovery.resent <= 0 || recovery.phase === 'open' || !tcb.hasTimestamps) return false
  return segment.hasTimestamps && segment.tsEcr !== 0 && lessThan(segment.tsEcr, recovery.stampedAt)
}

/** The peer had `count` bytes already that were sent again. Says whether it had all of them: RFC 3708 §3. */
export function reported(recovery: Recovery, count: number): boolean {
  if (recovery.resent <= 0) return false
  recovery.resent = Math.max(recovery.resent - count, 0)
  return recovery.resent === 0
}

/** There was no loss: RFC 4015 §3.2. */
export function undo(tcb: Tcb, recovery: Recovery): void {
  tcb.cwnd = Math.max(tcb.cwnd, recovery.cwndBefore)
  tcb.ssthresh = Math.max(tcb.ssthresh, recovery.ssthreshBefore)
  scoreboard.findAll(tcb.flight)
  if (tcb.rack !== undefined) tcb.rack.isReordered = true
  recovery.phase = 'open'
  recovery.point = tcb.snd.una
  recovery.dupBytes = 0
  recovery.resent = -1
}
