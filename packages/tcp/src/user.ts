/** What the application does: SEND, RECEIVE, CLOSE and ABORT of RFC 9293 §3.10.2 to §3.10.5. */
import { assert } from '@mirage/result'
import type { Millis } from '@mirage/clock'
import { NO_RUNS } from './assembler.ts'
import type { Answer, Stores } from './input.ts'
import { isUpdateDue } from './receive-window.ts'
import { NO_QUEUE } from './send-queue.ts'
import { add } from './sequence.ts'
import { isSynchronized, maySend } from './state.ts'
import { type Tcb, end, move } from './tcb.ts'
import { NO_TEXT } from './text.ts'
import * as timers from './timers.ts'

/** Where what is accepted begins to be limited. */
const SEND_SIZE_START = 262_144

/** Text that is accepted and not acknowledged, at most: twice what the path has shown to hold. */
export function sendSize({ limits, cwnd }: Tcb): number {
  return Math.min(limits.sendSize, Math.max(SEND_SIZE_START, 2 * cwnd))
}

/**
 * Copies as much of `bytes` from `offset` up to `end` as there is room for, and returns how much that was. It is a part of
 * what the application writes, which has `whole` bytes.
 */
export function send(
  tcb: Tcb,
  { chunks }: Stores,
  bytes: Uint8Array,
  offset: number,
  isUrgent: boolean,
  end: number = bytes.length,
  whole: number = bytes.length,
): number {
  assert(maySend(tcb.state), `tcp: send in ${tcb.state}`)
  const { snd } = tcb
  const count = Math.min(end - offset, sendSize(tcb) - snd.queue.length)
  if (count <= 0) return 0
  if (snd.queue === NO_QUEUE) snd.queue = chunks.queue()
  snd.queue.append(chunks, bytes, offset, offset + count, whole)
  snd.end = add(snd.end, count)
  if (isUrgent) snd.urgentTo = snd.end
  return count
}

/** The next bytes that arrived, which are the caller's; `undefined` if there are none. */
export function receive(tcb: Tcb): Uint8Array | undefined {
  const { rcv } = tcb
  if (rcv.ready.length === 0) return undefined
  const bytes = rcv.ready.take()
  if (rcv.ready.length === 0 && !rcv.ready.isLent) rcv.ready = NO_TEXT
  if (isUpdateDue(tcb)) tcb.ackDue = 'now'
  return bytes
}

/** CLOSE: a FIN follows what was accepted. */
export function shutdown(tcb: Tcb): void {
  if (!maySend(tcb.state)) return
  tcb.snd.isFinished = true
  move(tcb, 'close')
}

/**
 * The application reads no more, which is half of its CLOSE. Text that it leaves unread is lost, which the peer
 * learns by a reset once it has all that was accepted here (RFC 1122 §4.2.2.13): now, if it has that already.
 */
export function stopReading(tcb: Tcb, now: Millis): Answer {
  const { rcv } = tcb
  if (tcb.state === 'gone' || rcv.isShut) return 'nothing'
  rcv.isShut = true
  rcv.isDiscarded = rcv.ready.length > 0 || !rcv.assembler.isEmpty
  rcv.ready = NO_TEXT
  rcv.assembler = NO_RUNS
  if (tcb.state !== 'fin-wait-2') return 'nothing'
  if (rcv.isDiscarded) return abort(tcb)
  timers.startFinWait2(tcb, now)
  return 'nothing'
}

/** ABORT: the peer is reset where it knows of us. */
export function abort(tcb: Tcb): Answer {
  const isKnown = isSynchronized(tcb.state) && tcb.state !== 'time-wait'
  const mustTell = isKnown || tcb.state === 'syn-received'
  if (tcb.state !== 'gone') end(tcb, 'reset')
  return mustTell ? 'reset' : 'nothing'
}

/** Ends a connection without a word to the peer: one that never was, or whose time is over. */
export function forget(tcb: Tcb): void {
  if (tcb.state !== 'gone') end(tcb, undefined)
}
