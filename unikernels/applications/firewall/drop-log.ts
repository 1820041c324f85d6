/** Lines about what was dropped: so many a second, and then how many there were besides. */
import type { Millis } from '@mirage/clock'

const SECOND: Millis = 1000

export class DropLog {
  readonly #rate: number
  readonly #print: (line: string) => void
  #since: Millis = Number.NEGATIVE_INFINITY
  #printed = 0
  #silent = 0

  constructor(rate: number, print: (line: string) => void) {
    this.#rate = rate
    this.#print = print
  }

  /** Something was dropped at `now`. `describe` is called only if there is room for its line. */
  dropped(now: Millis, describe: () => string): void {
    if (now - this.#since >= SECOND) this.#begin(now)
    if (this.#printed < this.#rate) {
      this.#printed += 1
      this.#print(describe())
    } else this.#silent += 1
  }

  #begin(now: Millis): void {
    if (this.#silent > 0) this.#print(`and ${this.#silent} more`)
    this.#since = now
    this.#printed = 0
    this.#silent = 0
  }
}
