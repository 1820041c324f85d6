/** The clock of a Node process: the host's monotonic time, its date and time zone, and one host timer for all tasks. */
import { type Cancel, type Clock, type Millis, type WallTime, fromEpochMs } from '@mirage/clock'
import { Timers } from '@mirage/clock/timers'
import { type Result, ok } from '@mirage/result'

/** The longest that a host timer waits: a later deadline is waited for in several steps. */
const TIMEOUT_MAX = 0x7fff_ffff

class NodeClock implements Clock {
  readonly #timers: Timers = new Timers()
  /** What `now` told last: a deadline up to here has passed, which costs nothing to know. */
  #lastNow: Millis = 0
  #immediate: NodeJS.Immediate | undefined
  #timeout: NodeJS.Timeout | undefined
  #timeoutDeadline: Millis = Infinity

  now(): Millis {
    this.#lastNow = performance.now()
    return this.#lastNow
  }

  wall(): WallTime {
    return fromEpochMs(Date.now())
  }

  timezoneOffset(): number | undefined {
    return -60 * new Date().getTimezoneOffset()
  }

  at(deadline: Millis, task: () => void): Cancel {
    const cancel = this.#timers.add(deadline, task)
    this.#arm(deadline)
    return cancel
  }

  /** Sees to it that the host calls back at `deadline` or before. */
  #arm(deadline: Millis): void {
    if (this.#immediate !== undefined || deadline >= this.#timeoutDeadline) return
    if (deadline <= this.#lastNow || deadline <= this.now()) {
      this.#immediate = setImmediate(this.#run)
      return
    }
    clearTimeout(this.#timeout)
    this.#timeoutDeadline = deadline
    // The host counts whole milliseconds. A timer that was cancelled is left to fire for nothing.
    this.#timeout = setTimeout(this.#wake, Math.min(Math.ceil(deadline - this.#lastNow), TIMEOUT_MAX))
  }

  readonly #wake = (): void => {
    this.#timeout = undefined
    this.#timeoutDeadline = Infinity
    // Tasks that are due are run now, even if an immediate is to run others.
    this.#runDue()
  }

  readonly #run = (): void => {
    this.#immediate = undefined
    this.#runDue()
  }

  /** Runs what is due now. Tasks that these ask for wait for the next turn, so that they cannot hold up input. */
  #runDue(): void {
    const now = this.now()
    try {
      for (let left = this.#timers.count; left > 0; left--) {
        const task = this.#timers.take(now)
        if (task === undefined) break
        task()
      }
    } finally {
      const { deadline } = this.#timers
      if (deadline !== undefined) this.#arm(deadline)
    }
  }
}

/** The one clock of the process. Its monotonic time began when the process did. */
export const clock: Clock = new NodeClock()

/** The clock of the process. */
export function connect(): Result<Clock, string> {
  return ok(clock)
}
