/**
 * What is left for the end of a turn: once what runs now is over, every connection that it concerned is looked at, once.
 *
 * So what several segments brought is read at once, and what several writes left is sent together.
 */
import type { Clock, Millis } from '@mirage/clock'
import type { Connection } from './connection.ts'
import { NEVER } from './tcb.ts'

export class Turn {
  readonly #clock: Clock
  readonly #ends: (connection: Connection, now: Millis) => void
  #touched: Connection[] = []
  #isDue = false
  /** When the segments of this turn arrived, once it was asked. */
  #arrivedAt: Millis = NEVER

  /** Calls `ends` with every connection that was touched. */
  constructor(clock: Clock, ends: (connection: Connection, now: Millis) => void) {
    this.#clock = clock
    this.#ends = ends
  }

  /** Leaves `connection` for the end of the turn. */
  touch(connection: Connection): void {
    if (connection.isTouched) return
    connection.isTouched = true
    this.#touched.push(connection)
    if (this.#isDue) return
    this.#isDue = true
    void Promise.resolve().then(this.#end)
  }

  /** The time of a segment. Those of one batch have the same: asking takes 40 ns, a tenth of an acknowledgement. */
  arrival(): Millis {
    if (!this.#isDue) return this.#clock.now()
    if (this.#arrivedAt === NEVER) this.#arrivedAt = this.#clock.now()
    return this.#arrivedAt
  }

  #end = (): void => {
    this.#isDue = false
    this.#arrivedAt = NEVER
    const touched = this.#touched
    this.#touched = []
    const now = this.#clock.now()
    for (const connection of touched) this.#ends(connection, now)
  }
}
