/** The memory of frames on their way: buffers that are lent, sent, and lent again. */
import { TRAILING_MAX } from './faults.ts'

/** One frame's buffer. Its views are kept, since a view costs more than what it shows and lengths repeat. */
export class Slot<Owner> {
  readonly owner: Owner
  /** How often the frame is still to arrive. */
  uses = 0
  readonly #bytes: Uint8Array
  #view: Uint8Array
  #length = 0
  /** Bytes from here on were never written. */
  #clean = 0

  constructor(owner: Owner, sizeMax: number) {
    this.owner = owner
    this.#bytes = new Uint8Array(sizeMax + TRAILING_MAX)
    this.#view = this.#bytes
  }

  /** A zeroed buffer of exactly `size` bytes, to be filled. */
  lend(size: number): Uint8Array {
    const view = this.#show(size)
    if (size <= this.#clean) {
      view.fill(0)
    } else {
      this.#bytes.fill(0, 0, this.#clean)
      this.#clean = size
    }
    return view
  }

  /** Makes the first `length` bytes the frame. */
  hold(length: number): void {
    this.#length = length
  }

  get length(): number {
    return this.#length
  }

  /** The frame. */
  frame(): Uint8Array {
    return this.#show(this.#length)
  }

  /** Makes `tail`, at most `TRAILING_MAX` bytes, the end of the frame. */
  append(tail: Uint8Array): void {
    this.#bytes.set(tail, this.#length)
    this.#length += tail.length
    this.#clean = Math.max(this.#clean, this.#length)
  }

  #show(length: number): Uint8Array {
    if (this.#view.length !== length) this.#view = this.#bytes.subarray(0, length)
    return this.#view
  }
}

/** At most `countMax` slots, made when they are first needed. The one used last is used next: it is in the cache. */
export class Slots<Owner> {
  readonly #owner: Owner
  readonly #sizeMax: number
  readonly #free: Slot<Owner>[] = []
  #left: number

  constructor(owner: Owner, sizeMax: number, countMax: number) {
    this.#owner = owner
    this.#sizeMax = sizeMax
    this.#left = countMax
  }

  take(): Slot<Owner> | undefined {
    const slot = this.#free.pop()
    if (slot !== undefined || this.#left === 0) return slot
    this.#left--
    return new Slot(this.#owner, this.#sizeMax)
  }

  give(slot: Slot<Owner>): void {
    this.#free.push(slot)
  }
}
