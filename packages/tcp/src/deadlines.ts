/**
 * What is due first, among many that are due at some time: a heap whose entries have four below them each.
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

/** Entries right below one. */
const WIDTH = 4

export class Deadlines<T extends Due> {
  #heap: T[] = []
  /** When each of them is due. Side by side, since the entries are far apart, and those of many in no cache. */
  #dues: Millis[] = []

  /** The earliest deadline; infinite if there is none. */
  get first(): Millis {
    return this.#dues.length === 0 ? Number.POSITIVE_INFINITY : this.#dues[0]!
  }

  /** Makes `entry` come up at `dueAt`, or when it already does if that is earlier. */
  add(entry: T, dueAt: Millis): void {
    if (entry.place !== NOWHERE && dueAt >= entry.dueAt) return
    entry.dueAt = dueAt
    this.#rise(entry, dueAt, entry.place === NOWHERE ? this.#heap.length : entry.place)
  }

  /** Takes out the first entry, if it is due at `now`. */
  take(now: Millis): T | undefined {
    if (this.first > now) return undefined
    const entry = this.#heap[0]!
    this.remove(entry)
    return entry
  }

  remove(entry: T): void {
    const { place } = entry
    if (place === NOWHERE) return
    entry.place = NOWHERE
    const last = this.#heap.pop()!
    const dueAt = this.#dues.pop()!
    if (last === entry) return
    this.#rise(last, dueAt, place)
    if (last.place === place) this.#sink(last, dueAt, place)
  }

  /** Puts `entry` at `from`, or nearer to the front in the place of what is due later. */
  #rise(entry: T, dueAt: Millis, from: number): void {
    let place = from
    while (place > 0) {
      const above = Math.trunc((place - 1) / WIDTH)
      if (this.#dues[above]! <= dueAt) break
      this.#put(this.#heap[above]!, this.#dues[above]!, place)
      place = above
    }
    this.#put(entry, dueAt, place)
  }

  /** Puts `entry` at `from`, or farther from the front in the place of what is due earlier. */
  #sink(entry: T, dueAt: Millis, from: number): void {
    let place = from
    for (let below = this.#firstBelow(place); below > 0; below = this.#firstBelow(place)) {
      if (dueAt <= this.#dues[below]!) break
      this.#put(this.#heap[below]!, this.#dues[below]!, place)
      place = below
    }
    this.#put(entry, dueAt, place)
  }

  /** Where what is due first right below `place` stands; 0 if nothing is there. */
  #firstBelow(place: number): number {
    const begin = WIDTH * place + 1
    const end = Math.min(begin + WIDTH, this.#dues.length)
    if (begin >= end) return 0
    let first = begin
    for (let i = begin + 1; i < end; i++) if (this.#dues[i]! < this.#dues[first]!) first = i
    return first
  }

  #put(entry: T, dueAt: Millis, place: number): void {
    this.#heap[place] = entry
    this.#dues[place] = dueAt
    entry.place = place
  }
}
