/**
 * Conversations that a router knows of, and for how long it does: RFC 4787 §4.3, RFC 5382 §5, RFC 5508 §3.2.
 *
 *              SYN-ACK, and its ACK        FIN both ways, or RST
 *      opening ─────────────────────▶ open ─────────────────────▶ closing       TCP
 *      4 minutes                      2 h 4 min                    4 minutes
 *
 * Other protocols have no state: 5 minutes for UDP, 1 for echoes. What is silent for longer is forgotten. A session is
 * open once who began it has acknowledged the number that the other end chose: who only says to be there cannot know it.
 */
import type { IpAddress } from '@mirage/address/ip'
import type { Millis } from '@mirage/clock'
import { TCP, UDP } from '@mirage/ip'
import type { Ends } from './ends.ts'

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

/** A session takes about 300 bytes, by IPv6 450: 20 to 30 MB in all. */
export const LIMITS: Limits = { sessions: 65_536, sessionsPerHost: 8192 }

/** One conversation. */
export class Session {
  readonly protocol: number
  /** Who began it, whose limit it counts for. */
  readonly host: IpAddress
  class: Class
  lastUsed: Millis
  /** When it came to its place in the queue of its class. */
  queuedAt: Millis
  /** Which sides have ended it: 1 for the one that began it, 2 for the other. */
  ends = 0
  /** The side whose SYN was seen; neither, where the router came late. */
  synBy: 1 | 2 | undefined
  /** What acknowledges the SYN of the other, which has accepted. */
  awaited: number | undefined

  constructor(protocol: number, host: IpAddress, now: Millis) {
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
/** Sessions that one look for silent ones, or for one to end, may move within their queue. */
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
  readonly #perHost: Map<IpAddress, number> = new Map()
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

  /** A packet of `session` with these ends came by, from the side that began it or as a reply. */
  use(session: S, ends: Readonly<Ends>, isReply: boolean, now: Millis): void {
    session.lastUsed = now
    if (session.protocol !== TCP) return
    const side = isReply ? 2 : 1
    if (ends.signal === 'break') this.#move(session, 'closing')
    else if (ends.signal === 'end') {
      session.ends |= side
      if (session.ends === 3) this.#move(session, 'closing')
    } else if (ends.signal === 'begin') this.#begin(session, side)
    else if (session.class === 'opening') this.#open(session, ends, side)
  }

  #begin(session: S, side: 1 | 2): void {
    if (session.class === 'closing' || session.synBy !== side) session.awaited = undefined
    session.synBy = side
    session.ends = 0
    // The same ports again: RFC 5382 §5 lets a new connection follow the old one.
    if (session.class === 'closing') this.#move(session, 'opening')
  }

  #open(session: S, { signal, seq, ack }: Readonly<Ends>, side: 1 | 2): void {
    const { synBy, awaited } = session
    if (synBy === undefined) {
      // What was there before the router was: an answer has to do.
      if (side === 2 && signal === 'none') this.#move(session, 'open')
    } else if (signal === 'accept') {
      if (side !== synBy) session.awaited = (seq + 1) | 0
    } else if (side === synBy && ack === awaited) this.#move(session, 'open')
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
      requeue(queue, session)
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
      const queue = this.#queues[each]
      let moves = 0
      for (const session of queue) {
        if (session.lastUsed > session.queuedAt && moves < MOVES_MAX) {
          requeue(queue, session)
          moves += 1
          continue
        }
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

/** Puts a session at the end of its queue, since it was used after it came to its place. */
function requeue<S extends Session>(queue: Set<S>, session: S): void {
  session.queuedAt = session.lastUsed
  queue.delete(session)
  queue.add(session)
}
