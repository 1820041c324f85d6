/**
 * SEGMENT ARRIVES for a connection past SYN-SENT: RFC 9293 §3.10.7.4, in the order of its list.
 *
 * It decides and updates; what is then due `output.ts` sends. Nothing here waits, and nothing that a peer sends
 * makes it throw.
 */
import type { Millis } from '@mirage/clock'
import { acknowledge, isCalm, progress, synAcknowledged } from './acknowledge.ts'
import { Assembler, NO_RUNS } from './assembler.ts'
import * as ecn from './ecn.ts'
import * as receiveWindow from './receive-window.ts'
import * as sack from './sack.ts'
import { ACK, FIN, PSH, RST, SYN, type Segment, span } from './segment.ts'
import { type Sequence, add, atMost, distance, lessThan } from './sequence.ts'
import { isSynchronized, mayReceive } from './state.ts'
import { type Tcb, end, flightSize, isFinAcked, move } from './tcb.ts'
import type { Chunks } from './send-queue.ts'
import { NO_TEXT, type Slabs, Text } from './text.ts'
import * as timers from './timers.ts'
import * as timestamps from './timestamps.ts'

/** Where the bytes of all connections are kept. */
export interface Stores {
  readonly slabs: Slabs
  readonly chunks: Chunks
}

/** What a segment is answered with, beyond what `output.ts` finds due: a reset for one that cannot be ours. */
export type Answer = 'nothing' | 'reset'

export function segmentArrives(tcb: Tcb, segment: Segment, stores: Stores, now: Millis): Answer {
  if (isExpected(tcb, segment)) {
    takeExpected(tcb, segment, stores, now)
    return 'nothing'
  }
  if (tcb.hasTimestamps && isDuplicateOfOld(tcb, segment, now)) {
    // What it acknowledges is as old, and may be of another turn, too.
    segment.flags &= ~ACK
    return refuse(tcb, segment, stores, now)
  }
  if (isCrossedSynAck(tcb, segment)) dropSyn(segment)
  if (isProbe(tcb, segment)) dropText(tcb, segment)
  if (!isAcceptable(tcb, segment)) return refuse(tcb, segment, stores, now) // 1: sequence number
  if ((segment.flags & RST) !== 0) return reset(tcb, segment, now) // 2: RST
  //                                                                  3: security, which we do not have
  if ((segment.flags & SYN) !== 0) return challenge(tcb, now) // 4: SYN, as RFC 5961 §4.2
  if ((segment.flags & ACK) === 0) return 'nothing' // 5: ACK
  if (tcb.state === 'syn-received' && !completesHandshake(tcb, segment, stores, now)) return 'reset'
  if (!isAckPlausible(tcb, segment)) return challenge(tcb, now)
  if (tcb.hasTimestamps) timestamps.take(tcb, segment, now)
  ecn.arrived(tcb, segment)
  takeAck(tcb, segment, stores, now) //                               6: URG, which we ignore: RFC 6093 §6
  if (segment.textLength > 0) deliver(tcb, segment, stores, now) //   7: the segment text
  noteFin(tcb, segment) //                                            8: FIN
  if (isFinNext(tcb)) finArrives(tcb, now)
  return mustReset(tcb) ? abandon(tcb) : 'nothing'
}

/**
 * Whether it is what nearly all segments are: the next text, or an acknowledgement of more, with nothing else to be
 * looked at. Of those no step but 5 and 7 does anything, and no branch of these but the ones below.
 */
function isExpected(tcb: Tcb, segment: Segment): boolean {
  const { snd, rcv } = tcb
  if (tcb.state !== 'established' || segment.seq !== rcv.nxt || (segment.flags & ~PSH) !== ACK) return false
  const count = distance(snd.una, segment.ack)
  if (count < 0 || count > distance(snd.una, snd.max) || segment.textLength > distance(rcv.nxt, rcv.edge))
    return false
  if (count === 0 && segment.textLength === 0) return false
  if (segment.window === 0 || snd.wnd === 0 || rcv.isShut || segment.sackCount > 0) return false
  if (tcb.hasTimestamps && (!segment.hasTimestamps || lessThan(segment.tsVal, tcb.tsRecent))) return false
  if (segment.ecn !== 0 && !ecn.isSilent(segment)) return false
  // What is kept of holes that are closed is about text: who only sends may hear acknowledgements for ever.
  if (rcv.holes !== undefined && segment.textLength > 0) return false
  return rcv.assembler.isEmpty && isCalm(tcb)
}

function takeExpected(tcb: Tcb, segment: Segment, stores: Stores, now: Millis): void {
  const { snd, rcv } = tcb
  const { textLength } = segment
  timers.heard(tcb, now)
  if (tcb.hasTimestamps) timestamps.take(tcb, segment, now)
  if (segment.ack !== snd.una) progress(tcb, segment, stores.chunks, now)
  snd.wnd = segment.window << snd.scale
  snd.wl1 = segment.seq
  snd.wl2 = segment.ack
  if (snd.wnd > snd.wndMax) snd.wndMax = snd.wnd
  if (textLength === 0) return
  if (textLength > rcv.longest) rcv.longest = Math.min(textLength, tcb.limits.mss)
  if (rcv.ready === NO_TEXT) rcv.ready = new Text()
  rcv.ready.append(stores.slabs, segment.frame, segment.textOffset, textLength)
  rcv.nxt = add(rcv.nxt, textLength)
  receiveWindow.arrived(tcb, textLength, now)
  timers.oweAck(tcb, now)
}

/** PAWS, RFC 7323 §5.3, R1. */
function isDuplicateOfOld(tcb: Tcb, segment: Segment, now: Millis): boolean {
  return isSynchronized(tcb.state) && (segment.flags & RST) === 0 && timestamps.isOld(tcb, segment, now)
}

/** Both ends opened at once, and this answers our SYN: its own we have already. RFC 9293 figure 8. */
function isCrossedSynAck(tcb: Tcb, segment: Segment): boolean {
  return (
    tcb.state === 'syn-received' &&
    (segment.flags & (SYN | ACK | RST)) === (SYN | ACK) &&
    segment.seq === irs(tcb)
  )
}

/** The peer's initial sequence number, while nothing came after it. */
function irs({ rcv }: Tcb): Sequence {
  return add(rcv.nxt, -1)
}

function dropSyn(segment: Segment): void {
  segment.flags &= ~SYN
  segment.seq = add(segment.seq, 1)
}

/** Text at a closed window is a probe: it is not taken, but its acknowledgement is. RFC 9293 §3.10.7.4. */
function isProbe({ rcv }: Tcb, segment: Segment): boolean {
  return rcv.edge === rcv.nxt && segment.seq === rcv.nxt && span(segment) > 0 && (segment.flags & SYN) === 0
}

function dropText(tcb: Tcb, segment: Segment): void {
  segment.textLength = 0
  segment.flags &= ~FIN
  tcb.ackDue = 'now'
}

/** Whether any of it lies in the window: RFC 9293 table 6. */
function isAcceptable({ rcv }: Tcb, segment: Segment): boolean {
  const { seq } = segment
  const length = span(segment)
  if (rcv.edge === rcv.nxt) return length === 0 && seq === rcv.nxt
  const isStartInside = atMost(rcv.nxt, seq) && lessThan(seq, rcv.edge)
  if (length === 0) return isStartInside
  const last = add(seq, length - 1)
  return isStartInside || (atMost(rcv.nxt, last) && lessThan(last, rcv.edge))
}

/** Step 1 fails. The peer may have missed our acknowledgement, or may ask whether we are alive, so it is told. */
function refuse(tcb: Tcb, segment: Segment, stores: Stores, now: Millis): Answer {
  const { flags } = segment
  if ((flags & RST) !== 0) return 'nothing'
  if ((flags & SYN) !== 0) return synAgain(tcb, segment, now)
  if (tcb.state === 'time-wait' && (flags & FIN) !== 0) timers.startTimeWait(tcb, now)
  // Two ends that both send what the other has, for want of an acknowledgement, must not refuse those as well.
  if (isRecent(tcb, segment) && isAckPlausible(tcb, segment)) takeAck(tcb, segment, stores, now)
  if (segment.textLength === 0 && (flags & FIN) === 0) return challenge(tcb, now)
  sack.disturbed(tcb.rcv)
  noteTwice(tcb, segment)
  tcb.ackDue = 'now'
  return 'nothing'
}

/** Text that was here already, in part or whole: the peer may learn that it need not have sent it. RFC 2883. */
function noteTwice({ rcv, isSackPermitted, limits }: Tcb, { seq, textLength }: Segment): void {
  const before = distance(seq, rcv.nxt)
  if (!isSackPermitted || before <= 0 || before > limits.receiveSize || textLength === 0) return
  sack.twice(rcv, seq, before < textLength ? rcv.nxt : add(seq, textLength))
}

function isRecent({ rcv, limits, state }: Tcb, segment: Segment): boolean {
  const behind = distance(segment.seq, rcv.nxt)
  return (segment.flags & ACK) !== 0 && isSynchronized(state) && behind >= 0 && behind <= limits.receiveSize
}

/** A SYN that came before. If our SYN-ACK was lost, it goes again now, not when its timer says so. */
function synAgain(tcb: Tcb, segment: Segment, now: Millis): Answer {
  if (tcb.state !== 'syn-received' || segment.seq !== irs(tcb)) return challenge(tcb, now)
  timers.sendAnew(tcb)
  return 'nothing'
}

/** Step 2, as RFC 5961 §3.2: only a reset at exactly the next sequence number is believed. */
function reset(tcb: Tcb, segment: Segment, now: Millis): Answer {
  if (segment.seq !== tcb.rcv.nxt) return challenge(tcb, now)
  end(tcb, 'reset')
  return 'nothing'
}

/** Between two challenges: RFC 5961 §7 suggests ten in five seconds, here for each connection by itself. */
const CHALLENGE_INTERVAL: Millis = 500

/** Tells the peer where we are; a peer that has forgotten this connection answers with a reset that we believe. */
function challenge(tcb: Tcb, now: Millis): Answer {
  if (now - tcb.challengedAt < CHALLENGE_INTERVAL) return 'nothing'
  tcb.challengedAt = Math.floor(now)
  tcb.ackDue = 'now'
  return 'nothing'
}

/** Step 5 in SYN-RECEIVED. An acknowledgement of something else is answered with a reset. */
function completesHandshake(tcb: Tcb, segment: Segment, { chunks }: Stores, now: Millis): boolean {
  const { snd } = tcb
  if (!lessThan(snd.una, segment.ack) || !atMost(segment.ack, snd.max)) return false
  move(tcb, 'our-syn-acked')
  synAcknowledged(tcb, segment, chunks, now)
  snd.wnd = segment.window << snd.scale
  snd.wndMax = snd.wnd
  snd.wl1 = segment.seq
  snd.wl2 = segment.ack
  return true
}

/** RFC 5961 §5.2: neither older than the largest window, nor of what was never sent. */
function isAckPlausible(tcb: Tcb, segment: Segment): boolean {
  // One distance between two bounds: of 2^31 it is a matter of taste on which side it lies.
  const ahead = distance(tcb.snd.una, segment.ack)
  return -tcb.snd.wndMax <= ahead && ahead <= flightSize(tcb)
}

/** The rest of step 5: what the peer has, how much it can take, and whether it has our FIN. */
function takeAck(tcb: Tcb, segment: Segment, stores: Stores, now: Millis): void {
  timers.heard(tcb, now)
  acknowledge(tcb, segment, stores.chunks, now)
  updateWindow(tcb, segment, now)
  if (isFinAcked(tcb)) finAcknowledged(tcb, now)
}

/** Takes the peer's window from the newest segment only: RFC 9293 §3.10.7.4. */
function updateWindow(tcb: Tcb, segment: Segment, now: Millis): void {
  const { snd } = tcb
  if (lessThan(segment.ack, snd.una)) return
  const isNewer = lessThan(snd.wl1, segment.seq) || (snd.wl1 === segment.seq && atMost(snd.wl2, segment.ack))
  if (!isNewer) return
  const wasClosed = snd.wnd === 0
  snd.wnd = segment.window << snd.scale
  snd.wl1 = segment.seq
  snd.wl2 = segment.ack
  if (snd.wnd > snd.wndMax) snd.wndMax = snd.wnd
  if (snd.wnd === 0) timers.windowClosed(tcb)
  else if (wasClosed) timers.windowOpened(tcb, now)
}

function finAcknowledged(tcb: Tcb, now: Millis): void {
  if (tcb.state !== 'fin-wait-1' && tcb.state !== 'closing' && tcb.state !== 'last-ack') return
  const state = move(tcb, 'our-fin-acked')
  if (state === 'time-wait') timers.startTimeWait(tcb, now)
  if (state === 'fin-wait-2' && tcb.rcv.isShut) timers.startFinWait2(tcb, now)
}

/** Step 7: what lies in the window is kept, in order or until it is. */
function deliver(tcb: Tcb, segment: Segment, { slabs }: Stores, now: Millis): void {
  const { rcv } = tcb
  if (!mayReceive(tcb.state)) return
  if (rcv.isShut) return discard(tcb, segment, now)
  noteTwice(tcb, segment)
  const before = Math.max(distance(segment.seq, rcv.nxt), 0)
  const room = distance(add(segment.seq, before), rcv.edge)
  const length = Math.min(segment.textLength - before, room)
  // A FIN behind text that did not fit comes again with it.
  if (length < segment.textLength - before) segment.flags &= ~FIN
  if (length <= 0) return
  const offset = segment.textOffset + before
  if (segment.textLength > rcv.longest) rcv.longest = Math.min(segment.textLength, tcb.limits.mss)
  if (lessThan(rcv.nxt, segment.seq)) {
    sack.disturbed(rcv)
    if (tcb.isSackPermitted) noteHeld(tcb, segment.seq, length)
    if (rcv.assembler === NO_RUNS) rcv.assembler = new Assembler()
    rcv.assembler.insert(segment.seq, segment.frame, offset, length)
    tcb.ackDue = 'now' // A hole: the peer must know at once, RFC 5681 §4.2.
    return
  }
  if (rcv.ready === NO_TEXT) rcv.ready = new Text()
  rcv.ready.append(slabs, segment.frame, offset, length)
  rcv.nxt = add(rcv.nxt, length)
  if (rcv.assembler.isEmpty) {
    receiveWindow.arrived(tcb, length, now)
    timers.oweAck(tcb, now)
    if (rcv.holes !== undefined && sack.isQuick(rcv, rcv.holes)) timers.hasten(tcb)
    return
  }
  rcv.nxt = add(rcv.nxt, rcv.assembler.advance(rcv.nxt, rcv.ready))
  if (rcv.assembler.isEmpty) rcv.assembler = NO_RUNS
  receiveWindow.arrived(tcb, length, now)
  tcb.ackDue = 'now' // As it is when the hole closes, in part or whole.
}

/**
 * Nobody reads any more. Text that is next is acknowledged all the same: of two ends that read no more, neither would
 * get its own text acknowledged otherwise.
 */
function discard(tcb: Tcb, segment: Segment, now: Millis): void {
  const { rcv } = tcb
  const count = Math.min(distance(rcv.nxt, add(segment.seq, segment.textLength)), distance(rcv.nxt, rcv.edge))
  if (count <= 0) return
  rcv.isDiscarded = true
  if (lessThan(rcv.nxt, segment.seq)) {
    tcb.ackDue = 'now'
    return
  }
  rcv.nxt = add(rcv.nxt, count)
  timers.oweAck(tcb, now)
}

/** Text out of order: a block, and one of what came twice if it is held already. */
function noteHeld({ rcv }: Tcb, seq: Sequence, length: number): void {
  const end = add(seq, length)
  for (const { start, text } of rcv.assembler.runs)
    if (atMost(start, seq) && atMost(end, add(start, text.length))) sack.twice(rcv, seq, end)
  sack.kept(rcv, seq)
}

/**
 * Text was thrown away because the application had left: the peer must learn it (RFC 1122 §4.2.2.13), but not
 * before it has all that the application had written.
 */
function mustReset({ state, rcv }: Tcb): boolean {
  return rcv.isDiscarded && state === 'fin-wait-2'
}

function abandon(tcb: Tcb): Answer {
  end(tcb, 'reset')
  return 'reset'
}

function noteFin({ rcv, state }: Tcb, segment: Segment): void {
  if ((segment.flags & FIN) === 0 || !mayReceive(state)) return
  rcv.fin = add(segment.seq, segment.textLength)
}

function isFinNext({ rcv, state }: Tcb): boolean {
  return rcv.fin === rcv.nxt && mayReceive(state)
}

/** Step 8. */
function finArrives(tcb: Tcb, now: Millis): void {
  const { rcv } = tcb
  rcv.nxt = add(rcv.nxt, 1)
  rcv.isFinished = true
  if (lessThan(rcv.edge, rcv.nxt)) rcv.edge = rcv.nxt
  rcv.assembler = NO_RUNS
  tcb.ackDue = 'now'
  if (move(tcb, 'fin') === 'time-wait') timers.startTimeWait(tcb, now)
}

/** Whether `segment` begins a new connection between the ends of one in TIME-WAIT: RFC 9293 §3.10.7.4, step 4. */
export function isNewerSyn(tcb: Tcb, segment: Segment): boolean {
  return (
    tcb.state === 'time-wait' &&
    (segment.flags & (SYN | ACK | RST)) === SYN &&
    lessThan(tcb.rcv.nxt, segment.seq)
  )
}
