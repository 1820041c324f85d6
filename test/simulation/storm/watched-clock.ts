/** A clock that knows what waits on it: for a host whose timers must be few, finite, and gone when it is. */
import assert from 'node:assert/strict'
import type { Cancel, Clock, Millis, WallTime } from '@mirage/clock'

/** Nothing in a stack waits longer at once: 60 s are the longest of TCP, and who waits for hours looks every minute. */
const AHEAD_MAX: Millis = 120_000

/** The clock of one run of a host. */
export class WatchedClock implements Clock {
  readonly #clock: Clock
  /** Tasks that neither ran nor were cancelled. */
  pending = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): Millis {
    return this.#clock.now()
  }

  wall(): WallTime {
    return this.#clock.wall()
  }

  timezoneOffset(): number | undefined {
    return this.#clock.timezoneOffset()
  }

  at(deadline: Millis, task: () => void): Cancel {
    assert.ok(deadline <= this.now() + AHEAD_MAX, `a timer for ${deadline} at ${this.now()}`)
    let isPending = true
    this.pending++
    const settle = (): void => {
      if (isPending) this.pending--
      isPending = false
    }
    const cancel = this.#clock.at(deadline, () => {
      settle()
      task()
    })
    return () => {
      settle()
      cancel()
    }
  }
}
