/** One timer of the clock for all deadlines of a stack. */
import type { Cancel, Clock, Millis } from '@mirage/clock'
import { Deadlines, type Due, NEVER } from './deadlines.ts'

export class Alarm<T extends Due> {
  #clock: Clock
  #expired: (entry: T, now: Millis) => void
  #deadlines: Deadlines<T> = new Deadlines()
  #timerAt: Millis = Number.POSITIVE_INFINITY
  #cancel: Cancel = () => {}
  /** While it rings, the end of this millisecond, before which nothing becomes due; else 0. */
  #earliest: Millis = 0

  /**
   * Calls `expired` with each entry at its deadline or later, and forgets the entry before. What is then set to a time
   * that has come already waits for the next millisecond: however often that happens, a call ends.
   */
  constructor(clock: Clock, expired: (entry: T, now: Millis) => void) {
    this.#clock = clock
    this.#expired = expired
  }

  /** Sees to it that `entry` comes up at `dueAt`, and not when it would have before. Infinite means that it need not. */
  set(entry: T, dueAt: Millis): void {
    if (dueAt === Number.POSITIVE_INFINITY) return this.#deadlines.set(entry, NEVER)
    this.#deadlines.set(entry, Math.max(dueAt, this.#earliest))
    if (dueAt < this.#timerAt) this.#arm()
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
    const now = this.#clock.now()
    // No timer is earlier than what is done now.
    this.#timerAt = Number.NEGATIVE_INFINITY
    this.#earliest = Math.floor(now) + 1
    for (let entry = this.#deadlines.take(now); entry !== undefined; entry = this.#deadlines.take(now))
      this.#expired(entry, now)
    this.#earliest = 0
    this.#timerAt = Number.POSITIVE_INFINITY
    this.#arm()
  }
}
