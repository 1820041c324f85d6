/** The clock of an image: the host's monotonic time and date, and the tasks of the main loop. */
import type { Cancel, Clock, Millis, WallTime } from '@mirage/clock'
import { type Result, ok } from '@mirage/result'
import { type Loop, loop } from './loop.ts'
import { type Solo5, solo5 } from './solo5.ts'

const SECONDS_PER_DAY = 86_400
const NANOSECONDS_PER_SECOND = 1_000_000_000

/** The clock of one loop. */
export class Solo5Clock implements Clock {
  readonly #solo5: Solo5
  readonly #loop: Loop
  readonly #date: Float64Array = new Float64Array(2)

  constructor(platform: Solo5, itsLoop: Loop) {
    this.#solo5 = platform
    this.#loop = itsLoop
  }

  now(): Millis {
    return this.#solo5.clockMonotonic()
  }

  wall(): WallTime {
    this.#solo5.clockWall(this.#date)
    const [seconds = 0, nanoseconds = 0] = this.#date
    const days = Math.floor(seconds / SECONDS_PER_DAY)
    const ofDay = (seconds - days * SECONDS_PER_DAY) * NANOSECONDS_PER_SECOND + nanoseconds
    return { days, picoseconds: BigInt(ofDay) * 1000n }
  }

  /** Nobody tells a guest where it is. */
  timezoneOffset(): undefined {
    return undefined
  }

  at(deadline: Millis, task: () => void): Cancel {
    return this.#loop.at(deadline, task)
  }
}

let theClock: Clock | undefined

/** The one clock of the unikernel. */
export function clock(): Clock {
  theClock ??= new Solo5Clock(solo5(), loop())
  return theClock
}

/** The clock of the unikernel. */
export function connect(): Result<Clock, string> {
  return ok(clock())
}
