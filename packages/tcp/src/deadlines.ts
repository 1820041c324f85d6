/**
 * What is due first, among many that are due at some time: a binary heap.
 *
 * A connection's deadline moves with nearly every segment, mostly to later. So an entry is moved only if it is due
 * earlier than it stands here; one that comes up too early is put back by its owner. Idle ones are not here at all.
 */
import type { Millis } from '@mirage/clock'

export interface Due {
  /** When it comes up, if it is here. Only the heap uses it. */
  dueAt: Millis
  /** Where in the heap it stands. Only the heap changes it. */
  place: number
}

/** The place of an entry that is not in the heap. */
export const NOWHERE = -1

export class Deadlines<T extends Due> {
  #heap: T[] = []

  /** The earliest deadline; infinite if there is none. */
  get first(): Millis {
    return this.#heap.length === 0 ? Number.POSITIVE_INFINITY : this.#heap[0]!.dueAt
  }

  /** Makes `entry` come up at `dueAt`, or when it already does if that is earlier. */
  add(entry: T, dueAt: Millis): void {
    if (entry.place !== NOWHERE && dueAt >= entry.dueAt) return
    if (entry.place === NOWHERE) {
      entry.place = this.#heap.length
      this.#heap.push(entry)
    }
    entry.dueAt = dueAt
    this.#rise(entry)
  }

  /** Takes out the first entry, if it is due at `now`. */
  take(now: Millis): T | undefined {
    const entry = this.#heap[0]
    if (entry === undefined || entry.dueAt > now) return undefined
    this.remove(entry)
    return entry
  }

  remove(entry: T): void {
    if (entry.place === NOWHERE) return
    const last = this.#heap.pop()!
    if (last !== entry) {
      this.#put(last, entry.place)
      this.#rise(last)
      this.#sink(last)
    }
    entry.place = NOWHERE
  }

  #put(entry: T, place: number): void {
    this.#heap[place] = entry
    entry.place = place
  }

  #rise(entry: T): void {
    while (entry.place > 0) {
      const parent = this.#heap[(entry.place - 1) >> 1]!
      if (parent.dueAt <= entry.dueAt) return
      this.#swap(entry, parent)
    }
  }

  #sink(entry: T): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1]
      const right = this.#heap[2 * entry.place + 2]
      const child = right !== undefined && right.dueAt < left!.dueAt ? right : left
      if (child === undefined || entry.dueAt <= child.dueAt) return
      this.#swap(entry, child)
    }
  }

  #swap(a: T, b: T): void {
    const place = a.place
    this.#put(a, b.place)
    this.#put(b, place)
  }
}
