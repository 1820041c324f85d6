/**
 * Text that was accepted from the application and is not yet acknowledged, in order.
 *
 * It is copied into chunks that a stack's connections take from a common store and give back as soon as the peer
 * has acknowledged them, so an idle connection holds none.
 */
import { allocate, arena } from '@mirage/bytes/arena'
import * as checksum from '@mirage/bytes/checksum'
import { copy } from '@mirage/bytes/copy'
import { assert } from '@mirage/result'

/** A chunk for what is shorter than a large one. */
const SMALL_SHIFT = 12
/** A chunk of any other: a copy of 64 KiB takes half the time of sixteen of 4 KiB. */
const LARGE_SHIFT = 16
export const LARGE_SIZE: number = 1 << LARGE_SHIFT
/** Bytes in chunks of either size that are kept for the next transfer; more than these are left to the collector. */
const KEPT_SIZE = 4_194_304
/** Empty queues that are kept. */
const QUEUES_MAX = 1024
/** Chunks that a queue has given back before it closes up its list: one at a time took a tenth of a bulk transfer. */
const GONE_MAX = 64

/** Chunks of one size that nobody uses. */
class Shelf {
  readonly shift: number
  readonly #countMax: number
  readonly #spare: Uint8Array[] = []
  /** Chunks that were made to be kept. */
  #kept = 0

  constructor(shift: number) {
    this.shift = shift
    this.#countMax = KEPT_SIZE >>> shift
  }

  take(): Uint8Array {
    const chunk = this.#spare.pop()
    if (chunk !== undefined) return chunk
    if (this.#kept >= this.#countMax) return new Uint8Array(1 << this.shift)
    this.#kept += 1
    return allocate(1 << this.shift)
  }

  giveBack(chunk: Uint8Array): void {
    // The arena takes nothing back.
    if (this.#spare.length < this.#countMax || chunk.buffer === arena.buffer) this.#spare.push(chunk)
  }
}

/** What the queues of a stack are made of. */
export class Chunks {
  readonly #small: Shelf = new Shelf(SMALL_SHIFT)
  readonly #large: Shelf = new Shelf(LARGE_SHIFT)
  readonly #queues: SendQueue[] = []

  /** An empty queue: one that was used, if there is one, for the reason that flights have (`scoreboard.ts`). */
  queue(): SendQueue {
    return this.#queues.pop() ?? new SendQueue()
  }

  /** Takes an empty queue back from a connection, and returns what stands there instead. */
  takeBack(queue: SendQueue): SendQueue {
    if (queue !== NO_QUEUE && this.#queues.length < QUEUES_MAX) this.#queues.push(queue)
    return NO_QUEUE
  }

  /** The chunks for a write of `length` bytes. */
  shelf(length: number): Shelf {
    return length < LARGE_SIZE ? this.#small : this.#large
  }
}

/** Text in chunks of one size. */
class Strip {
  length = 0
  /** Where its chunks come from, from the first until it is empty. */
  #shelf: Shelf = NO_SHELF
  #chunks: Uint8Array[] = NONE
  /** Chunks at the front of the list that were given back. */
  #gone = 0
  /** Where in the chunks of the list the text begins. */
  #start = 0

  get held(): number {
    return (this.#chunks.length - this.#gone) << this.#shelf.shift
  }

  get isLarge(): boolean {
    return this.#shelf.shift === LARGE_SHIFT
  }

  /** From here on its chunks are those of `shelf`; it has none. */
  begin(shelf: Shelf): void {
    this.#shelf = shelf
  }

  append(bytes: Uint8Array, offset: number, end: number): void {
    const { shift } = this.#shelf
    const size = 1 << shift
    let from = offset
    // Most have one chunk: a list of one takes 24 bytes, one that grows 150.
    if (from < end && this.#chunks === NONE) this.#chunks = [this.#shelf.take()]
    while (from < end) {
      const at = this.#start + this.length
      if (at >>> shift === this.#chunks.length) this.#chunks.push(this.#shelf.take())
      const here = at & (size - 1)
      const count = Math.min(end - from, size - here)
      copy(this.#chunks[at >>> shift]!, here, bytes, from, count)
      this.length += count
      from += count
    }
  }

  copy(position: number, frame: Uint8Array, offset: number, length: number, isSummed: boolean): checksum.Sum {
    const { shift } = this.#shelf
    const size = 1 << shift
    let sum = 0
    let at = this.#start + position
    let to = offset
    const end = offset + length
    while (to < end) {
      const chunk = this.#chunks[at >>> shift]!
      const from = at & (size - 1)
      const count = Math.min(end - to, size - from)
      if (isSummed) sum = checksum.join(sum, to - offset, checksum.copyAdd(frame, to, chunk, from, count))
      else copy(frame, to, chunk, from, count)
      at += count
      to += count
    }
    return sum
  }

  drop(count: number): void {
    const { shift } = this.#shelf
    this.length -= count
    this.#start += count
    for (; this.#gone < this.#start >>> shift; this.#gone++) this.#shelf.giveBack(this.#chunks[this.#gone]!)
    if (this.length === 0) return this.clear()
    if (this.#gone < GONE_MAX) return
    this.#chunks.splice(0, this.#gone)
    this.#start -= this.#gone << shift
    this.#gone = 0
  }

  clear(): void {
    for (let i = this.#gone; i < this.#chunks.length; i++) this.#shelf.giveBack(this.#chunks[i]!)
    this.#gone = 0
    // A list of one is used again.
    if (this.#chunks.length === 1) this.#chunks.pop()
    else this.#chunks = NONE
    this.length = 0
    this.#start = 0
  }
}

export class SendQueue {
  length = 0
  /** What is sent first; and what comes behind it in larger chunks, if anything does. */
  #front: Strip = new Strip()
  #back: Strip = new Strip()

  /** Bytes of the chunks that hold it. */
  get held(): number {
    return this.#front.held + this.#back.held
  }

  /**
   * Copies `bytes` from `offset` up to `end` to the end of the queue: a part of what is to be appended, which has `whole`
   * bytes.
   */
  append(store: Chunks, bytes: Uint8Array, offset: number, end: number, whole: number = end - offset): void {
    const strip = this.#last(store, whole)
    strip.append(bytes, offset, end)
    this.length += end - offset
  }

  /** Where what comes next is put. A head and a long body have chunks of different sizes, however they are written. */
  #last(store: Chunks, whole: number): Strip {
    if (this.#back.length > 0) return this.#back
    if (this.length === 0) this.#front.begin(store.shelf(whole))
    if (whole < LARGE_SIZE || this.#front.isLarge) return this.#front
    this.#back.begin(store.shelf(whole))
    return this.#back
  }

  /** Copies `length` bytes from `position` of the queue into `frame` at `offset`, and returns their sum if it `isSummed`. */
  copy(position: number, frame: Uint8Array, offset: number, length: number, isSummed: boolean): checksum.Sum {
    assert(position >= 0 && position + length <= this.length, 'tcp: what is sent is in the queue')
    const before = this.#front.length - position
    if (before >= length) return this.#front.copy(position, frame, offset, length, isSummed)
    if (before <= 0) return this.#back.copy(-before, frame, offset, length, isSummed)
    const sum = this.#front.copy(position, frame, offset, before, isSummed)
    const rest = this.#back.copy(0, frame, offset + before, length - before, isSummed)
    return checksum.join(sum, before, rest)
  }

  /** Drops `count` bytes from the front: they were acknowledged. */
  drop(count: number): void {
    assert(count <= this.length, 'tcp: what is acknowledged was in the queue')
    this.length -= count
    const here = Math.min(count, this.#front.length)
    this.#front.drop(here)
    if (this.#back.length === 0) return
    if (here < count) this.#back.drop(count - here)
    if (this.#front.length > 0) return
    const empty = this.#front
    this.#front = this.#back
    this.#back = empty
  }

  clear(): void {
    this.#front.clear()
    this.#back.clear()
    this.length = 0
  }
}

/** The chunks of every empty queue: one list, which nobody changes. */
const NONE: Uint8Array[] = []
/** Where the chunks come from of what has none. */
const NO_SHELF = new Shelf(SMALL_SHIFT)

/** The queue of every connection that has nothing to send: one, to which nothing is appended. */
export const NO_QUEUE: SendQueue = new SendQueue()
