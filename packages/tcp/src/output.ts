/**
 * What is due to be sent now, one segment at a time: RFC 9293 §3.8, with the windows of the peer and of
 * congestion control, Nagle's algorithm and silly-window avoidance (§3.7.4, §3.8.6.2).
 */
import type { Millis } from '@mirage/clock'
import * as blackHole from './black-hole.ts'
import { idled } from './congestion/congestion.ts'
import { SACKS_MAX, clear } from './options.ts'
import * as ecn from './ecn.ts'
import * as receiveWindow from './receive-window.ts'
import * as recovery from './recovery.ts'
import { micros } from './round-trip.ts'
import * as sack from './sack.ts'
import * as scoreboard from './scoreboard.ts'
import { ACK, FIN, PSH, SYN, type Segment } from './segment.ts'
import { type Sequence, add, atMost, distance, later, lessThan } from './sequence.ts'
import { type Tcb, scaleOf } from './tcb.ts'
import * as timers from './timers.ts'
import * as timestamps from './timestamps.ts'

/**
 * Fills `out` with the next segment that is due, if there is one, and takes it as sent. The caller calls again
 * until there is none. Of the text, `textOffset` says where in the send queue it begins.
 */
export function nextSegment(tcb: Tcb, out: Segment, now: Millis): boolean {
  if (tcb.state === 'gone') return false
  if (tcb.state === 'syn-sent' || tcb.state === 'syn-received') return syn(tcb, out, now)
  // Blocks go alone, and first: text, cut into segments, has no room for them.
  const { holes } = tcb.rcv
  if (holes !== undefined && sack.isTelling(tcb.rcv, holes) && acknowledgement(tcb, out, now)) return true
  return (
    lost(tcb, out, now) || text(tcb, out, now) || aliveProbe(tcb, out, now) || acknowledgement(tcb, out, now)
  )
}

/** Our SYN, and every time with its options: a peer that misses them here cannot learn them later. */
function syn(tcb: Tcb, out: Segment, now: Millis): boolean {
  const { snd, rcv, limits } = tcb
  if (snd.nxt !== snd.iss) return tcb.state === 'syn-received' && acknowledgement(tcb, out, now)
  const isAnswer = tcb.state === 'syn-received'
  begin(tcb, out, snd.iss, (isAnswer ? SYN | ACK : SYN) | ecn.synFlags(tcb, isAnswer), now)
  if (!isAnswer) out.ack = 0
  out.mss = limits.mss
  out.scale = isAnswer ? rcv.scale : scaleOf(limits.receiveSize)
  out.isSackPermitted = !isAnswer || tcb.isSackPermitted
  out.hasTimestamps = !isAnswer || tcb.hasTimestamps
  out.tsVal = timestamps.stamp(tcb, now)
  // The window of a SYN is never scaled: RFC 7323 §2.2.
  out.window = Math.min(limits.receiveSize, 0xffff)
  rcv.edge = add(rcv.nxt, out.window)
  took(tcb, snd.iss, add(snd.iss, 1), now)
  return true
}

/** The first of what is known to be lost, whatever comes after it. */
function lost(tcb: Tcb, out: Segment, now: Millis): boolean {
  const { snd, flight, limits } = tcb
  if (flight.lost === 0) return false
  const i = scoreboard.firstLost(flight)
  const run = flight.runs[i]!
  const all = distance(run.start, run.end)
  const room = distance(run.start, add(snd.una, snd.wnd))
  const allowed = Math.max(recovery.allowance(tcb), recovery.mustResend(tcb) ? snd.mss : 0)
  let length = Math.min(all, allowed, Math.max(limits.segmentMax ?? 0, snd.mss))
  if (length < all && length < snd.mss) return false
  if (length > snd.mss && length < all) length -= length % snd.mss
  length = Math.min(length, room)
  if (length <= 0) return false
  again(tcb, out, i, length, now)
  return true
}

/** Sends the first `length` bytes of run `i` again. */
function again(tcb: Tcb, out: Segment, i: number, length: number, now: Millis): void {
  const { snd, flight } = tcb
  const { start } = flight.runs[i]!
  const textOffset = distance(snd.una, start)
  const textLength = Math.min(length, snd.queue.length - textOffset)
  begin(tcb, out, start, ACK | PSH | (length > textLength ? FIN : 0), now)
  out.textOffset = textOffset
  out.textLength = textLength
  scoreboard.sentAgain(flight, i, length, micros(now))
  recovery.sentAgain(tcb, length, now)
  tcb.sentAt = Math.floor(now)
  timers.sent(tcb, now)
}

/** The end of what was sent, to see whether it is lost: RFC 8985 §7.3. */
function tail(tcb: Tcb, out: Segment, now: Millis): boolean {
  const { snd, flight } = tcb
  snd.probe = 'none'
  let i = flight.runs.length - 1
  if (i < 0 || tcb.recovery !== undefined) return false
  const from = add(snd.nxt, -snd.mss)
  if (lessThan(flight.runs[i]!.start, from) && scoreboard.split(flight, i, from)) i += 1
  recovery.tailSent(tcb, snd.nxt, true)
  // A run that could not be cut has more than a segment.
  again(tcb, out, i, Math.min(distance(flight.runs[i]!.start, flight.runs[i]!.end), snd.mss), now)
  return true
}

function text(tcb: Tcb, out: Segment, now: Millis): boolean {
  const { snd } = tcb
  const sent = distance(snd.una, snd.nxt)
  const left = snd.queue.length - sent
  const isFinLeft = snd.isFinished && atMost(snd.nxt, snd.end)
  if (left <= 0 && !isFinLeft) return snd.probe === 'tail' && tail(tcb, out, now)
  if (sent === 0 && now - tcb.sentAt > tcb.rto) idled(tcb, snd.mss)

  const allowed = Math.max(recovery.allowance(tcb), snd.probe === 'tail' ? snd.mss : 0)
  const usable = Math.min(snd.wnd - sent, allowed)
  const room = snd.probe === 'window' ? Math.max(usable, 1) : usable
  if (tcb.narrowed !== undefined) blackHole.sending(tcb, tcb.narrowed, now)
  const length = lengthOf(tcb, left, room, isFinLeft)
  if (length < 0) {
    if (sent === 0) timers.startPersist(tcb, now)
    return snd.probe === 'tail' && tail(tcb, out, now)
  }
  const isFin = isFinLeft && length === left && room > length
  if (length < snd.mss) snd.shortTo = add(snd.nxt, length)
  begin(tcb, out, snd.nxt, ACK | (length === left ? PSH : 0) | (isFin ? FIN : 0), now)
  if (!lessThan(snd.nxt, snd.max)) ecn.fresh(tcb, out)
  out.textOffset = sent
  out.textLength = length
  const end = add(snd.nxt, length + (isFin ? 1 : 0))
  if (snd.probe === 'tail') recovery.tailSent(tcb, end, false)
  snd.probe = 'none'
  // A probe of a closed window is not taken for sent: it goes again, with more, when the window opens.
  took(tcb, snd.nxt, usable > 0 ? end : snd.nxt, now, end)
  return true
}

/**
 * How much of the text goes next, -1 for nothing: as many whole segments as there may be in one, with what is left
 * behind them, if that may leave at all.
 */
function lengthOf(tcb: Tcb, left: number, room: number, isFinLeft: boolean): number {
  const { snd, limits } = tcb
  const { mss } = snd
  const length = Math.min(left, room, ecn.isReductionDue(tcb) ? mss : Math.max(limits.segmentMax ?? 0, mss))
  const tail = length % mss
  if (tail === 0 && length > 0) return length
  if (snd.probe === 'window' || (isFinLeft && length === left && room > length)) return length
  if (length <= 0) return -1
  if (length === left ? mayEnd(tcb) : length < mss && mayCrumble(tcb, length)) return length
  return length > mss ? length - tail : -1
}

/**
 * Nagle's algorithm (RFC 9293 §3.7.4): whether the end of the text, shorter than a segment, may leave. It waits where
 * another short one is in flight; whole ones do not hold it back, or the end of every long write would wait for a
 * delayed acknowledgement (Minshall).
 */
function mayEnd({ snd }: Tcb): boolean {
  return atMost(snd.shortTo, snd.una) || lessThan(snd.nxt, snd.max) || lessThan(snd.nxt, snd.urgentTo)
}

/** Silly-window avoidance: whether a part of a segment is worth its header. RFC 9293 §3.8.6.2.1. */
function mayCrumble({ snd }: Tcb, length: number): boolean {
  return lessThan(snd.nxt, snd.max) || 2 * length >= snd.wndMax
}

/** Text that the peer has already, of no length: it must answer. RFC 9293 §3.8.4. */
function aliveProbe(tcb: Tcb, out: Segment, now: Millis): boolean {
  if (tcb.snd.probe !== 'alive') return false
  tcb.snd.probe = 'none'
  begin(tcb, out, add(tcb.snd.una, -1), ACK, now)
  return true
}

function acknowledgement(tcb: Tcb, out: Segment, now: Millis): boolean {
  if (tcb.ackDue !== 'now') return false
  const { snd } = tcb
  // After a timeout `nxt` is in the peer's past, and after a window shrank `max` is beyond its end: the peer
  // would drop either.
  const windowEnd = add(snd.una, snd.wnd)
  begin(tcb, out, lessThan(windowEnd, snd.max) ? windowEnd : snd.max, ACK, now)
  if (tcb.isSackPermitted) sack.tell(tcb.rcv, out, tcb.hasTimestamps ? SACKS_MAX - 1 : SACKS_MAX)
  return true
}

/** Everything of a segment but its text. Each carries the acknowledgement that may be owed. */
function begin(tcb: Tcb, out: Segment, seq: Sequence, flags: number, now: Millis): void {
  const { rcv } = tcb
  out.srcPort = tcb.localPort
  out.dstPort = tcb.remotePort
  out.seq = seq
  out.ack = rcv.nxt
  out.flags = flags | (tcb.ecn === 0 ? 0 : ecn.flags(tcb))
  out.ecn = 0
  clear(out)
  if (tcb.hasTimestamps) {
    out.hasTimestamps = true
    out.tsVal = timestamps.stamp(tcb, now)
    out.tsEcr = tcb.tsRecent
  } else out.tsEcr = 0
  out.textOffset = 0
  out.textLength = 0
  out.segmentSize = tcb.snd.mss
  out.window = receiveWindow.field(tcb)
  rcv.acked = rcv.nxt
  timers.acked(tcb)
}

/**
 * What is between `from` and `to` was sent, and wants an answer; with what was only tried, it ends at `end`. It is
 * measured if it was never sent before (Karn).
 */
function took(tcb: Tcb, from: Sequence, to: Sequence, now: Millis, end: Sequence = to): void {
  const { snd } = tcb
  if (from !== to) {
    if (tcb.flight === scoreboard.NOTHING) tcb.flight = scoreboard.begin()
    scoreboard.sent(tcb.flight, from, to, micros(now), lessThan(from, snd.max))
    recovery.sent(tcb, distance(from, to))
    snd.nxt = to
  }
  snd.max = later(snd.max, end)
  tcb.sentAt = Math.floor(now)
  if (from === to) timers.probed(tcb, now)
  else timers.sent(tcb, now)
}
