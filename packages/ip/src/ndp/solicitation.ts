/** When routers are asked to show themselves: RFC 4861 §6.3.7, and for as long as none does, RFC 7559. */
import type { Millis } from '@mirage/clock'

/** Before the first question, at most: hosts that start together do not ask together. */
export const DELAY_MAX: Millis = 1000
/** Between the first two questions, about. */
export const INTERVAL: Millis = 4000
/** Between two questions, at most, about. */
export const INTERVAL_MAX: Millis = 3_600_000

/** The state. */
export interface Solicitation {
  /** When the next question is due; `Infinity` once a router has answered. */
  deadline: Millis
  interval: Millis
}

/** Asks for the first time after a part of a second: `chance` is 0 to 1. */
export function start(now: Millis, chance: number): Solicitation {
  return { deadline: now + chance * DELAY_MAX, interval: 0 }
}

/** Asks nobody, until `start`. */
export function idle(): Solicitation {
  return { deadline: Infinity, interval: 0 }
}

/** Whether a question is due; the next one is, in about twice the time. `chance` is 0 to 1. */
export function tick(solicitation: Solicitation, now: Millis, chance: number): boolean {
  if (now < solicitation.deadline) return false
  const isFirst = solicitation.interval === 0
  const base = isFirst ? INTERVAL : Math.min(2 * solicitation.interval, INTERVAL_MAX)
  // A tenth more or less: RFC 7559 §2, RFC 8415 §15.
  solicitation.interval = base * (0.9 + chance * 0.2)
  solicitation.deadline = now + solicitation.interval
  return true
}

/** A router that is a way out has shown itself. */
export function answered(solicitation: Solicitation): void {
  solicitation.deadline = Infinity
}
