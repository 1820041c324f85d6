/**
 * When something is due that no segment brings: deadlines, not callbacks.
 *
 * Retransmission is RFC 6298, the probes of a closed window RFC 9293 §3.8.6.1, delayed acknowledgements
 * §3.8.6.3, keep-alive §3.8.4. The shell calls `expire` at `earliest`, or later, and sends what is due.
 */
import type { Millis } from '@mirage/clock'
import * as blackHole from './black-hole.ts'
import { next as keepAliveStep } from './keep-alive.ts'
import * as roundTrip from './round-trip.ts'
import * as rack from './rack.ts'
import * as recovery from './recovery.ts'
import * as scoreboard from './scoreboard.ts'
import { distance } from './sequence.ts'
import { isSynchronized } from './state.ts'
import { NEVER, type Tcb, type Watch, end, move } from './tcb.ts'

/** RFC 9293 §3.8.6.3 asks for less than 500 ms; this leaves time under a peer's shortest timeout. */
export const ACK_DELAY: Millis = 40
/**
 * Retransmissions without an answer, after which the peer counts as gone. R2 of RFC 9293 §3.8.3 wants at least
 * 100 s: from the shortest timeout these take 222 s.
 */
export const ATTEMPTS_MAX = 10
/** At least 3 minutes for our SYN: these take 183 s. */
export const SYN_ATTEMPTS_MAX = 7
/** A SYN-ACK that nobody answers was asked for by nobody: 63 s. */
export const SYN_ACK_ATTEMPTS_MAX = 5
/** How long a peer may keep the acknowledgement of one segment: RFC 8985 §7.2. */
const PEER_ACK_DELAY: Millis = 200
/** Beside two round trips, which may be shorter than what a busy machine takes to look. */
const TAIL_SLACK: Millis = 10
/** Twice a maximum segment lifetime of 30 s. */
export const TIME_WAIT: Millis = 60_000
/** How long a peer may take to finish once the application has left. */
export const FIN_WAIT_2: Millis = 60_000
/** Keep-alive looks no sooner than this after it has looked. */
const KEEP_ALIVE_STEP: Millis = 1

/** When `expire` has something to do next; infinite if it has nothing. */
export function earliest(tcb: Tcb): Millis {
  const { retransmitAt, persistAt, ackAt, lifetimeEndsAt, watch } = tcb
  let first = Number.POSITIVE_INFINITY
  if (retransmitAt !== NEVER) first = retransmitAt
  if (ackAt !== NEVER && ackAt < first) first = ackAt
  if (persistAt !== NEVER && persistAt < first) first = persistAt
  if (lifetimeEndsAt !== NEVER && lifetimeEndsAt < first) first = lifetimeEndsAt
  if (watch !== undefined && watch.dueAt !== NEVER && watch.dueAt < first) first = watch.dueAt
  return first
}

function isDue(deadline: Millis, now: Millis): boolean {
  return deadline !== NEVER && deadline <= now
}

/** The whole millisecond in which `duration` has passed. */
function after(now: Millis, duration: Millis): Millis {
  return Math.ceil(now + duration)
}

/** Does what is due at `now`; what it makes due to be sent, `output.ts` sends. */
export function expire(tcb: Tcb, now: Millis): void {
  if (isDue(tcb.lifetimeEndsAt, now)) return lifetimeOver(tcb)
  if (isDue(tcb.ackAt, now)) acknowledgeNow(tcb)
  if (isDue(tcb.retransmitAt, now)) retransmissionDue(tcb, now)
  if (isDue(tcb.persistAt, now)) probeWindow(tcb)
  if (tcb.watch !== undefined && isDue(tcb.watch.dueAt, now)) checkAlive(tcb, tcb.watch, now)
}

/** A segment left that wants an answer. RFC 6298 §5.1. */
export function sent(tcb: Tcb, now: Millis): void {
  tcb.persistAt = NEVER
  if (tcb.retransmitAt === NEVER) arm(tcb, now)
}

/** A probe of a closed window left: the user's patience began when the window closed. */
export function probed(tcb: Tcb, now: Millis): void {
  tcb.persistAt = NEVER
  if (tcb.retransmitAt === NEVER) startTimer(tcb, now)
}

function startTimeout(tcb: Tcb, now: Millis): void {
  if (tcb.attempts === 0) tcb.waitingSince = Math.floor(now)
  startTimer(tcb, now)
}

function startTimer(tcb: Tcb, now: Millis): void {
  tcb.retransmitAt = after(now, tcb.rto)
  const endsAt = tcb.waitingSince + tcb.userTimeout
  if (tcb.userTimeout > 0 && tcb.retransmitAt > endsAt) tcb.retransmitAt = Math.max(endsAt, after(now, 1))
  tcb.retransmitBy = 'timeout'
}

/** Waits for the answer to what is in flight: for two round trips where a probe can then ask for it, RFC 8985 §7.2. */
function arm(tcb: Tcb, now: Millis): void {
  startTimeout(tcb, now)
  const { flight, snd } = tcb
  if (!tcb.isSackPermitted || tcb.srtt < 0 || tcb.recovery !== undefined || tcb.attempts > 0) return
  if (flight.sacked > 0 || snd.wnd === 0 || !isSynchronized(tcb.state)) return
  const isAlone = distance(snd.una, snd.nxt) <= snd.mss
  const patience = Math.ceil(tcb.srtt / 500) + (isAlone ? PEER_ACK_DELAY : TAIL_SLACK)
  if (patience >= tcb.rto) return
  tcb.retransmitAt = after(now, patience)
  tcb.retransmitBy = 'tail'
}

/** What is late is lost after `wait` microseconds more, unless the timer comes first. */
export function awaitReordered(tcb: Tcb, wait: number, now: Millis): void {
  const at = after(now, wait / 1000)
  if (tcb.retransmitAt !== NEVER && tcb.retransmitAt <= at && tcb.retransmitBy !== 'tail') return
  tcb.retransmitAt = at
  tcb.retransmitBy = 'reordering'
}

/** Something new was acknowledged. RFC 6298 §5.2, §5.3. */
export function progressed(tcb: Tcb, now: Millis): void {
  tcb.attempts = 0
  if (tcb.snd.una === tcb.snd.max) tcb.retransmitAt = NEVER
  else arm(tcb, now)
}

/** Any segment that belongs to the connection: the peer lives. */
export function heard(tcb: Tcb, now: Millis): void {
  if (tcb.watch === undefined) return
  tcb.watch.heardAt = Math.ceil(now)
  tcb.watch.probesSent = 0
}

/**
 * Text arrived in order. The second full-sized segment is acknowledged in this turn, with all that arrive in it, as
 * Linux does for what its GRO joins; a quarter of the window at once, and what leaves no room for another segment,
 * since the peer has no more to send before it knows. Anything else later.
 */
export function oweAck(tcb: Tcb, now: Millis): void {
  if (tcb.ackDue === 'now') return
  const { rcv } = tcb
  const count = distance(rcv.acked, rcv.nxt)
  if (distance(rcv.nxt, rcv.edge) < rcv.longest) tcb.ackDue = 'now'
  else if (count >= 2 * rcv.longest) tcb.ackDue = count >= rcv.size >>> 2 ? 'now' : 'soon'
  else if (tcb.ackDue === 'none') {
    tcb.ackDue = 'later'
    tcb.ackAt = after(now, ACK_DELAY)
  }
}

/** What would be acknowledged later is acknowledged in this turn. */
export function hasten(tcb: Tcb): void {
  if (tcb.ackDue === 'later') tcb.ackDue = 'soon'
}

/** All that arrived together is handled: one acknowledgement goes for all of it. */
export function turnEnds(tcb: Tcb): void {
  if (tcb.ackDue === 'soon') tcb.ackDue = 'now'
}

/** An acknowledgement left, alone or with text. */
export function acked(tcb: Tcb): void {
  tcb.ackDue = 'none'
  tcb.ackAt = NEVER
}

/** The peer answers, if only that it has no room: while our application is there, it may do so for ever. */
export function windowClosed(tcb: Tcb): void {
  if (!tcb.rcv.isShut) tcb.attempts = 0
}

/** The probes had their own pace: what is sent now is waited for as before them. */
export function windowOpened(tcb: Tcb, now: Millis): void {
  tcb.attempts = 0
  tcb.persistAt = NEVER
  roundTrip.restore(tcb)
  if (tcb.retransmitAt !== NEVER) startTimeout(tcb, now)
}

/** There is something to send, and no window, and nothing in flight whose answer could bring one. */
export function startPersist(tcb: Tcb, now: Millis): void {
  if (tcb.persistAt !== NEVER || tcb.retransmitAt !== NEVER) return
  tcb.waitingSince = Math.floor(now)
  tcb.persistAt = after(now, tcb.rto)
}

/** RFC 9293 §3.10.7.4: started, and restarted by a FIN that comes again. */
export function startTimeWait(tcb: Tcb, now: Millis): void {
  tcb.retransmitAt = NEVER
  tcb.persistAt = NEVER
  if (tcb.watch !== undefined) tcb.watch.dueAt = NEVER
  tcb.lifetimeEndsAt = after(now, TIME_WAIT)
}

export function startFinWait2(tcb: Tcb, now: Millis): void {
  tcb.lifetimeEndsAt = after(now, FIN_WAIT_2)
}

export function startKeepAlive({ watch }: Tcb, now: Millis): void {
  if (watch === undefined) return
  watch.heardAt = Math.ceil(now)
  watch.dueAt = after(now, watch.keepAlive.after)
}

/** TIME-WAIT is over, or the peer did not finish after the application had left. */
function lifetimeOver(tcb: Tcb): void {
  if (tcb.state === 'time-wait') move(tcb, 'lifetime-over')
  else end(tcb, undefined)
}

function acknowledgeNow(tcb: Tcb): void {
  tcb.ackDue = 'now'
  tcb.ackAt = NEVER
}

function retransmissionDue(tcb: Tcb, now: Millis): void {
  if (tcb.retransmitBy === 'timeout') return retransmit(tcb, now)
  const isTail = tcb.retransmitBy === 'tail'
  startTimeout(tcb, now)
  if (isTail) tcb.snd.probe = 'tail'
  else detectLate(tcb, now)
}

/** RFC 8985 §6.3. */
function detectLate(tcb: Tcb, now: Millis): void {
  if (tcb.rack === undefined) return
  const before = tcb.flight.lost
  const isRecovering = recovery.isIn(tcb, 'recovery') || recovery.isIn(tcb, 'loss')
  const wait = rack.detect(tcb, tcb.rack, isRecovering, now)
  recovery.detected(tcb, tcb.flight.lost > before)
  if (wait >= 0) awaitReordered(tcb, wait, now)
}

/** RFC 6298 §5.4 to §5.6: everything that is not acknowledged goes again, one segment first. */
function retransmit(tcb: Tcb, now: Millis): void {
  const { snd } = tcb
  tcb.retransmitAt = NEVER
  if (isGivenUp(tcb, now)) return end(tcb, 'timed-out')
  // A window that has closed over what was sent is no sign of congestion: it is probed, a byte at a time.
  const isOpen = isSynchronized(tcb.state)
  if (isOpen) blackHole.timedOut(tcb, now)
  if (snd.wnd === 0 && isOpen) snd.probe = 'window'
  else if (isOpen) recovery.timedOut(tcb, tcb.attempts === 0)
  roundTrip.backOff(tcb)
  tcb.attempts += 1
  if (snd.wnd === 0 || !isOpen) sendAnew(tcb)
  startTimeout(tcb, now)
}

/** What was sent is as if it never was, but for what must not be measured. */
export function sendAnew({ snd, flight }: Tcb): void {
  snd.nxt = snd.una
  scoreboard.clear(flight)
}

/** R2 of RFC 9293 §3.8.3, or the time that the user has set instead: RFC 5482. */
function isGivenUp(tcb: Tcb, now: Millis): boolean {
  if (tcb.userTimeout > 0 && isSynchronized(tcb.state)) return now - tcb.waitingSince >= tcb.userTimeout
  return tcb.attempts >= attemptsMax(tcb)
}

function attemptsMax({ state }: Tcb): number {
  if (state === 'syn-sent') return SYN_ATTEMPTS_MAX
  return state === 'syn-received' ? SYN_ACK_ATTEMPTS_MAX : ATTEMPTS_MAX
}

function probeWindow(tcb: Tcb): void {
  tcb.persistAt = NEVER
  tcb.snd.probe = 'window'
}

function checkAlive(tcb: Tcb, watch: Watch, now: Millis): void {
  const { keepAlive, heardAt, probesSent } = watch
  const step = keepAliveStep(keepAlive, now - heardAt, probesSent)
  switch (step.kind) {
    case 'close':
      return end(tcb, 'timed-out')
    case 'probe':
      watch.probesSent = step.probesSent
      tcb.snd.probe = 'alive'
      watch.dueAt = after(now, keepAlive.interval)
      return
    case 'wait':
      // What rounding leaves of a silence may be too short to add to `now`, and would be due for ever.
      watch.dueAt = after(now, Math.max(step.duration, KEEP_ALIVE_STEP))
  }
}
