/** What an acknowledgement says, step 5 of SEGMENT ARRIVES: what has arrived, how long that took, and what is lost. */
import type { Millis } from '@mirage/clock'
import * as congestion from './congestion/congestion.ts'
import * as slowStart from './congestion/slow-start.ts'
import * as rack from './rack.ts'
import * as recovery from './recovery.ts'
import { RTO_AFTER_SYN_LOSS, RTO_INITIAL, measured, micros } from './round-trip.ts'
import * as scoreboard from './scoreboard.ts'
import { FIN, type Segment } from './segment.ts'
import type { Chunks } from './send-queue.ts'
import { type Sequence, atMost, distance, later, lessThan } from './sequence.ts'
import type { Tcb } from './tcb.ts'
import * as timers from './timers.ts'
import * as timestamps from './timestamps.ts'

/** What the acknowledgement at hand delivers: one record for all. */
const delivered = new scoreboard.Delivered()

/** Whether nothing is, or was a moment ago, believed to be lost: then `progress` is all that there is to do. */
export function isCalm({ recovery, flight }: Tcb): boolean {
  return recovery === undefined && flight.sacked === 0
}

/** The peer has more, in order, of a flight that is calm. */
export function progress(tcb: Tcb, segment: Segment, chunks: Chunks, now: Millis): void {
  const { snd } = tcb
  const flight = distance(snd.una, snd.max)
  const count = advance(tcb, segment.ack, chunks, now)
  measure(tcb, segment, count, now)
  congestion.acknowledged(tcb, snd.mss, count, flight, tcb.srtt, micros(now))
  timers.progressed(tcb, now)
}

/** Any acknowledgement that is not older than what is known. */
export function acknowledge(tcb: Tcb, segment: Segment, chunks: Chunks, now: Millis): void {
  const { snd } = tcb
  if (lessThan(segment.ack, snd.una)) return
  if (isCalm(tcb) && segment.sackCount === 0 && segment.ack !== snd.una) {
    return progress(tcb, segment, chunks, now)
  }
  const isDuplicated = isDuplicate(tcb, segment)
  const flight = distance(snd.una, snd.max)
  const count = advance(tcb, segment.ack, chunks, now)
  if (tcb.isSackPermitted) blocks(tcb, segment, now)
  else if (isDuplicated) recovery.duplicated(tcb)
  measure(tcb, segment, count, now)
  if (tcb.recovery !== undefined && recovery.wasNeedless(tcb, tcb.recovery, segment, count)) {
    if (tcb.rack !== undefined) rack.duplicated(tcb.rack, tcb)
    recovery.undo(tcb, tcb.recovery)
  }
  const before = tcb.flight.lost
  const wait = tcb.rack === undefined ? -1 : rack.detect(tcb, tcb.rack, isRecovering(tcb), now)
  const isWorse = tcb.flight.lost > before
  recovery.detected(tcb, isWorse)
  if (tcb.recovery !== undefined) {
    tailAnswered(tcb, tcb.recovery, segment)
    recovery.acknowledged(tcb, tcb.recovery, count, delivered.count, isWorse, now)
  } else if (count > 0) congestion.acknowledged(tcb, snd.mss, count, flight, tcb.srtt, micros(now))
  restart(tcb, count, wait, now)
}

function isRecovering(tcb: Tcb): boolean {
  return recovery.isIn(tcb, 'recovery') || recovery.isIn(tcb, 'loss')
}

/** What is before `ack` need not be kept. Returns how much that was. */
function advance(tcb: Tcb, ack: Sequence, chunks: Chunks, now: Millis): number {
  const { snd } = tcb
  const count = distance(snd.una, ack)
  delivered.begin((micros(now) - tcb.rttMin) | 0)
  if (count === 0) return 0
  // One sequence number more than the queue is long is our FIN.
  snd.queue.drop(Math.min(count, snd.queue.length))
  if (snd.queue.length === 0) snd.queue = chunks.takeBack(snd.queue)
  snd.una = ack
  snd.nxt = later(snd.nxt, ack)
  snd.urgentTo = later(snd.urgentTo, ack)
  snd.shortTo = later(snd.shortTo, ack)
  scoreboard.acknowledge(tcb.flight, ack, delivered)
  if (ack === snd.nxt) letGo(tcb)
  return count
}

/** Nothing is in flight: what only a flight needs goes. */
function letGo(tcb: Tcb): void {
  tcb.flight = scoreboard.land(tcb.flight)
  tcb.slowStart = undefined
}

/** A duplicate acknowledgement as RFC 5681 §2 defines it. */
function isDuplicate({ snd }: Tcb, segment: Segment): boolean {
  return (
    segment.ack === snd.una &&
    snd.una !== snd.max &&
    segment.textLength === 0 &&
    (segment.flags & FIN) === 0 &&
    segment.window << snd.scale === snd.wnd &&
    snd.wnd !== 0
  )
}

/** The blocks of RFC 2018, of which the first may be of what the peer had twice (RFC 2883). */
function blocks(tcb: Tcb, { sacks, sackCount, ack }: Segment, now: Millis): void {
  if (sackCount === 0 && tcb.rack === undefined) return
  const state = (tcb.rack ??= rack.start(tcb.snd.una))
  const first = rack.isDuplicateBlock(sacks, sackCount, ack) ? 1 : 0
  if (first === 1) reported(tcb, state, distance(sacks[0]!, sacks[1]!))
  let highest = ack
  for (let i = first; i < sackCount; i++) {
    const [left, right] = [sacks[2 * i]!, sacks[2 * i + 1]!]
    if (!rack.isPlausibleBlock(tcb, left, right)) continue
    highest = later(highest, right)
    scoreboard.sack(tcb.flight, left, right, delivered)
  }
  rack.arrived(state, delivered, highest, now)
}

/** The peer had `length` bytes twice. */
function reported(tcb: Tcb, state: rack.Rack, length: number): void {
  const past = tcb.recovery
  if (past === undefined || length <= 0) return
  if (past.isTailOut) {
    // The probe of the tail was for nothing, which says nothing about the path.
    past.isTailOut = false
    return
  }
  rack.duplicated(state, tcb)
  if (recovery.reported(past, length)) recovery.undo(tcb, past)
}

/** RFC 8985 §7.4: what went beyond a tail that was sent again was acknowledged, so that was a loss. */
function tailAnswered(tcb: Tcb, past: recovery.Recovery, segment: Segment): void {
  if (!past.isTailOut || !lessThan(past.tailEnd, segment.ack)) return
  past.isTailOut = false
  if (recovery.isIn(tcb, 'open')) recovery.marked(tcb)
}

/** How long the answer took: RFC 6298, once in a round trip, and after a timeout at once. */
function measure(tcb: Tcb, segment: Segment, count: number, now: Millis): void {
  const { snd } = tcb
  let rtt = -1
  if (delivered.hasClean) {
    rtt = distance(delivered.cleanAt, micros(now))
    if (rtt < tcb.rttMin) tcb.rttMin = Math.max(rtt, 0)
  } else if (count > 0) rtt = 1000 * timestamps.elapsed(tcb, segment, now)
  // Request and answer know no rounds: who sends no more than at first needs no slow start.
  if (count > 0 && (tcb.slowStart !== undefined || (tcb.cwnd > 20 * snd.mss && tcb.cwnd < tcb.ssthresh)))
    slowStart.acknowledged(tcb, snd.una, snd.nxt, rtt)
  if (rtt < 0 || count === 0 || (lessThan(snd.una, tcb.roundEnd) && tcb.attempts === 0)) return
  measured(tcb, rtt)
  tcb.roundEnd = snd.nxt
}

/**
 * The timer, after progress. Without blocks, of the partial acknowledgements of a recovery only the first restarts it:
 * after many losses it, rather than one round trip for each, ends the recovery (RFC 6582 §4, "impatient").
 */
function restart(tcb: Tcb, count: number, wait: number, now: Millis): void {
  if (count > 0) {
    const partials = tcb.recovery === undefined ? 0 : tcb.recovery.partials
    if (partials <= 1 || tcb.snd.una === tcb.snd.max) timers.progressed(tcb, now)
    else tcb.attempts = 0
  }
  if (wait >= 0) timers.awaitReordered(tcb, wait, now)
}

/** Our SYN has been acknowledged: what was measured and was retransmitted until now was the SYN. */
export function synAcknowledged(tcb: Tcb, segment: Segment, chunks: Chunks, now: Millis): void {
  const { snd } = tcb
  const wasLost = tcb.attempts > 0
  tcb.recovery = undefined
  tcb.attempts = 0
  const count = advance(tcb, (snd.iss + 1) | 0, chunks, now)
  if (wasLost) {
    // RFC 5681 §3.1: a lost SYN says that the path is crowded; RFC 6298 §5.7.
    tcb.cwnd = snd.mss
    tcb.rto = RTO_AFTER_SYN_LOSS
  }
  // A SYN may have waited here for its neighbour's address: an answer to one that is as old says little of the path.
  if (!wasLost || timestamps.elapsed(tcb, segment, now) < RTO_INITIAL) measure(tcb, segment, count, now)
  timers.progressed(tcb, now)
}

/** Whether `ack` is of what is in the window: later than what is known, and no later than what was sent. */
export function isNews({ snd }: Tcb, ack: Sequence): boolean {
  return lessThan(snd.una, ack) && atMost(ack, snd.max)
}
