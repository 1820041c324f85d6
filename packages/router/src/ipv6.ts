/**
 * A router for IPv6: RFC 8200, RFC 4443. It is what `router.ts` is for IPv4, and simpler: packets are never cut, their
 * header has no checksum, and nobody needs another's address.
 */
import * as ipv6 from '@mirage/address/ipv6'
import type { Ipv6 } from '@mirage/address/ipv6'
import { getU16 } from '@mirage/bytes'
import { copy } from '@mirage/bytes/copy'
import type { Clock } from '@mirage/clock'
import * as icmp from '@mirage/icmp/icmpv6-wire'
import * as limit from '@mirage/icmp/limit'
import { HEADER_SIZE as ICMP_HEADER_SIZE } from '@mirage/icmp/wire'
import { ICMPV6, type Ipv6Layer, type Packet } from '@mirage/ip'
import * as extension from '@mirage/ip/extension'
import * as wire from '@mirage/ip/ipv6-wire'
import { assert } from '@mirage/result'
import { replace } from './rewrite.ts'
import * as routesOf from './routes.ts'
import type { Route, Routes } from './routes.ts'

/** What a router is made of. */
export interface Devices {
  /** The IPv6 of each link. What is for the router itself is theirs; the rest is taken from them. */
  readonly links: readonly Ipv6Layer[]
  readonly clock: Clock
}

/** What a router is told. */
export interface Options {
  /** Besides those to the networks of its links, and to their gateways: nothing unless told. */
  readonly routes?: readonly Route<Ipv6>[]
}

/** Why a packet did not go on. */
export type Drop =
  /** It comes from, or goes to, one link, a group, or nobody: RFC 4291 §2.5. */
  | 'martian'
  | 'no-route'
  | 'time-exceeded'
  | 'too-big'
  /** It is for an address that the router has on another link, and no echo. */
  | 'not-local'
  /** The next hop did not answer, or the device had no room. */
  | 'not-sent'

/** What a router has done. */
export interface Ipv6RouterCounters {
  forwarded: number
  echoes: number
  errors: number
  /** Errors that were not sent because too many were: RFC 4443 §2.4 f. */
  limited: number
}

/** A router that runs, for as long as its links do. */
export interface Ipv6Router {
  readonly counters: Readonly<Ipv6RouterCounters>
  /** How many packets did not go on, by reason. */
  readonly drops: Readonly<Record<Drop, number>>
  /** The routes that count at the moment. */
  readonly routes: Routes<Ipv6>
}

/** Lets the hosts of `links` reach each other by IPv6. Without links it is a bug and throws. */
export function connect(devices: Devices, options: Options = {}): Ipv6Router {
  return new Forwarder(devices, options)
}

type Ipv6Packet = Packet<Ipv6>

interface ErrorMessage {
  readonly type: number
  readonly code: number
  readonly mtu?: number
}

const NO_ROUTE: ErrorMessage = { type: icmp.UNREACHABLE, code: icmp.NO_ROUTE }
const ADDRESS_UNREACHABLE: ErrorMessage = { type: icmp.UNREACHABLE, code: icmp.ADDRESS_UNREACHABLE }
const TIME_EXCEEDED: ErrorMessage = { type: icmp.TIME_EXCEEDED, code: 0 }
const HOP_LIMIT = 64

class Forwarder implements Ipv6Router {
  readonly counters: Ipv6RouterCounters = { forwarded: 0, echoes: 0, errors: 0, limited: 0 }
  readonly drops: Record<Drop, number> = {
    martian: 0,
    'no-route': 0,
    'time-exceeded': 0,
    'too-big': 0,
    'not-local': 0,
    'not-sent': 0,
  }
  readonly #links: readonly Ipv6Layer[]
  readonly #clock: Clock
  readonly #fixed: readonly Route<Ipv6>[]
  readonly #limit: limit.Limit
  /** Nothing while it has to be made anew: addresses come and go. */
  #routes: Routes<Ipv6> | undefined

  constructor({ links, clock }: Devices, { routes = [] }: Options) {
    assert(links.length > 0, 'a router is on a link')
    this.#links = links
    this.#clock = clock
    this.#fixed = routes
    this.#limit = limit.create(clock.now())
    links.forEach((ip, link) => {
      ip.onEvent(() => {
        this.#routes = undefined
      })
      ip.intercept((packet) => this.#input(link, packet))
    })
  }

  get routes(): Routes<Ipv6> {
    this.#routes ??= routesOf.of([...this.#fixed, ...this.#links.flatMap(routesOfLink)])
    return this.#routes
  }

  /** Whether it takes `packet`, which arrived on `link`, from the stack of the link. */
  #input(link: number, packet: Ipv6Packet): boolean {
    if (this.#links[link]?.isOwn(packet.dst) === true) return false
    if (isMartian(packet.src) || isMartian(packet.dst)) return this.#drop('martian')
    if (this.#links.some((ip) => ip.isOwn(packet.dst))) return this.#inputOwn(packet)
    const way = routesOf.lookup(this.routes, packet.dst)
    if (way === undefined) {
      this.#report(packet, NO_ROUTE)
      return this.#drop('no-route')
    }
    if (packet.ttl <= 1) {
      this.#report(packet, TIME_EXCEEDED)
      return this.#drop('time-exceeded')
    }
    return this.#forward(way, packet)
  }

  /** An echo to an address of another link is answered on the way that leads to who asks. */
  #inputOwn(packet: Ipv6Packet): boolean {
    if (!isEchoRequest(packet)) return this.#drop('not-local')
    this.counters.echoes += 1
    const size = wire.HEADER_SIZE + packet.end - packet.offset
    this.#send(packet.src, size, (to, offset) => emitEchoReply(to, offset, packet))
    return true
  }

  #forward({ link, gateway }: Route<Ipv6>, packet: Ipv6Packet): boolean {
    const ip = this.#linkOf(link)
    const hop = gateway ?? packet.dst
    const size = packet.end - packet.header
    const mtu = ip.mtu(hop) + wire.HEADER_SIZE
    if (size > mtu) {
      this.#report(packet, { type: icmp.PACKET_TOO_BIG, code: 0, mtu })
      return this.#drop('too-big')
    }
    const fill = (to: Uint8Array, offset: number): number => {
      copy(to, offset, packet.frame, packet.header, size)
      to[offset + 7] = packet.ttl - 1
      return size
    }
    if (!ip.relay(hop, size, fill, this.#lost).ok) return this.#drop('not-sent')
    this.counters.forwarded += 1
    return true
  }

  /** Tells the sender of a packet that the next hop did not answer for. */
  #lost = (bytes: Uint8Array): void => {
    const packet = wire.create()
    packet.frame = bytes
    packet.end = bytes.length
    packet.offset = wire.HEADER_SIZE
    packet.protocol = bytes[6]!
    packet.src = ipv6.read(bytes, 8)
    packet.dst = ipv6.read(bytes, 24)
    this.drops['not-sent'] += 1
    this.#report(packet, ADDRESS_UNREACHABLE)
  }

  #report(packet: Ipv6Packet, message: ErrorMessage): void {
    const way = routesOf.lookup(this.routes, packet.src)
    if (way === undefined || !mayReport(packet)) return
    if (!limit.take(this.#limit, this.#clock.now())) {
      this.counters.limited += 1
      return
    }
    const src = this.#linkOf(way.link).src(packet.src)
    this.counters.errors += 1
    this.#send(packet.src, sizeOfError(packet), (to, offset) => emitError(to, offset, packet, message, src))
  }

  /** Sends a packet of the router's own, in one piece: who is said to have asked may be on a link that carries less. */
  #send(dst: Ipv6, size: number, fill: (to: Uint8Array, offset: number) => number): void {
    const way = routesOf.lookup(this.routes, dst)
    if (way === undefined) return
    const [ip, hop] = [this.#linkOf(way.link), way.gateway ?? dst]
    const fits = size <= ip.mtu(hop) + wire.HEADER_SIZE
    if (!fits || !ip.relay(hop, size, fill).ok) this.drops['not-sent'] += 1
  }

  #linkOf(index: number): Ipv6Layer {
    const ip = this.#links[index]
    assert(ip !== undefined, 'a route leads to a link of the router')
    return ip
  }

  #drop(reason: Drop): true {
    this.drops[reason] += 1
    return true
  }
}

/** The ways that a link's own addresses show: to their networks, and by its gateway to everything. */
function routesOfLink({ addresses, gateway }: Ipv6Layer, link: number): readonly Route<Ipv6>[] {
  const own = addresses
    .filter(({ address }) => !ipv6.isLinkLocal(address))
    .map((prefix): Route<Ipv6> => ({ prefix, link }))
  return gateway === undefined ? own : [...own, { prefix: EVERYTHING, link, gateway }]
}

const EVERYTHING: ipv6.Cidr = { address: ipv6.UNSPECIFIED, prefixLength: 0 }

function isMartian(address: Ipv6): boolean {
  return (
    address === ipv6.UNSPECIFIED ||
    address === ipv6.LOOPBACK ||
    ipv6.isMulticast(address) ||
    ipv6.isLinkLocal(address)
  )
}

/** RFC 4443 §2.4 e. An error may stand behind extension headers. */
function mayReport(packet: Ipv6Packet): boolean {
  if (isMartian(packet.src) || isMartian(packet.dst)) return false
  const inner = { ...packet }
  const walk = { next: 0, problem: -1, pointer: 0 }
  extension.begin(walk, inner)
  let verdict = extension.walk(walk, inner)
  if (verdict === 'fragment' && isFirst(inner)) {
    extension.step(walk, inner)
    verdict = extension.walk(walk, inner)
  }
  if (verdict !== 'payload' || inner.protocol !== ICMPV6) return true
  return inner.end > inner.offset && !icmp.isError(inner.frame[inner.offset]!)
}

/** Whether the fragment header at the offset of a packet is that of a first fragment: RFC 8200 §4.5. */
function isFirst({ frame, offset }: Ipv6Packet): boolean {
  return (getU16(frame, offset + 2) & 0xfff8) === 0
}

function isEchoRequest({ frame, offset, end, src, dst, protocol }: Ipv6Packet): boolean {
  if (protocol !== ICMPV6) return false
  const message = icmp.parse(frame, offset, end, src, dst)
  return message.ok && message.value.type === icmp.ECHO_REQUEST && message.value.code === 0
}

/** As much of the packet as fits into what every link carries: RFC 4443 §2.4 c. */
function sizeOfError({ header, end }: Ipv6Packet): number {
  return Math.min(wire.MTU_MIN, wire.HEADER_SIZE + ICMP_HEADER_SIZE + end - header)
}

function emitError(
  to: Uint8Array,
  offset: number,
  packet: Ipv6Packet,
  { type, code, mtu = 0 }: ErrorMessage,
  src: Ipv6,
): number {
  const size = sizeOfError(packet)
  const message = offset + wire.HEADER_SIZE
  const quote = message + ICMP_HEADER_SIZE
  copy(to, quote, packet.frame, packet.header, offset + size - quote)
  const fields = { type, code, first: mtu >>> 16, second: mtu & 0xffff }
  icmp.emit(to, message, offset + size, fields, src, packet.src)
  emitHeader(to, offset, size, src, packet.src)
  return size
}

function emitEchoReply(to: Uint8Array, offset: number, packet: Ipv6Packet): number {
  const size = wire.HEADER_SIZE + packet.end - packet.offset
  const message = offset + wire.HEADER_SIZE
  copy(to, message, packet.frame, packet.offset, packet.end - packet.offset)
  to[message] = icmp.ECHO_REPLY
  // The addresses change places, so that their sum is the same.
  replace(to, message + 2, icmp.ECHO_REQUEST << 8, icmp.ECHO_REPLY << 8)
  emitHeader(to, offset, size, packet.dst, packet.src)
  return size
}

function emitHeader(to: Uint8Array, offset: number, size: number, src: Ipv6, dst: Ipv6): void {
  const header = { src, dst, protocol: ICMPV6, hopLimit: HOP_LIMIT, trafficClass: 0 }
  wire.emit(to, offset, header, size - wire.HEADER_SIZE)
}
