/** The clock of a Node process: the host's monotonic time, its date and time zone, and one host timer for all tasks. */
import { type Cancel, type Clock, type Millis, type WallTime, fromEpochMs } from '@mirage/clock'
import { Timers } from '@mirage/clock/timers'
import { type Result, ok } from '@mirage/result'

/** The longest that a host timer waits: a later deadline is waited for in several steps. */
const TIMEOUT_MAX = 0x7fff_ffff
/**
 * How long tasks that are due at once follow each other, before the host has its turn, in which others get their input. A
 * turn of the host takes 5 µs, as long as two stacks in memory need for a segment of 64 KiB.
 */
const STRETCH: Millis = 1

class NodeClock implements Clock {
  readonly #timers: Timers = new Timers()
  /** What `now` told last: a deadline up to here has passed, which costs nothing to know. */
  #lastNow: Millis = 0
  /** `#run` is to be called. */
  #isNext = false
  /** When the host's turn has come again. */
  #stretchEnds: Millis = 0
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
    if (this.#isNext || deadline >= this.#timeoutDeadline) return
    if (deadline <= this.#lastNow || deadline <= this.now()) return this.#runNext()
    clearTimeout(this.#timeout)
    this.#timeoutDeadline = deadline
    // The host counts whole milliseconds. A timer that was cancelled is left to fire for nothing.
    this.#timeout = setTimeout(this.#wake, Math.min(Math.ceil(deadline - this.#lastNow), TIMEOUT_MAX))
  }

  /** Has `#run` called when what runs now is over, promises too; after the host's turn, if it is time for that. */
  #runNext(): void {
    this.#isNext = true
    if (this.#lastNow < this.#stretchEnds) queueMicrotask(this.#tick)
    else setImmediate(this.#turn)
  }

  /** A tick that is asked for while promises are settled comes when all of them are. */
  readonly #tick = (): void => process.nextTick(this.#run)

  readonly #turn = (): void => {
    this.#stretchEnds = this.now() + STRETCH
    this.#run()
  }

  readonly #wake = (): void => {
    this.#timeout = undefined
    this.#timeoutDeadline = Infinity
    // Tasks that are due are run now, even if others are to be run next.
    this.#runDue()
  }

  readonly #run = (): void => {
    this.#isNext = false
    this.#runDue()
  }

  /** Runs what is due now. Tasks that these ask for wait for the next call, so that they cannot hold up input. */
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
