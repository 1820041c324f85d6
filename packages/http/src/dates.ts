/** The `Date` of every response, made once a second: RFC 9110 §6.6.1. */
import { type Clock, type Millis, toEpochMs } from '@mirage/clock'
import * as date from './date.ts'
import * as latin1 from './latin1.ts'

export class Dates {
  private readonly clock: Clock
  private until: Millis = Number.NEGATIVE_INFINITY
  private bytes: Uint8Array = new Uint8Array(0)

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** The field's line, with its CR LF, at the instant `now`. */
  line(now: Millis): Uint8Array {
    if (now >= this.until) {
      const ms = toEpochMs(this.clock.wall())
      this.bytes = latin1.encode(`date: ${date.format(ms)}\r\n`)
      this.until = now + 1000 - (((ms % 1000) + 1000) % 1000)
    }
    return this.bytes
  }
}
