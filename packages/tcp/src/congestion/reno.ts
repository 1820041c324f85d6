/**
 * Congestion control: RFC 5681 with the recovery of RFC 6582 (NewReno), limited transmit (RFC 3042) and the
 * initial window of RFC 6928. All amounts are bytes. Slow start counts bytes, not acknowledgements (RFC 3465), and
 * all of them: one that a peer sends for sixty segments stands for sixty.
 *
 * With selective acknowledgement, recovery would know of more than one hole at a time; CUBIC would stand beside
 * this file.
 */
import { type Sequence, add, lessThan } from '../sequence.ts'

/** Duplicate acknowledgements that mean a loss rather than a change of order: RFC 5681 §3.2. */
const DUP_ACKS = 3

export interface Reno {
  cwnd: number
  ssthresh: number
  dupAcks: number
  isRecovering: boolean
  /** Recovery ends when everything before this is acknowledged, and none begins before that: RFC 6582 §3.2. */
  recover: Sequence
  /** Partial acknowledgements in this recovery; 0 outside of one. */
  partials: number
  /** Acknowledged since `cwnd` last grew in congestion avoidance. */
  counted: number
  /** What was in flight when the first duplicate came: limited transmit does not count (RFC 5681 §3.2). */
  flightBefore: number
}

export function start(mss: number, iss: Sequence): Reno {
  return {
    cwnd: initialWindow(mss),
    ssthresh: 0x3fff_ffff,
    dupAcks: 0,
    isRecovering: false,
    recover: iss,
    partials: 0,
    counted: 0,
    flightBefore: 0,
  }
}

/** RFC 6928 §2. */
export function initialWindow(mss: number): number {
  return Math.min(10 * mss, Math.max(2 * mss, 14_600))
}

/** What may be in flight now: `cwnd`, and before recovery a segment for each of two duplicates (RFC 3042). */
export function allowance(reno: Reno, mss: number): number {
  return reno.isRecovering ? reno.cwnd : reno.cwnd + Math.min(reno.dupAcks, DUP_ACKS - 1) * mss
}

/**
 * `count` bytes more were acknowledged, up to `una`; `flight` are left. Says whether the text at `una` is to be
 * sent again at once: the acknowledgement was partial, so that is lost too.
 */
export function acknowledged(reno: Reno, mss: number, count: number, una: Sequence, flight: number): boolean {
  reno.dupAcks = 0
  if (reno.isRecovering) return recovers(reno, mss, count, una, flight)
  // What is long over follows, or it would lie ahead again after half of the sequence space.
  if (lessThan(reno.recover, una)) reno.recover = add(una, -1)
  // The window grows only where it, not the application or the peer, was what limited us.
  if (2 * (flight + count) >= reno.cwnd) grow(reno, mss, count)
  return false
}

function recovers(reno: Reno, mss: number, count: number, una: Sequence, flight: number): boolean {
  if (lessThan(una, reno.recover)) {
    reno.cwnd = Math.max(reno.cwnd - count, 0) + (count >= mss ? mss : 0)
    reno.cwnd = Math.max(reno.cwnd, mss)
    reno.partials += 1
    return true
  }
  reno.isRecovering = false
  reno.partials = 0
  reno.cwnd = Math.min(reno.ssthresh, Math.max(flight, mss) + mss)
  return false
}

function grow(reno: Reno, mss: number, count: number): void {
  if (reno.cwnd < reno.ssthresh) {
    reno.cwnd = Math.max(reno.cwnd + mss, Math.min(reno.cwnd + count, reno.ssthresh))
    return
  }
  reno.counted += count
  if (reno.counted < reno.cwnd) return
  reno.counted -= reno.cwnd
  reno.cwnd += mss
}

/**
 * A duplicate acknowledgement, with `flight` bytes up to `max` not acknowledged after `una`. Says whether the
 * text at `una` is to be sent again at once: fast retransmit.
 */
export function duplicated(reno: Reno, mss: number, una: Sequence, max: Sequence, flight: number): boolean {
  reno.dupAcks += 1
  if (reno.isRecovering) {
    reno.cwnd += mss
    return false
  }
  if (reno.dupAcks === 1) reno.flightBefore = flight
  if (reno.dupAcks !== DUP_ACKS || !lessThan(reno.recover, una)) return false
  reno.ssthresh = Math.max(Math.floor(reno.flightBefore / 2), 2 * mss)
  reno.cwnd = reno.ssthresh + DUP_ACKS * mss
  reno.isRecovering = true
  reno.recover = max
  return true
}

/** The retransmission timer expired, for the first time for this text if `isFirst`: RFC 5681 §3.1. */
export function timedOut(reno: Reno, mss: number, max: Sequence, flight: number, isFirst: boolean): void {
  if (isFirst) reno.ssthresh = Math.max(Math.floor(flight / 2), 2 * mss)
  reno.cwnd = mss
  reno.counted = 0
  reno.dupAcks = 0
  reno.isRecovering = false
  reno.partials = 0
  reno.recover = max
}

/** Nothing was sent for longer than a retransmission timeout: what was known of the path is old. RFC 5681 §4.1. */
export function idled(reno: Reno, mss: number): void {
  reno.cwnd = Math.min(reno.cwnd, initialWindow(mss))
}
