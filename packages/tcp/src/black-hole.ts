/**
 * Paths that swallow what is too big for them, and say nothing: RFC 2923 §2.1, RFC 4821 §7.7.
 *
 * Whole segments that time out again and again are tried smaller, and after some minutes as big as they were.
 */
import type { Millis } from '@mirage/clock'
import { distance } from './sequence.ts'
import type { Tcb } from './tcb.ts'

/** Timeouts without an answer before this one, and what a segment carries from now on: what IPv6 guarantees, and IPv4. */
const STEPS: readonly (readonly [attempts: number, mss: number])[] = [
  [2, 1208],
  [4, 524],
]
/** How long a smaller segment is believed to be needed: RFC 8899 §5.1.1, as what ICMP said is. */
const BELIEVED: Millis = 600_000

/** What is made when segments become smaller. */
export interface Narrowed {
  /** What they were. */
  readonly mss: number
  readonly at: Millis
}

/** The retransmission timer expired. */
export function timedOut(tcb: Tcb, now: Millis): void {
  const { snd, attempts } = tcb
  const step = STEPS.find(([count, mss]) => count === attempts && mss < snd.mss)
  if (step === undefined || distance(snd.una, snd.nxt) < snd.mss) return
  tcb.narrowed ??= { mss: snd.mss, at: now }
  snd.mss = step[1]
}

/** Text is about to be sent for the first time: it may be time to try whole segments again. */
export function sending(tcb: Tcb, narrowed: Narrowed, now: Millis): void {
  if (tcb.attempts > 0 || now - narrowed.at < BELIEVED) return
  tcb.snd.mss = narrowed.mss
  tcb.narrowed = undefined
}
