/**
 * What a host knows of its neighbours' MAC addresses, and what it answers of its own: RFC 826, RFC 5227 §3.
 *
 * Time is counted in ticks, one per call of `tick`. Each event changes the cache and returns what to send and
 * what to tell. Nothing is learnt that was not asked for: an entry begins with a query of ours, so that
 * neighbours can neither fill the cache nor put themselves into it.
 */
import { type Ipv4, UNSPECIFIED } from '@mirage/address/ipv4'
import { BROADCAST, type Mac, ZERO, isGroup } from '@mirage/address/mac'
import { assert } from '@mirage/result'
import type { Arp } from './wire.ts'

/** Neighbours that are asked for at once. A query beyond that ends the oldest as if nobody had answered it. */
export const PENDING_MAX = 256

/** Addresses that are probed at once. A probe beyond that is not sent. */
export const PROBED_MAX = 256

/** How long things last, and how many there may be. */
export interface Options {
  /** Ticks that a learnt address stays valid, 1 or more; 800 unless told. */
  readonly timeout?: number
  /** Requests that repeat an unanswered one, 0 or more; 5 unless told. */
  readonly retries?: number
  /** Learnt addresses that are kept, 1 or more, the least recently used forgotten first; 1024 unless told. */
  readonly size?: number
}

/** The state. Only the functions of this file change it. */
export interface Cache {
  readonly mac: Mac
  readonly timeout: number
  readonly retries: number
  readonly size: number
  /** Ticks so far. */
  epoch: number
  /** Grows whenever an address that `lookup` gave may be another by now. */
  version: number
  /** Addresses that are given, and whether they are ours to answer for. Ours are in the order they were added. */
  readonly statics: Map<Ipv4, Static>
  /** Addresses that were learnt, the least recently used first. */
  readonly dynamics: Map<Ipv4, Dynamic>
  /** Addresses that are asked for, and the epoch of the tick that gives up. */
  readonly pendings: Map<Ipv4, number>
  /** Addresses that may become ours, or be given away, if nobody has them: until they are added or removed. */
  readonly probed: Set<Ipv4>
}

interface Static {
  readonly mac: Mac
  readonly isOwn: boolean
}

interface Dynamic {
  readonly mac: Mac
  /** The epoch of the tick that forgets it. */
  readonly expiry: number
}

/** What the host may want to know. */
export type Event =
  /** A pending address is known. */
  | { readonly kind: 'resolved'; readonly ip: Ipv4; readonly mac: Mac }
  /** A pending address will not be known. */
  | { readonly kind: 'unresolved'; readonly ip: Ipv4 }
  /** A neighbour answers with another MAC address than before. */
  | { readonly kind: 'moved'; readonly ip: Ipv4; readonly from: Mac; readonly mac: Mac }
  /** Somebody else claims an address that is given, which stays as it is; or claims or probes one that is probed. */
  | { readonly kind: 'conflict'; readonly ip: Ipv4; readonly mac: Mac }

/** What an event leads to, in order. */
export interface Output {
  /** Requests go to every neighbour, replies to their `dstMac`. */
  readonly packets: readonly Arp[]
  readonly events: readonly Event[]
}

const NOTHING: Output = Object.freeze({ packets: [], events: [] })

/** An empty cache of the device `mac`. Options out of range are a bug and throw. */
export function create(mac: Mac, { timeout = 800, retries = 5, size = 1024 }: Options = {}): Cache {
  assert(timeout > 0, 'the timeout of ARP entries is strictly positive')
  assert(retries >= 0, 'the retries of ARP queries are not negative')
  assert(size > 0, 'the ARP cache has room for an entry')
  return {
    mac,
    timeout,
    retries,
    size,
    epoch: 0,
    version: 0,
    statics: new Map(),
    dynamics: new Map(),
    pendings: new Map(),
    probed: new Set(),
  }
}

/** The addresses that the host answers for. */
export function addresses(cache: Cache): Ipv4[] {
  return [...cache.statics].filter(([, entry]) => entry.isOwn).map(([ip]) => ip)
}

/** Answers for `ip` from now on, and announces it (RFC 5227 §3). */
export function alias(cache: Cache, ip: Ipv4): Output {
  const announcement: Arp = { operation: 'request', srcMac: cache.mac, srcIp: ip, dstMac: ZERO, dstIp: ip }
  return { packets: [announcement], events: give(cache, ip, cache.mac, true) }
}

/** Asks once who has `ip`, in nobody's name, so that no neighbour learns anything: RFC 5227 §2.1.1. Events tell. */
export function probe(cache: Cache, ip: Ipv4): Output {
  if (cache.statics.has(ip) || (cache.probed.size >= PROBED_MAX && !cache.probed.has(ip))) return NOTHING
  cache.probed.add(ip)
  const packet: Arp = { operation: 'request', srcMac: cache.mac, srcIp: UNSPECIFIED, dstMac: ZERO, dstIp: ip }
  return { packets: [packet], events: [] }
}

/** Takes `mac` for the address of the neighbour `ip`, whatever the neighbour says. */
export function assign(cache: Cache, ip: Ipv4, mac: Mac): Output {
  return { packets: [], events: give(cache, ip, mac, false) }
}

/** Forgets `ip`, own, given, learnt or asked for. */
export function remove(cache: Cache, ip: Ipv4): Output {
  cache.version += 1
  cache.statics.delete(ip)
  cache.dynamics.delete(ip)
  cache.probed.delete(ip)
  return cache.pendings.delete(ip) ? { packets: [], events: [{ kind: 'unresolved', ip }] } : NOTHING
}

/** The address of `ip`, if it is known: the one question of the path of every packet. */
export function lookup(cache: Cache, ip: Ipv4): Mac | undefined {
  const learnt = cache.dynamics.get(ip)
  if (learnt === undefined) return cache.statics.get(ip)?.mac
  cache.dynamics.delete(ip)
  cache.dynamics.set(ip, learnt)
  return learnt.mac
}

/** Asks for `ip` unless it is known or asked for already; an event will tell. */
export function query(cache: Cache, ip: Ipv4): Output {
  if (lookup(cache, ip) !== undefined || cache.pendings.has(ip)) return NOTHING
  const events: Event[] = []
  if (cache.pendings.size >= PENDING_MAX) {
    const [oldest] = cache.pendings.keys()
    cache.pendings.delete(oldest!)
    events.push({ kind: 'unresolved', ip: oldest! })
  }
  cache.pendings.set(ip, cache.epoch + cache.retries)
  return { packets: [request(cache, ip)], events }
}

/** Whether a tick would change anything but the time. */
export function isBusy(cache: Cache): boolean {
  return cache.dynamics.size > 0 || cache.pendings.size > 0
}

/** Time passes: what is old is asked for again and then forgotten, what is pending asked again and then given up. */
export function tick(cache: Cache): Output {
  const packets: Arp[] = []
  const events: Event[] = []
  for (const [ip, { expiry }] of cache.dynamics) {
    if (expiry <= cache.epoch) {
      cache.dynamics.delete(ip)
      cache.version += 1
    } else if (expiry === cache.epoch + 1) {
      packets.push(request(cache, ip))
    }
  }
  for (const [ip, last] of cache.pendings) {
    if (last <= cache.epoch) {
      cache.pendings.delete(ip)
      events.push({ kind: 'unresolved', ip })
    } else {
      packets.push(request(cache, ip))
    }
  }
  cache.epoch += 1
  return { packets, events }
}

/** A packet arrived. Its sender is believed if it was asked; it is answered if it asks for an address of ours. */
export function input(cache: Cache, arp: Arp): Output {
  const { srcIp, srcMac, dstIp } = arp
  // No host has a group address: RFC 1812 §3.3.2.
  if (isGroup(srcMac)) return NOTHING
  if (arp.operation === 'reply' || srcIp === dstIp) return hear(cache, srcIp, srcMac)
  const claimed = srcIp === UNSPECIFIED && cache.probed.has(dstIp) ? dstIp : srcIp
  const events = heardOf(cache, claimed, srcMac)
  if (cache.statics.get(dstIp)?.isOwn !== true) return { packets: [], events }
  const reply: Arp = { operation: 'reply', srcMac: cache.mac, srcIp: dstIp, dstMac: srcMac, dstIp: srcIp }
  return { packets: [reply], events }
}

/** Who asks tells of itself too, of which we take what is other than we knew: RFC 826, "Packet Reception". */
function heardOf(cache: Cache, ip: Ipv4, mac: Mac): readonly Event[] {
  if (isConflict(cache, ip, mac)) return [{ kind: 'conflict', ip, mac }]
  return cache.dynamics.has(ip) ? hear(cache, ip, mac).events : []
}

function give(cache: Cache, ip: Ipv4, mac: Mac, isOwn: boolean): Event[] {
  cache.version += 1
  cache.dynamics.delete(ip)
  cache.statics.delete(ip)
  cache.probed.delete(ip)
  cache.statics.set(ip, { mac, isOwn })
  return cache.pendings.delete(ip) ? [{ kind: 'resolved', ip, mac }] : []
}

function hear(cache: Cache, ip: Ipv4, mac: Mac): Output {
  if (isConflict(cache, ip, mac)) return tell({ kind: 'conflict', ip, mac })
  const before = cache.dynamics.get(ip)
  if (before !== undefined) {
    cache.dynamics.set(ip, { mac, expiry: cache.epoch + cache.timeout })
    if (before.mac === mac) return NOTHING
    cache.version += 1
    return tell({ kind: 'moved', ip, from: before.mac, mac })
  }
  if (!cache.pendings.delete(ip)) return NOTHING
  learn(cache, ip, mac)
  return tell({ kind: 'resolved', ip, mac })
}

/** Whether it is somebody else who claims an address that is given (RFC 5227 §2.4) or probed (§2.1.1). */
function isConflict(cache: Cache, ip: Ipv4, mac: Mac): boolean {
  if (cache.probed.has(ip)) return mac !== cache.mac
  const given = cache.statics.get(ip)
  return given !== undefined && given.mac !== mac
}

function learn(cache: Cache, ip: Ipv4, mac: Mac): void {
  if (cache.dynamics.size >= cache.size) {
    const [oldest] = cache.dynamics.keys()
    cache.dynamics.delete(oldest!)
    cache.version += 1
  }
  cache.dynamics.set(ip, { mac, expiry: cache.epoch + cache.timeout })
}

function request(cache: Cache, ip: Ipv4): Arp {
  const [own = UNSPECIFIED] = addresses(cache)
  return { operation: 'request', srcMac: cache.mac, srcIp: own, dstMac: BROADCAST, dstIp: ip }
}

function tell(event: Event): Output {
  return { packets: [], events: [event] }
}
