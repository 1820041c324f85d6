/** How long a connection waits for one thing. */
import type { Cancel, Clock, Millis } from '@mirage/clock'

/**
 * A deadline that moves with every request, and asks the clock for a timer only when one ran out: most are
 * moved on long before.
 */
export class Deadline {
  private readonly clock: Clock
  private readonly expired: () => void
  private deadline: Millis = Number.POSITIVE_INFINITY
  private timerAt: Millis = Number.POSITIVE_INFINITY
  private cancelTimer: Cancel | undefined = undefined

  /** Calls `expired` when the deadline that is set passes. */
  constructor(clock: Clock, expired: () => void) {
    this.clock = clock
    this.expired = expired
  }

  /** Replaces the deadline. */
  set(deadline: Millis): void {
    this.deadline = deadline
    if (deadline >= this.timerAt) return
    this.cancelTimer?.()
    this.arm()
  }

  /** There is none until the next `set`. */
  clear(): void {
    this.deadline = Number.POSITIVE_INFINITY
  }

  /** There is none any more, and no timer. */
  cancel(): void {
    this.clear()
    this.cancelTimer?.()
    this.cancelTimer = undefined
    this.timerAt = Number.POSITIVE_INFINITY
  }

  private arm(): void {
    this.timerAt = this.deadline
    this.cancelTimer =
      this.deadline < Number.POSITIVE_INFINITY ? this.clock.at(this.deadline, this.ran) : undefined
  }

  private readonly ran = (): void => {
    this.timerAt = Number.POSITIVE_INFINITY
    if (this.deadline > this.clock.now()) return this.arm()
    this.clear()
    this.expired()
  }
}
