/**
 * Conversations that a router knows of, and for how long it does: RFC 4787 §4.3, RFC 5382 §5, RFC 5508 §3.2.
 *
 *                 reply              FIN both ways, or RST
 *      opening ──────────▶ open ──────────────────────────▶ closing       TCP
 *      4 minutes           2 h 4 min                         4 minutes
 *
 * Other protocols have no state: 5 minutes for UDP, 1 for echoes. What is silent for longer is forgotten.
 */
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Millis } from '@mirage/clock'
import { TCP, UDP } from '@mirage/ip'
import type { Signal } from './ends.ts'

/** What decides how long a session lives in silence. */
export type Class = 'opening' | 'open' | 'closing' | 'udp' | 'other'

/** How long each may be silent. */
export const TIMEOUTS: Readonly<Record<Class, Millis>> = {
  opening: 240_000,
  open: 7_440_000,
  closing: 240_000,
  udp: 300_000,
  other: 60_000,
}

/** How many there may be: together, and of one host. */
export interface Limits {
  readonly sessions: number
  readonly sessionsPerHost: number
}

/** A session takes about 300 bytes: 20 MB in all. */
export const LIMITS: Limits = { sessions: 65_536, sessionsPerHost: 8192 }

/** One conversation. */
export class Session {
  readonly protocol: number
  /** Whose limit it counts for: who began it, or for whom it is. */
  readonly host: Ipv4
  class: Class
  lastUsed: Millis
  /** When it came to its place in the queue of its class. */
  queuedAt: Millis
  /** Which sides have ended it: 1 for the one that began it, 2 for the other. */
  ends = 0

  constructor(protocol: number, host: Ipv4, now: Millis) {
    this.protocol = protocol
    this.host = host
    this.class = protocol === TCP ? 'opening' : protocol === UDP ? 'udp' : 'other'
    this.lastUsed = now
    this.queuedAt = now
  }
}

/** Where room is made first. Sessions that are open are never ended for others. */
const EVICTED: readonly Class[] = ['closing', 'opening', 'other', 'udp']
const CLASSES: readonly Class[] = [...EVICTED, 'open']
/** Sessions that one look for silent ones may move within their queue. */
const MOVES_MAX = 64

/** All sessions of a router. `S` is what one is to its owner, who hears when it has ended. */
export class Sessions<S extends Session> {
  /** Sessions that ended for others, and those that were refused. */
  evicted = 0
  refused = 0
  readonly #limits: Limits
  readonly #ended: (session: S) => void
  /** By class, the one that was silent for longest first, or nearly: a session is moved only when it is looked at. */
  readonly #queues: Readonly<Record<Class, Set<S>>> = {
    opening: new Set(),
    open: new Set(),
    closing: new Set(),
    udp: new Set(),
    other: new Set(),
  }
  readonly #perHost: Map<Ipv4, number> = new Map()
  #count = 0

  constructor(limits: Limits, ended: (session: S) => void) {
    this.#limits = limits
    this.#ended = ended
  }

  get count(): number {
    return this.#count
  }

  /** Adds a new session, if there is room for it. */
  add(session: S, now: Millis): boolean {
    this.expire(now)
    const ofHost = this.#perHost.get(session.host) ?? 0
    const isFull =
      ofHost >= this.#limits.sessionsPerHost || (this.#count >= this.#limits.sessions && !this.#evict())
    if (isFull) {
      this.refused += 1
      return false
    }
    this.#perHost.set(session.host, ofHost + 1)
    this.#queues[session.class].add(session)
    this.#count += 1
    return true
  }

  /** A packet of `session` came by, from the side that began it or as a reply. */
  use(session: S, signal: Signal, isReply: boolean, now: Millis): void {
    session.lastUsed = now
    if (session.protocol !== TCP) return
    if (signal === 'break') this.#move(session, 'closing')
    else if (signal === 'end') {
      session.ends |= isReply ? 2 : 1
      if (session.ends === 3) this.#move(session, 'closing')
    } else if (signal === 'begin') {
      // The same ports again: RFC 5382 §5 lets a new connection follow the old one.
      if (session.class === 'closing') this.#move(session, 'opening')
      session.ends = 0
    } else if (isReply && session.class === 'opening') this.#move(session, 'open')
  }

  /** Forgets those that were silent for too long; the owner may do so from time to time, too. */
  expire(now: Millis): void {
    for (const each of CLASSES) this.#expire(this.#queues[each], TIMEOUTS[each], now)
  }

  #expire(queue: Set<S>, timeout: Millis, now: Millis): void {
    let moves = 0
    for (const session of queue) {
      if (now - session.queuedAt < timeout || moves === MOVES_MAX) return
      if (now - session.lastUsed >= timeout) {
        this.remove(session)
        continue
      }
      session.queuedAt = session.lastUsed
      queue.delete(session)
      queue.add(session)
      moves += 1
    }
  }

  remove(session: S): void {
    if (!this.#queues[session.class].delete(session)) return
    this.#count -= 1
    const left = (this.#perHost.get(session.host) ?? 1) - 1
    if (left === 0) this.#perHost.delete(session.host)
    else this.#perHost.set(session.host, left)
    this.#ended(session)
  }

  clear(): void {
    for (const each of CLASSES) for (const session of this.#queues[each]) this.remove(session)
  }

  #evict(): boolean {
    for (const each of EVICTED) {
      for (const session of this.#queues[each]) {
        this.remove(session)
        this.evicted += 1
        return true
      }
    }
    return false
  }

  #move(session: S, to: Class): void {
    if (session.class === to) return
    this.#queues[session.class].delete(session)
    session.class = to
    session.queuedAt = session.lastUsed
    this.#queues[to].add(session)
  }
}
