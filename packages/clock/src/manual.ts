/** A clock that stands still until it is told to advance: for tests, which never sleep. */
import { assert } from '@mirage/result'
import { type Cancel, type Clock, type Millis, type WallTime, fromEpochMs } from './clock.ts'
import { Timers } from './timers.ts'

/** More tasks than this without time passing are taken for tasks that wake each other for ever. */
const TASKS_PER_INSTANT_MAX = 1_000_000

/** A clock whose time passes where a test says so, and nowhere else. */
export interface ManualClock extends Clock {
  /**
   * Moves time `duration` forward, never negative. Every task that comes due on the way, also one that another
   * asked for, runs at its own deadline and in order. `advance(0)` runs what is due now. A task that advances
   * the clock is a bug and throws; so do a million tasks in one instant.
   */
  advance(duration: Millis): void

  /** The earliest deadline that a task waits for. */
  readonly deadline: Millis | undefined

  /** How many tasks wait. */
  readonly pending: number
}

/** A clock whose monotonic time begins at zero, and whose date begins `epochMs` after 1970-01-01 UTC. */
export function manual(epochMs: number = 0): ManualClock {
  return new Manual(epochMs)
}

class Manual implements ManualClock {
  #now: Millis = 0
  #epochMs: number
  #timers: Timers = new Timers()
  #advancing = false

  constructor(epochMs: number) {
    this.#epochMs = epochMs
  }

  now(): Millis {
    return this.#now
  }

  wall(): WallTime {
    return fromEpochMs(this.#epochMs + Math.floor(this.#now))
  }

  timezoneOffset(): number | undefined {
    return undefined
  }

  at(deadline: Millis, task: () => void): Cancel {
    return this.#timers.add(deadline, task)
  }

  get deadline(): Millis | undefined {
    return this.#timers.deadline
  }

  get pending(): number {
    return this.#timers.count
  }

  advance(duration: Millis): void {
    assert(duration >= 0, 'time does not go back')
    assert(!this.#advancing, 'a task does not advance the clock that runs it')
    this.#advancing = true
    try {
      this.#runUntil(this.#now + duration)
    } finally {
      this.#advancing = false
    }
  }

  #runUntil(end: Millis): void {
    let tasks = 0
    for (;;) {
      const { deadline } = this.#timers
      if (deadline === undefined || deadline > end) break
      if (deadline > this.#now) {
        this.#now = deadline
        tasks = 0
      }
      assert(++tasks <= TASKS_PER_INSTANT_MAX, 'tasks do not wake each other for ever in one instant')
      this.#timers.take(this.#now)!()
    }
    this.#now = end
  }
}
