/**
 * What is due first, among many that are due at some time: a heap of times at which one of them is looked at.
 *
 * A connection's deadline moves with nearly every segment, mostly to later or to never. So the heap is left as it is:
 * whoever comes up too early is put where it belongs then, and whoever is due earlier is put in once more. Idle ones are
 * not here at all.
 */
import type { Millis } from '@mirage/clock'

export interface Due {
  /** When it is due; `NEVER` if it is not. Only `Deadlines` changes it. */
  dueAt: Millis
  /** When it is looked at, then or before; `NEVER` if it is not. Only `Deadlines` uses it. */
  lookAt: Millis
}

/** No time: a small integer, as deadlines are. */
export const NEVER: Millis = -1

/** Entries right below one. */
const WIDTH = 4
/** Looks that are outdated: so many, and as many as are not. */
export const OUTDATED_MAX = 64

export class Deadlines<T extends Due> {
  #heap: T[] = []
  /** When each of them is looked at. Side by side, since the entries are far apart, and those of many in no cache. */
  #times: Millis[] = []
  /** How many of these count no more, because their entry is looked at earlier, or was removed. */
  #outdated = 0

  /** How many looks are to come: twice as many as there are entries to look at, and `OUTDATED_MAX`, at most. */
  get length(): number {
    return this.#heap.length
  }

  /** The earliest time at which something may be due; infinite if there is none. */
  get first(): Millis {
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!
  }

  /** Makes `entry` come up at `dueAt`, whenever it did before; not at all for `NEVER`. */
  set(entry: T, dueAt: Millis): void {
    entry.dueAt = dueAt
    if (dueAt === NEVER) return
    if (entry.lookAt !== NEVER) {
      if (entry.lookAt <= dueAt) return
      this.#outdate(entry)
    }
    this.#add(entry, dueAt)
  }

  /** Takes out an entry that is due at `now`, the first of those; `undefined` if there is none. */
  take(now: Millis): T | undefined {
    while (this.first <= now) {
      const at = this.first
      const entry = this.#pop()
      if (entry.lookAt !== at) {
        this.#outdated -= 1
        continue
      }
      entry.lookAt = NEVER
      if (entry.dueAt === NEVER) continue
      // Not before those that are looked at until then.
      if (entry.dueAt > at) this.#add(entry, entry.dueAt)
      else {
        entry.dueAt = NEVER
        return entry
      }
    }
    return undefined
  }

  remove(entry: T): void {
    entry.dueAt = NEVER
    if (entry.lookAt !== NEVER) this.#outdate(entry)
  }

  /** `entry` is not looked at when it would have been. */
  #outdate(entry: T): void {
    entry.lookAt = NEVER
    this.#outdated += 1
    if (2 * this.#outdated <= this.#heap.length + OUTDATED_MAX) return
    const [entries, times] = [this.#heap, this.#times]
    const due = entries.filter((each, i) => {
      if (each.lookAt !== times[i]) return false
      each.lookAt = NEVER
      return each.dueAt !== NEVER
    })
    this.#heap = []
    this.#times = []
    this.#outdated = 0
    for (const each of due) this.#add(each, each.dueAt)
  }

  #add(entry: T, at: Millis): void {
    entry.lookAt = at
    let place = this.#heap.length
    while (place > 0) {
      const above = Math.trunc((place - 1) / WIDTH)
      if (this.#times[above]! <= at) break
      this.#move(above, place)
      place = above
    }
    this.#heap[place] = entry
    this.#times[place] = at
  }

  /** Takes out the first. */
  #pop(): T {
    const first = this.#heap[0]!
    const last = this.#heap.pop()!
    const at = this.#times.pop()!
    if (this.#heap.length === 0) return first
    let place = 0
    for (let below = this.#firstBelow(place); below > 0; below = this.#firstBelow(place)) {
      if (at <= this.#times[below]!) break
      this.#move(below, place)
      place = below
    }
    this.#heap[place] = last
    this.#times[place] = at
    return first
  }

  /** Where what is looked at first right below `place` stands; 0 if nothing is there. */
  #firstBelow(place: number): number {
    const begin = WIDTH * place + 1
    const end = Math.min(begin + WIDTH, this.#times.length)
    if (begin >= end) return 0
    let first = begin
    for (let i = begin + 1; i < end; i++) if (this.#times[i]! < this.#times[first]!) first = i
    return first
  }

  #move(from: number, to: number): void {
    this.#heap[to] = this.#heap[from]!
    this.#times[to] = this.#times[from]!
  }
}
