/** One timer of the clock for all deadlines of a stack. */
import type { Cancel, Clock, Millis } from '@mirage/clock'
import { Deadlines, type Due, NOWHERE } from './deadlines.ts'

export class Alarm<T extends Due> {
  #clock: Clock
  #expired: (entry: T, now: Millis) => void
  #deadlines: Deadlines<T> = new Deadlines()
  #timerAt: Millis = Number.POSITIVE_INFINITY
  #cancel: Cancel = () => {}

  /** Calls `expired` with each entry at its deadline or later, and forgets the entry before. */
  constructor(clock: Clock, expired: (entry: T, now: Millis) => void) {
    this.#clock = clock
    this.#expired = expired
  }

  /** Sees to it that `entry` comes up at `dueAt` at the latest. Infinite means that it need not. */
  set(entry: T, dueAt: Millis): void {
    if (dueAt === Number.POSITIVE_INFINITY || (entry.place !== NOWHERE && dueAt >= entry.dueAt)) return
    this.#deadlines.add(entry, dueAt)
    this.#arm()
  }

  remove(entry: T): void {
    this.#deadlines.remove(entry)
  }

  stop(): void {
    this.#cancel()
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  #arm(): void {
    const { first } = this.#deadlines
    if (first >= this.#timerAt) return
    this.#cancel()
    this.#timerAt = first
    this.#cancel = this.#clock.at(first, this.#ring)
  }

  #ring = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    for (let entry = this.#deadlines.take(now); entry !== undefined; entry = this.#deadlines.take(now))
      this.#expired(entry, now)
    this.#arm()
  }
}
