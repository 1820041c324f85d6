/** How a connection begins: SEGMENT ARRIVES in LISTEN and SYN-SENT, RFC 9293 §3.10.7.2 and §3.10.7.3. */
import type { Millis } from '@mirage/clock'
import { initialWindow } from './congestion/congestion.ts'
import { synAcknowledged } from './acknowledge.ts'
import type { Answer, Stores } from './input.ts'
import * as ecn from './ecn.ts'
import { TIMESTAMPS_SIZE } from './options.ts'
import { ACK, RST, SYN, type Segment } from './segment.ts'
import type { Chunks } from './send-queue.ts'
import { type Sequence, add, atMost, lessThan } from './sequence.ts'
import type { KeepAlive } from './tcp.ts'
import { type Ends, type Limits, MSS_DEFAULT, Tcb, end, move, scaleOf } from './tcb.ts'
import * as timers from './timers.ts'
import * as timestamps from './timestamps.ts'

/** OPEN, active: RFC 9293 §3.10.1. */
export function open(
  ends: Ends,
  limits: Limits,
  iss: Sequence,
  keepAlive: KeepAlive | undefined,
  now: Millis,
): Tcb {
  return new Tcb(ends, 'syn-sent', limits, iss, keepAlive, now)
}

/** A SYN at a port that somebody listens on. Its text, if it has any, comes again once we are established. */
export function synArrives(
  ends: Ends,
  limits: Limits,
  iss: Sequence,
  keepAlive: KeepAlive | undefined,
  segment: Segment,
  now: Millis,
): Tcb {
  const tcb = new Tcb(ends, 'syn-received', limits, iss, keepAlive, now)
  takeSyn(tcb, segment, now)
  return tcb
}

/** What LISTEN makes of a segment. */
export function isOpening(segment: Segment): boolean {
  return (segment.flags & (SYN | ACK | RST)) === SYN
}

/** SYN-SENT. */
export function answerArrives(tcb: Tcb, segment: Segment, { chunks }: Stores, now: Millis): Answer {
  const { snd } = tcb
  const hasAck = (segment.flags & ACK) !== 0
  const isOurs = hasAck && lessThan(snd.iss, segment.ack) && atMost(segment.ack, snd.max)
  if (hasAck && !isOurs) return (segment.flags & RST) === 0 ? 'reset' : 'nothing' // 1: ACK
  if ((segment.flags & RST) !== 0) {
    if (isOurs) end(tcb, 'reset') // 2: RST
    return 'nothing' //              3: security, which we do not have
  }
  if ((segment.flags & SYN) === 0) return 'nothing' // 4: SYN
  takeSyn(tcb, segment, now)
  if (isOurs) established(tcb, segment, chunks, now)
  else openedAtOnce(tcb)
  return 'nothing'
}

function established(tcb: Tcb, segment: Segment, chunks: Chunks, now: Millis): void {
  move(tcb, 'syn-ack')
  synAcknowledged(tcb, segment, chunks, now)
  tcb.snd.wl2 = segment.ack
  tcb.ackDue = 'now'
}

/** The peer's SYN crossed ours. Ours goes again, now with the acknowledgement. */
function openedAtOnce(tcb: Tcb): void {
  move(tcb, 'syn')
  timers.sendAnew(tcb)
}

/** What the peer's SYN says, first or second. Scaling is agreed when both said it: RFC 7323 §2.2. */
function takeSyn(tcb: Tcb, segment: Segment, now: Millis): void {
  const { snd, rcv, limits } = tcb
  rcv.nxt = add(segment.seq, 1)
  rcv.acked = rcv.nxt
  rcv.edge = add(rcv.nxt, Math.min(limits.receiveSize, 0xffff))
  rcv.roundEnd = rcv.edge
  snd.mss = Math.min(segment.mss === 0 ? MSS_DEFAULT : segment.mss, limits.mss)
  if (segment.hasTimestamps) {
    timestamps.agreed(tcb, segment, now)
    snd.mss -= TIMESTAMPS_SIZE
  }
  tcb.isSackPermitted = segment.isSackPermitted
  ecn.synArrived(tcb, segment)
  tcb.cwnd = initialWindow(snd.mss)
  if (segment.scale >= 0) {
    snd.scale = segment.scale
    rcv.scale = scaleOf(limits.receiveSize)
  }
  // The window of a SYN is never scaled.
  snd.wnd = segment.window
  snd.wndMax = segment.window
  snd.wl1 = segment.seq
}

/** The connection is established: what runs from now on. */
export function begin(tcb: Tcb, now: Millis): void {
  timers.startKeepAlive(tcb, now)
}
