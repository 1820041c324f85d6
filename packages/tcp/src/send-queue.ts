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

const CHUNK_SHIFT = 12
export const CHUNK_SIZE: number = 1 << CHUNK_SHIFT
/** Chunks that are kept for the next transfer, 4 MiB, and empty queues; more than these are left to the collector. */
const SPARE_MAX = 1024
/** Chunks that a queue has given back before it closes up its list: one at a time took a tenth of a bulk transfer. */
const GONE_MAX = 64

export class Chunks {
  readonly #spare: Uint8Array[] = []
  /** Chunks that were made to be kept. */
  #kept = 0
  readonly #queues: SendQueue[] = []

  /** An empty queue: one that was used, if there is one, for the reason that flights have (`scoreboard.ts`). */
  queue(): SendQueue {
    return this.#queues.pop() ?? new SendQueue()
  }

  /** Takes an empty queue back from a connection, and returns what stands there instead. */
  takeBack(queue: SendQueue): SendQueue {
    if (queue !== NO_QUEUE && this.#queues.length < SPARE_MAX) this.#queues.push(queue)
    return NO_QUEUE
  }

  take(): Uint8Array {
    const chunk = this.#spare.pop()
    if (chunk !== undefined) return chunk
    if (this.#kept >= SPARE_MAX) return new Uint8Array(CHUNK_SIZE)
    this.#kept += 1
    return allocate(CHUNK_SIZE)
  }

  giveBack(chunk: Uint8Array): void {
    // The arena takes nothing back.
    if (this.#spare.length < SPARE_MAX || chunk.buffer === arena.buffer) this.#spare.push(chunk)
  }
}

export class SendQueue {
  length = 0
  #chunks: Uint8Array[] = NONE
  /** Chunks at the front of the list that were given back. */
  #gone = 0
  /** Where in the chunks of the list the queue begins. */
  #start = 0

  /** Copies `bytes` from `offset` up to `end` to the end of the queue. */
  append(store: Chunks, bytes: Uint8Array, offset: number, end: number): void {
    let from = offset
    // Most queues have one chunk: a list of one takes 24 bytes, one that grows 150.
    if (from < end && this.#chunks === NONE) this.#chunks = [store.take()]
    while (from < end) {
      const at = this.#start + this.length
      const room = CHUNK_SIZE - (at & (CHUNK_SIZE - 1))
      if (at >>> CHUNK_SHIFT === this.#chunks.length) this.#chunks.push(store.take())
      const count = Math.min(end - from, room)
      const chunk = this.#chunks[at >>> CHUNK_SHIFT]!
      copy(chunk, at & (CHUNK_SIZE - 1), bytes, from, count)
      this.length += count
      from += count
    }
  }

  /** Copies `length` bytes from `position` of the queue into `frame` at `offset`, and returns their sum if it `isSummed`. */
  copy(position: number, frame: Uint8Array, offset: number, length: number, isSummed: boolean): checksum.Sum {
    assert(position >= 0 && position + length <= this.length, 'tcp: what is sent is in the queue')
    let sum = 0
    let at = this.#start + position
    let to = offset
    const end = offset + length
    while (to < end) {
      const chunk = this.#chunks[at >>> CHUNK_SHIFT]!
      const from = at & (CHUNK_SIZE - 1)
      const count = Math.min(end - to, CHUNK_SIZE - from)
      if (isSummed) sum = checksum.join(sum, to - offset, checksum.copyAdd(frame, to, chunk, from, count))
      else copy(frame, to, chunk, from, count)
      at += count
      to += count
    }
    return sum
  }

  /** Drops `count` bytes from the front: they were acknowledged. */
  drop(store: Chunks, count: number): void {
    assert(count <= this.length, 'tcp: what is acknowledged was in the queue')
    this.length -= count
    this.#start += count
    for (; this.#gone < this.#start >>> CHUNK_SHIFT; this.#gone++) store.giveBack(this.#chunks[this.#gone]!)
    if (this.length === 0) return this.clear(store)
    if (this.#gone < GONE_MAX) return
    this.#chunks.splice(0, this.#gone)
    this.#start -= this.#gone << CHUNK_SHIFT
    this.#gone = 0
  }

  clear(store: Chunks): void {
    for (let i = this.#gone; i < this.#chunks.length; i++) store.giveBack(this.#chunks[i]!)
    this.#gone = 0
    // A list of one is used again.
    if (this.#chunks.length === 1) this.#chunks.pop()
    else this.#chunks = NONE
    this.length = 0
    this.#start = 0
  }
}

/** The chunks of every empty queue: one list, which nobody changes. */
const NONE: Uint8Array[] = []

/** The queue of every connection that has nothing to send: one, to which nothing is appended. */
export const NO_QUEUE: SendQueue = new SendQueue()
