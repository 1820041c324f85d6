/** Reassembly with a clock: what it gives up, it gives up in time. For either family. */
import type { Cancel, Clock, Millis } from '@mirage/clock'
import { type Fragment, type FragmentDrop, Reassembly, type Whole } from './reassembly.ts'

/** What it is made with. */
export interface Needs {
  readonly clock: Clock
  /** Where it counts. */
  readonly drops: Record<FragmentDrop, number>
  /** Is told of each packet that was given up, by a copy of its first fragment, if that came. */
  readonly timedOut: (first: Uint8Array) => void
  /** Bytes of payload that are kept of all packets together; 262,144 unless told. */
  readonly sizeMax?: number | undefined
}

/** Joins fragments of packets. While it keeps none, it sets no timer. */
export class Reassembler {
  #clock: Clock
  #reassembly: Reassembly
  #timedOut: (first: Uint8Array) => void
  #cancel: Cancel | undefined
  /** When the timer runs. */
  #deadline: Millis | undefined
  #isDisconnected = false

  constructor({ clock, drops, timedOut, sizeMax }: Needs) {
    this.#clock = clock
    this.#reassembly = new Reassembly(sizeMax, drops)
    this.#timedOut = timedOut
  }

  /** Takes a fragment of the packet that `key` stands for. Returns the packet, the caller's to change, if it is whole now. */
  input(key: string, fragment: Fragment): Whole | undefined {
    if (this.#isDisconnected) return undefined
    const now = this.#clock.now()
    this.#expire(now)
    const outcome = this.#reassembly.input(key, fragment, now)
    this.#setTimer()
    return outcome.ok ? outcome.value : undefined
  }

  /** Gives up what it keeps, and tells nobody. It takes no more. */
  disconnect(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#deadline = undefined
    this.#isDisconnected = true
    this.#reassembly.clear()
  }

  /** Bytes of payload that it keeps. */
  get size(): number {
    return this.#reassembly.size
  }

  #expire(now: Millis): void {
    for (const first of this.#reassembly.expire(now)) this.#timedOut(first)
  }

  #setTimer(): void {
    const { deadline } = this.#reassembly
    if (deadline === this.#deadline) return
    // One that is early costs less than one that moves with every fragment of a flood.
    if (deadline !== undefined && this.#deadline !== undefined && this.#deadline < deadline) return
    this.#cancel?.()
    this.#deadline = deadline
    this.#cancel = deadline === undefined ? undefined : this.#clock.at(deadline, this.#wake)
  }

  #wake = (): void => {
    this.#deadline = undefined
    this.#expire(this.#clock.now())
    this.#setTimer()
  }
}
