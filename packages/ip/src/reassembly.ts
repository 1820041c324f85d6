/**
 * Packets of which fragments arrived, of both families: how long they are waited for, and how much may be kept.
 * RFC 791 §3.2, RFC 1122 §3.3.2, RFC 8200 §4.5, RFC 5722.
 *
 * Time is an argument, deadlines are data. What the fragments of a packet have in common is a key that the caller
 * makes; what lies in them is looked at by `PartialPacket`.
 */
import type { Millis } from '@mirage/clock'
import { type Result, assert, err, ok } from '@mirage/result'
import { type Fragment, type FragmentError, PartialPacket, type Whole } from './partial.ts'

export type { Fragment, Whole } from './partial.ts'

/** Bytes of payload that are kept of all packets together, unless told otherwise. */
export const SIZE_MAX = 262_144
/** Packets that are kept, so that tiny fragments do not hide behind what they weigh. */
export const PACKETS_MAX = 1024
/** How long after the first fragment that arrived the last one may. */
export const TIMEOUT_MS: Millis = 10_000

/** Why a fragment led to nothing. */
export type FragmentDrop =
  | FragmentError
  /** Another fragment of its packet was an error. */
  | 'fragment-poisoned'
  /** It was the longest that no fragment of its packet came, when room was needed. */
  | 'fragment-evicted'
  /** The rest of its packet did not come in time. */
  | 'fragment-timeout'

/** What is known of one key. */
interface Entry {
  readonly key: string
  readonly deadline: Millis
  /** Absent once a fragment was an error: then no other of this key leads to anything. */
  partial: PartialPacket | undefined
}

/** What is waiting for more fragments. `now` never decreases from one call to the next. */
export class Reassembly {
  /** How many fragments led to nothing, by reason. Those that were kept count when it is known that they do. */
  readonly drops: Record<FragmentDrop, number>
  #sizeMax: number
  #size = 0
  // A Map keeps the order in which keys were set: here the least recently used is the first …
  #byUse: Map<string, Entry> = new Map()
  // … and here the oldest, whose deadline is the earliest.
  #byAge: Map<string, Entry> = new Map()

  constructor(sizeMax: number = SIZE_MAX, drops: Record<FragmentDrop, number> = noDrops()) {
    this.#sizeMax = sizeMax
    this.drops = drops
  }

  /** Bytes of payload that are kept, never more than the limit: copies, which keep no frame alive. */
  get size(): number {
    return this.#size
  }

  /** Packets, at most `PACKETS_MAX`, of which something is known. */
  get count(): number {
    return this.#byUse.size
  }

  /** When the first of them is given up. */
  get deadline(): Millis | undefined {
    for (const { deadline } of this.#byAge.values()) return deadline
    return undefined
  }

  /**
   * Takes a fragment of the packet `key`: the packet, if it is whole now, and nothing while it is not. An error ends
   * the packet, but its key is remembered until the time of the packet is over. `expire` was called for this `now`.
   */
  input(key: string, fragment: Fragment, now: Millis): Result<Whole | undefined, FragmentDrop> {
    const { deadline } = this
    assert(deadline === undefined || deadline > now, 'what is over was given up')
    const entry = this.#use(key, now)
    const { partial } = entry
    if (partial === undefined) return this.#drop('fragment-poisoned')
    const error = partial.errorOf(fragment)
    if (error !== undefined) return this.#poison(entry, partial, error)
    if (partial.isWholeWith(fragment)) return this.#finish(entry, partial, fragment)
    partial.add(fragment)
    this.#size += fragment.end - fragment.offset
    this.#makeRoom()
    return waiting
  }

  /** Gives up packets whose time is over. Returns the first fragments of those that have one, for their senders. */
  expire(now: Millis): readonly Uint8Array[] {
    let firsts: Uint8Array[] | undefined
    for (const entry of this.#byAge.values()) {
      if (entry.deadline > now) break
      const first = entry.partial?.first
      if (first !== undefined) (firsts ??= []).push(first)
      this.#remove(entry, 'fragment-timeout')
    }
    return firsts ?? NONE
  }

  /** Forgets everything, and counts nothing. */
  clear(): void {
    this.#size = 0
    this.#byUse.clear()
    this.#byAge.clear()
  }

  #use(key: string, now: Millis): Entry {
    let entry = this.#byUse.get(key)
    if (entry === undefined) {
      entry = { key, deadline: now + TIMEOUT_MS, partial: new PartialPacket() }
      this.#byAge.set(key, entry)
    } else this.#byUse.delete(key)
    this.#byUse.set(key, entry)
    return entry
  }

  #finish(entry: Entry, partial: PartialPacket, last: Fragment): Result<Whole, never> {
    const whole = partial.join(last)
    this.#forget(entry)
    return ok(whole)
  }

  #poison(entry: Entry, partial: PartialPacket, error: FragmentError): Result<never, FragmentDrop> {
    this.drops[error] += partial.count
    this.#size -= partial.length
    entry.partial = undefined
    this.#makeRoom()
    return this.#drop(error)
  }

  /** The entry in use is the last to go, but goes if it alone is too large. */
  #makeRoom(): void {
    for (const entry of this.#byUse.values()) {
      if (this.#size <= this.#sizeMax && this.#byUse.size <= PACKETS_MAX) return
      this.#remove(entry, 'fragment-evicted')
    }
  }

  #remove(entry: Entry, reason: FragmentDrop): void {
    this.drops[reason] += entry.partial?.count ?? 0
    this.#forget(entry)
  }

  #forget(entry: Entry): void {
    this.#size -= entry.partial?.length ?? 0
    this.#byUse.delete(entry.key)
    this.#byAge.delete(entry.key)
  }

  #drop(reason: FragmentDrop): Result<never, FragmentDrop> {
    this.drops[reason] += 1
    return err(reason)
  }
}

const waiting: Result<undefined, never> = Object.freeze(ok(undefined))
const NONE: readonly Uint8Array[] = []

/** A count of zero for every reason. */
export function noDrops(): Record<FragmentDrop, number> {
  return {
    'fragment-overlap': 0,
    'fragment-size': 0,
    'fragment-beyond-end': 0,
    'fragment-too-long': 0,
    'fragment-too-many': 0,
    'fragment-poisoned': 0,
    'fragment-evicted': 0,
    'fragment-timeout': 0,
  }
}
