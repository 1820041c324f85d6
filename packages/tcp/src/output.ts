/**
 * What is due to be sent now, one segment at a time: RFC 9293 §3.8, with the windows of the peer and of
 * congestion control, Nagle's algorithm and silly-window avoidance (§3.7.4, §3.8.6.2).
 */
import type { Millis } from '@mirage/clock'
import * as reno from './congestion/reno.ts'
import { ACK, FIN, PSH, SYN, type Segment } from './segment.ts'
import { type Sequence, add, atMost, distance, later, lessThan } from './sequence.ts'
import { type Tcb, flightSize, scaleOf } from './tcb.ts'
import * as timers from './timers.ts'

/**
 * Fills `out` with the next segment that is due, if there is one, and takes it as sent. The caller calls again
 * until there is none. Of the text, `textOffset` says where in the send queue it begins.
 */
export function nextSegment(tcb: Tcb, out: Segment, now: Millis): boolean {
  if (tcb.state === 'gone') return false
  if (tcb.state === 'syn-sent' || tcb.state === 'syn-received') return syn(tcb, out, now)
  return lost(tcb, out) || text(tcb, out, now) || aliveProbe(tcb, out) || acknowledgement(tcb, out)
}

/** Our SYN, and every time with its options: a peer that misses them here cannot learn them later. */
function syn(tcb: Tcb, out: Segment, now: Millis): boolean {
  const { snd, rcv, limits } = tcb
  if (snd.nxt !== snd.iss) return tcb.state === 'syn-received' && acknowledgement(tcb, out)
  const isAnswer = tcb.state === 'syn-received'
  begin(tcb, out, snd.iss, isAnswer ? SYN | ACK : SYN)
  if (!isAnswer) out.ack = 0
  out.mss = limits.mss
  out.scale = isAnswer ? rcv.scale : scaleOf(limits.receiveSize)
  // The window of a SYN is never scaled: RFC 7323 §2.2.
  out.window = Math.min(limits.receiveSize, 0xffff)
  rcv.edge = add(rcv.nxt, out.window)
  snd.nxt = add(snd.iss, 1)
  took(tcb, snd.nxt, now)
  return true
}

/** The segment at `una`, which is known to be lost, whatever comes after it. */
function lost(tcb: Tcb, out: Segment): boolean {
  const { snd } = tcb
  if (!snd.isLost) return false
  snd.isLost = false
  const flight = flightSize(tcb)
  if (flight === 0) return false
  const length = Math.min(snd.mss, snd.queue.length, flight)
  const isLast = snd.isFinished && length === snd.queue.length && flight > length
  begin(tcb, out, snd.una, ACK | (isLast ? FIN : 0))
  out.textOffset = 0
  out.textLength = length
  snd.nxt = later(snd.nxt, add(snd.una, length + (isLast ? 1 : 0)))
  // What is sent twice is not measured (Karn).
  tcb.timedAt = -1
  return true
}

function text(tcb: Tcb, out: Segment, now: Millis): boolean {
  const { snd } = tcb
  const sent = distance(snd.una, snd.nxt)
  const left = snd.queue.length - sent
  const isFinLeft = snd.isFinished && atMost(snd.nxt, snd.end)
  if (left <= 0 && !isFinLeft) return false
  if (sent === 0 && now - tcb.sentAt > tcb.trip.rto) reno.idled(tcb.congestion, snd.mss)

  const usable = Math.min(snd.wnd, reno.allowance(tcb.congestion, snd.mss)) - sent
  const room = snd.isProbing ? Math.max(usable, 1) : usable
  const length = lengthOf(tcb, left, room, isFinLeft)
  if (length < 0) {
    if (sent === 0) timers.startPersist(tcb, now)
    return false
  }
  const isFin = isFinLeft && length === left && room > length
  if (length < snd.mss) snd.shortTo = add(snd.nxt, length)
  snd.isProbing = false
  begin(tcb, out, snd.nxt, ACK | (length === left ? PSH : 0) | (isFin ? FIN : 0))
  out.textOffset = sent
  out.textLength = length
  const end = add(snd.nxt, length + (isFin ? 1 : 0))
  // A probe of a closed window is not taken for sent: it goes again, with more, when the window opens.
  if (usable > 0) snd.nxt = end
  took(tcb, end, now)
  return true
}

/**
 * How much of the text goes next, -1 for nothing: as many whole segments as there may be in one, with what is left
 * behind them, if that may leave at all.
 */
function lengthOf(tcb: Tcb, left: number, room: number, isFinLeft: boolean): number {
  const { snd, limits } = tcb
  const { mss } = snd
  const length = Math.min(left, room, Math.max(limits.segmentMax ?? 0, mss))
  const tail = length % mss
  if (tail === 0 && length > 0) return length
  if (snd.isProbing || (isFinLeft && length === left && room > length)) return length
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
function aliveProbe(tcb: Tcb, out: Segment): boolean {
  if (!tcb.snd.isAskingAlive) return false
  tcb.snd.isAskingAlive = false
  begin(tcb, out, add(tcb.snd.una, -1), ACK)
  return true
}

function acknowledgement(tcb: Tcb, out: Segment): boolean {
  if (tcb.ackDue !== 'now') return false
  const { snd } = tcb
  // After a timeout `nxt` is in the peer's past, and after a window shrank `max` is beyond its end: the peer
  // would drop either.
  const windowEnd = add(snd.una, snd.wnd)
  begin(tcb, out, lessThan(windowEnd, snd.max) ? windowEnd : snd.max, ACK)
  return true
}

/** Everything of a segment but its text. Each carries the acknowledgement that may be owed. */
function begin(tcb: Tcb, out: Segment, seq: Sequence, flags: number): void {
  const { ends, rcv } = tcb
  out.srcPort = ends.localPort
  out.dstPort = ends.remotePort
  out.seq = seq
  out.ack = rcv.nxt
  out.flags = flags
  out.mss = 0
  out.scale = -1
  out.textOffset = 0
  out.textLength = 0
  out.segmentSize = tcb.snd.mss
  out.window = window(tcb)
  rcv.acked = rcv.nxt
  timers.acked(tcb)
}

/** Moves the edge of our window, in steps that are worth it (RFC 9293 §3.8.6.2.2), and says it as a field. */
function window(tcb: Tcb): number {
  const { rcv } = tcb
  const gain = windowGain(tcb)
  if (gain >= stepOf(tcb)) rcv.edge = add(rcv.edge, gain)
  return distance(rcv.nxt, rcv.edge) >>> Math.max(rcv.scale, 0)
}

/** The window, if all of it were free. Without scaling, the field can say no more than 65535. */
function receiveSize({ limits, rcv }: Tcb): number {
  return rcv.scale >= 0 ? limits.receiveSize : Math.min(limits.receiveSize, 0xffff)
}

/** How much further the edge could be than the peer was told. */
function windowGain(tcb: Tcb): number {
  const { rcv } = tcb
  return distance(rcv.edge, add(rcv.nxt, receiveSize(tcb) - rcv.ready.length))
}

/** The least step of the edge. */
function stepOf(tcb: Tcb): number {
  return Math.min(receiveSize(tcb) >>> 1, tcb.limits.mss)
}

/** Whether the application has read enough for the peer to be told by a segment of its own. */
export function isUpdateDue(tcb: Tcb): boolean {
  const gain = windowGain(tcb)
  if (gain < stepOf(tcb)) return false
  const isNearlyClosed = distance(tcb.rcv.nxt, tcb.rcv.edge) < 2 * tcb.limits.mss
  return isNearlyClosed || gain >= receiveSize(tcb) >>> 2
}

/** What ends at `end` was sent, and wants an answer. */
function took(tcb: Tcb, end: Sequence, now: Millis): void {
  const { snd } = tcb
  if (lessThan(snd.max, end)) {
    if (tcb.timedAt < 0) {
      tcb.timedAt = now
      tcb.timedTo = end
    }
    snd.max = end
  }
  tcb.sentAt = now
  timers.sent(tcb, now)
}
