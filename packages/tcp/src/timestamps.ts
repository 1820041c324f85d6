/**
 * Timestamps, RFC 7323: each segment says when it was sent, and when what it answers was sent. They measure round trips
 * also of what was sent twice, and tell old duplicates from text of the present (PAWS, §5).
 */
import type { Millis } from '@mirage/clock'
import type { Segment } from './segment.ts'
import { atMost, distance, lessThan } from './sequence.ts'
import type { Tcb } from './tcb.ts'

/** A peer that was silent for so long may have a clock that has gone around: RFC 7323 §5.5. */
const OUTDATED: Millis = 24 * 86_400_000

/**
 * TSval of a segment that is sent now: milliseconds, after what nobody outside can guess, so that it tells nobody how
 * long we run (RFC 7323 §5.4), and grows from one connection between two ends to the next.
 */
export function stamp({ snd }: Tcb, now: Millis): number {
  return (Math.floor(now) + snd.iss) | 0
}

/** Both ends have agreed on timestamps by `segment`, the peer's SYN. */
export function agreed(tcb: Tcb, segment: Segment, now: Millis): void {
  tcb.hasTimestamps = true
  tcb.tsRecent = segment.tsVal
  tcb.tsRecentAt = Math.floor(now)
}

/** Whether `segment` is older than what arrived before it: an acceptable sequence number of another turn (PAWS). */
export function isOld({ tsRecent, tsRecentAt }: Tcb, segment: Segment, now: Millis): boolean {
  return segment.hasTimestamps && lessThan(segment.tsVal, tsRecent) && now - tsRecentAt < OUTDATED
}

/** Takes the peer's clock from a segment that our next acknowledgement answers: RFC 7323 §4.3. */
export function take(tcb: Tcb, segment: Segment, now: Millis): void {
  if (!segment.hasTimestamps || lessThan(segment.tsVal, tcb.tsRecent)) return
  if (!atMost(segment.seq, tcb.rcv.acked)) return
  tcb.tsRecent = segment.tsVal
  tcb.tsRecentAt = Math.floor(now)
}

/** How long ago what `segment` answers was sent; -1 if it does not say, or says what cannot be. */
export function elapsed(tcb: Tcb, segment: Segment, now: Millis): Millis {
  if (!tcb.hasTimestamps || !segment.hasTimestamps || segment.tsEcr === 0) return -1
  return Math.max(distance(segment.tsEcr, stamp(tcb, now)), -1)
}
