/**
 * Which MAC addresses the neighbours have, and whether they still answer: RFC 4861 §7, appendix C.
 *
 *      (none) --asked--> incomplete --answered--> reachable --time--> stale --used--> delay --time--> probe
 *                            |                        ^                  ^               |            |  |
 *                            +--3 unanswered--> gone  +---- answered ----|---------------+------------+  |
 *      (none) --heard of itself------------------------------------------+          3 unanswered: gone --+
 *
 * Time is an argument, deadlines are data. What is asked and told are the actions that each event returns.
 *
 * Not here: that TCP, which hears acknowledgements, knows a neighbour to be reachable. It is probed instead, with one
 * packet each half minute that it is used.
 */
import type { Ipv6 } from '@mirage/address/ipv6'
import { type Mac, ZERO } from '@mirage/address/mac'
import type { Millis } from '@mirage/clock'
import type { NeighbourAdvertisement } from './wire.ts'

/** Solicitations of one kind that are sent before a neighbour counts as gone: RFC 4861 §10. */
export const SOLICITS_MAX = 3
/** Between the use of a stale entry and the first probe: RFC 4861 §10. */
export const DELAY_FIRST_PROBE: Millis = 5000

/** Neighbours that are known or asked for. The least recently used is forgotten first. */
export const NEIGHBOURS_MAX = 1024
/** Neighbours that are asked for at once; a further one counts as gone. */
export const INCOMPLETE_MAX = 256
/** A neighbour that was not asked for is remembered only while there are fewer: nobody fills the cache from outside. */
export const UNASKED_MAX = 512

/** What is known of one neighbour. */
export interface Neighbour {
  state: 'incomplete' | 'reachable' | 'stale' | 'delay' | 'probe'
  /** Zero while it is incomplete. */
  mac: Mac
  isRouter: boolean
  /** When time changes something; `Infinity` if it does not. */
  deadline: Millis
  /** Solicitations sent in this state. */
  sent: number
}

/** The state. Only the functions of this file change it. */
export interface Cache {
  /** The least recently looked up first. */
  readonly entries: Map<Ipv6, Neighbour>
  incompletes: number
  /** Grows whenever an earlier answer of `lookup` may be wrong by now, or has been used for long enough. */
  version: number
  /** No deadline of an entry is earlier. */
  deadline: Millis
  /** How long an answer proves that a neighbour is there, and the time between solicitations: a router may say. */
  reachableTime: Millis
  retransTimer: Millis
}

/** What an event leads to. */
export type NeighbourAction =
  /** Ask for `target`: its group, or it alone if `mac` is given. */
  | { readonly kind: 'solicit'; readonly target: Ipv6; readonly mac?: Mac }
  | { readonly kind: 'resolved'; readonly ip: Ipv6; readonly mac: Mac }
  /** Nobody answers for `ip`. */
  | { readonly kind: 'unresolved'; readonly ip: Ipv6 }
  /** `ip` was a router, and says that it is none any more. */
  | { readonly kind: 'router-lost'; readonly ip: Ipv6 }

const NOTHING: readonly NeighbourAction[] = Object.freeze([])

/** Nobody is known. */
export function create(reachableTime: Millis, retransTimer: Millis): Cache {
  return {
    entries: new Map(),
    incompletes: 0,
    version: 0,
    deadline: Infinity,
    reachableTime,
    retransTimer,
  }
}

/** The MAC address of `ip`, if it is known, to send a packet to: a stale one will be probed. */
export function lookup(cache: Cache, ip: Ipv6, now: Millis): Mac | undefined {
  const entry = cache.entries.get(ip)
  if (entry === undefined || entry.state === 'incomplete') return undefined
  cache.entries.delete(ip)
  cache.entries.set(ip, entry)
  if (entry.state === 'stale') enter(cache, entry, 'delay', now + DELAY_FIRST_PROBE)
  return entry.mac
}

/** Asks for `ip` unless it is known or asked for already; an action will tell. */
export function solicit(cache: Cache, ip: Ipv6, now: Millis): readonly NeighbourAction[] {
  if (cache.entries.has(ip)) return NOTHING
  if (cache.incompletes >= INCOMPLETE_MAX) return [{ kind: 'unresolved', ip }]
  const entry: Neighbour = { state: 'incomplete', mac: ZERO, isRouter: false, deadline: 0, sent: 1 }
  add(cache, ip, entry)
  cache.incompletes += 1
  wait(cache, entry, now + cache.retransTimer)
  return [{ kind: 'solicit', target: ip }]
}

/** Whether `ip` may be a first hop as far as is known: RFC 4861 §6.3.6. */
export function mayAnswer(cache: Cache, ip: Ipv6): boolean {
  const entry = cache.entries.get(ip)
  return entry !== undefined && entry.state !== 'incomplete'
}

/** A neighbour says who it is: RFC 4861 §7.2.5. */
export function advertised(
  cache: Cache,
  advertisement: NeighbourAdvertisement,
  now: Millis,
): readonly NeighbourAction[] {
  const { target: ip, isRouter, isSolicited, isOverride, mac } = advertisement
  const entry = cache.entries.get(ip)
  // Nobody asked.
  if (entry === undefined) return NOTHING
  if (entry.state === 'incomplete') {
    return mac === undefined ? NOTHING : resolve(cache, ip, entry, mac, isRouter, isSolicited, now)
  }
  const isOther = mac !== undefined && mac !== entry.mac
  if (isOther && !isOverride) {
    if (entry.state === 'reachable') enter(cache, entry, 'stale', Infinity)
    return NOTHING
  }
  if (isOther) {
    entry.mac = mac
    cache.version += 1
  }
  if (isSolicited) enter(cache, entry, 'reachable', now + cache.reachableTime)
  else if (isOther) enter(cache, entry, 'stale', Infinity)
  const wasRouter = entry.isRouter
  entry.isRouter = isRouter
  return wasRouter && !isRouter ? [{ kind: 'router-lost', ip }] : NOTHING
}

/** A message of another kind tells the MAC address of its sender, or of a redirect's target: RFC 4861 §7.2.3, §6.3.4. */
export function heard(
  cache: Cache,
  ip: Ipv6,
  mac: Mac,
  isRouter: boolean,
  now: Millis,
): readonly NeighbourAction[] {
  const entry = cache.entries.get(ip)
  if (entry === undefined) {
    if (cache.entries.size >= UNASKED_MAX && !isRouter) return NOTHING
    add(cache, ip, { state: 'stale', mac, isRouter, deadline: Infinity, sent: 0 })
    return NOTHING
  }
  entry.isRouter ||= isRouter
  if (entry.state === 'incomplete') return resolve(cache, ip, entry, mac, entry.isRouter, false, now)
  if (entry.mac === mac) return NOTHING
  entry.mac = mac
  cache.version += 1
  enter(cache, entry, 'stale', Infinity)
  return NOTHING
}

/** Time has passed: what is due is asked for again, or given up. */
export function tick(cache: Cache, now: Millis): readonly NeighbourAction[] {
  if (now < cache.deadline) return NOTHING
  const actions: NeighbourAction[] = []
  cache.deadline = Infinity
  for (const [ip, entry] of cache.entries) {
    if (entry.deadline <= now) due(cache, ip, entry, now, actions)
    else if (entry.deadline < cache.deadline) cache.deadline = entry.deadline
  }
  return actions
}

function due(cache: Cache, ip: Ipv6, entry: Neighbour, now: Millis, actions: NeighbourAction[]): void {
  switch (entry.state) {
    case 'incomplete':
      if (entry.sent >= SOLICITS_MAX) return giveUp(cache, ip, entry, actions)
      entry.sent += 1
      wait(cache, entry, now + cache.retransTimer)
      actions.push({ kind: 'solicit', target: ip })
      return
    case 'reachable':
      // Whoever kept its address looks it up again, which tells that it is in use.
      cache.version += 1
      return enter(cache, entry, 'stale', Infinity)
    case 'stale':
      return
    case 'delay':
    case 'probe':
      if (entry.state === 'probe' && entry.sent >= SOLICITS_MAX) return giveUp(cache, ip, entry, actions)
      if (entry.state === 'delay') enter(cache, entry, 'probe', Infinity)
      entry.sent += 1
      wait(cache, entry, now + cache.retransTimer)
      actions.push({ kind: 'solicit', target: ip, mac: entry.mac })
      return
  }
}

function giveUp(cache: Cache, ip: Ipv6, entry: Neighbour, actions: NeighbourAction[]): void {
  remove(cache, ip, entry)
  actions.push({ kind: 'unresolved', ip })
}

function resolve(
  cache: Cache,
  ip: Ipv6,
  entry: Neighbour,
  mac: Mac,
  isRouter: boolean,
  isProven: boolean,
  now: Millis,
): readonly NeighbourAction[] {
  entry.mac = mac
  entry.isRouter = isRouter
  if (isProven) enter(cache, entry, 'reachable', now + cache.reachableTime)
  else enter(cache, entry, 'stale', Infinity)
  return [{ kind: 'resolved', ip, mac }]
}

function enter(cache: Cache, entry: Neighbour, state: Neighbour['state'], deadline: Millis): void {
  if (entry.state === 'incomplete') cache.incompletes -= 1
  entry.state = state
  entry.sent = 0
  wait(cache, entry, deadline)
}

function wait(cache: Cache, entry: Neighbour, deadline: Millis): void {
  entry.deadline = deadline
  if (deadline < cache.deadline) cache.deadline = deadline
}

function add(cache: Cache, ip: Ipv6, entry: Neighbour): void {
  if (cache.entries.size >= NEIGHBOURS_MAX) evict(cache)
  cache.entries.set(ip, entry)
}

/** Forgets the least recently used entry that nobody waits for: there is one, because fewer may be incomplete. */
function evict(cache: Cache): void {
  for (const [ip, entry] of cache.entries) {
    if (entry.state !== 'incomplete') return remove(cache, ip, entry)
  }
}

function remove(cache: Cache, ip: Ipv6, entry: Neighbour): void {
  if (entry.state === 'incomplete') cache.incompletes -= 1
  cache.entries.delete(ip)
  cache.version += 1
}
