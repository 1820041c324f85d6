/** What all connections of a stack hold in their queues, together, whether that is too much, and who waits for it. */
import type { Tcb } from './tcb.ts'

/** Who holds some of it. */
export interface Holder {
  readonly tcb: Tcb
  /** Bytes that it was last counted with. Only the budget uses it. */
  held: number
}

/** What one connection may hold while there is too much in all, even if there are very many: one chunk of its queue. */
export const SHARE_MIN = 4096

export class Budget<H extends Holder> {
  /** Text to be read, in order or not, and what holds the text to be sent, in bytes. */
  used = 0
  /** What is over the budget waits: set when there is too much, until a quarter of it is free again. */
  isExhausted = false
  /** How often that happened. */
  exhaustions = 0
  readonly #max: number
  readonly #woken: (holder: H) => void
  /** Those that have more to hold, once there is room. */
  readonly #waiting: Set<H> = new Set()

  /** `max` bytes for all; `woken` is told of those that wait and may go on. */
  constructor(max: number, woken: (holder: H) => void) {
    this.#max = max
    this.#woken = woken
  }

  /**
   * Whether `holder`, one of `count`, may not hold more now: who holds little is not concerned, so that those who do not
   * read stop nobody else.
   */
  isOver(holder: Holder, count: number): boolean {
    return this.isExhausted && holder.held > Math.max(SHARE_MIN, this.#max / 2 / count)
  }

  /** Counts `holder` anew. Text that came out of order goes where there is too much: its sender has it still. */
  count(holder: Holder): void {
    const { snd, rcv } = holder.tcb
    if (this.isExhausted) rcv.assembler.clear()
    this.#change(holder, snd.queue.held + rcv.ready.length + rcv.assembler.size)
  }

  /** Counts `holder` no more, which waits for nothing any more; others may go on. */
  release(holder: H): void {
    this.#change(holder, 0)
    this.#waiting.delete(holder)
    this.wake()
  }

  /** Has `holder` wait until there is room. */
  wait(holder: H): void {
    this.#waiting.add(holder)
  }

  /** Tells those that wait, if there is room. */
  wake(): void {
    if (this.#waiting.size === 0 || this.isExhausted) return
    for (const holder of this.#waiting) this.#woken(holder)
    this.#waiting.clear()
  }

  #change(holder: Holder, held: number): void {
    if (held === holder.held) return
    this.used += held - holder.held
    holder.held = held
    if (this.isExhausted) this.isExhausted = this.used > 0.75 * this.#max
    else if (this.used > this.#max) {
      this.isExhausted = true
      this.exhaustions += 1
    }
  }
}
