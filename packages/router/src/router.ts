/**
 * A router: it carries packets between the links that it is on. RFC 1812.
 *
 *      link ── Ethernet ── IPv4 ──┬── local: echo, and the stack of the link
 *                                 └── decide ── one hop older, cut where it must be ── IPv4 ── Ethernet ── link
 *
 * With an outside, a filter may decide what crosses the border, and one address may stand for all hosts inside.
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import { getU16 } from '@mirage/bytes'
import type { Clock } from '@mirage/clock'
import * as limit from '@mirage/icmp/limit'
import { type Config, type Ipv4Layer, UDP } from '@mirage/ip'
import * as wire from '@mirage/ip/wire'
import type { Random } from '@mirage/random'
import { assert } from '@mirage/result'
import * as errors from './errors.ts'
import type { ErrorMessage } from './errors.ts'
import type { Filter } from './filter.ts'
import * as forward from './forward.ts'
import type { Ipv4Packet, Refusal } from './forward.ts'
import type { Nat, NatRefusal, Translation } from './nat.ts'
import * as rewrite from './rewrite.ts'
import * as routesOf from './routes.ts'
import type { Route, Routes } from './routes.ts'

/** What a router is made of. */
export interface Devices {
  /** The IPv4 of each link. What is for the router itself is theirs; the rest is taken from them. */
  readonly links: readonly Ipv4Layer[]
  readonly clock: Clock
  /** By which nobody can tell how many errors are sent. */
  readonly random: Random
}

/** What a router is told. */
export interface Options {
  /** Besides those to the networks of its links, and to their gateways: nothing unless told. */
  readonly routes?: readonly Route[]
  /** The link, by its place in the list, that leads outside. Without one there is no border. */
  readonly outside?: number
  /** Gives what goes outside the address of that link. */
  readonly nat?: Nat
  /** Decides about what goes outside, and what comes from there. */
  readonly filter?: Filter
}

/** Why a packet did not go on. */
export type RouterDrop =
  | Refusal
  /** It is for everyone on a link that it does not come from. */
  | 'directed-broadcast'
  /** It is larger than the next link carries, and may not be cut. */
  | 'would-fragment'
  /** It is for an address that the router has on another link, and no echo. */
  | 'not-local'
  /** The filter does not let it pass. */
  | 'denied'
  /** It comes from outside, and is of no conversation that was translated; or it cannot be. */
  | 'not-translated'
  /** The next hop did not answer, or the device had no room. */
  | 'not-sent'

/** What a router has done. */
export interface RouterCounters {
  forwarded: number
  /** Packets that were sent in parts. */
  cut: number
  /** Echoes answered, and errors sent. */
  echoes: number
  errors: number
  /** Errors that were not sent because too many were: RFC 1812 §4.3.2.8. */
  limited: number
}

/** A router that runs, for as long as its links do. */
export interface Router {
  readonly counters: Readonly<RouterCounters>
  /** How many packets did not go on, by reason. */
  readonly drops: Readonly<Record<RouterDrop, number>>
  /** The routes that count at the moment. */
  readonly routes: Routes
}

/** Lets the hosts of `links` reach each other. Without links it is a bug and throws. */
export function connect(devices: Devices, options: Options = {}): Router {
  return new Forwarder(devices, options)
}

class Forwarder implements Router {
  readonly counters: RouterCounters = { forwarded: 0, cut: 0, echoes: 0, errors: 0, limited: 0 }
  readonly drops: Record<RouterDrop, number> = {
    martian: 0,
    'source-route': 0,
    'no-route': 0,
    'time-exceeded': 0,
    'directed-broadcast': 0,
    'would-fragment': 0,
    'not-local': 0,
    denied: 0,
    'not-translated': 0,
    'not-sent': 0,
  }
  readonly #links: readonly Ipv4Layer[]
  readonly #clock: Clock
  readonly #random: Random
  readonly #fixed: readonly Route[]
  readonly #limit: limit.Limit
  readonly #outside: number
  readonly #nat: Nat | undefined
  readonly #filter: Filter | undefined
  #configs: readonly Config[] = []
  #routes: Routes = routesOf.of([])

  constructor({ links, clock, random }: Devices, { routes = [], outside = -1, nat, filter }: Options) {
    assert(links.length > 0, 'a router is on a link')
    this.#links = links
    this.#clock = clock
    this.#random = random
    this.#fixed = routes
    this.#limit = limit.create(clock.now())
    this.#outside = outside
    this.#nat = nat
    this.#filter = filter
    links.forEach((ip, link) => {
      // What is for everyone on the link is for its stack, too, as far as it may come in; who sent it is told nothing.
      ip.intercept((packet, isToGroup) =>
        isToGroup ? !this.#mayEnter(link, packet, undefined) : this.#input(link, packet),
      )
    })
  }

  /** Addresses come and go by DHCP: what the table was made of is compared at every look. */
  get routes(): Routes {
    const isSame = this.#links.every((ip, link) => ip.config === this.#configs[link])
    if (!isSame) {
      this.#configs = this.#links.map((ip) => ip.config)
      this.#routes = routesOf.of([...this.#fixed, ...this.#configs.flatMap(routesOfLink)])
      this.#nat?.setOutside(this.#configs[this.#outside]?.cidr.address ?? ipv4.UNSPECIFIED)
    }
    return this.#routes
  }

  /** Whether it takes `packet`, which arrived on `link`, from the stack of the link. */
  #input(link: number, packet: Ipv4Packet): boolean {
    const { routes } = this
    if (this.#isOwn(packet.dst)) return this.#inputOwn(link, packet)
    // Who leases a link its address may say so to that address: RFC 2131 §4.1.
    if (isLease(packet) && this.#linkOf(link).config.cidr.address === ipv4.UNSPECIFIED) return false
    const way = forward.decide(routes, packet)
    if (typeof way === 'string') this.#refuse(way, packet)
    else this.#cross(link, way, packet)
    return true
  }

  /** Hands on what may leave, and what stays on its side of the border. */
  #cross(from: number, way: Route, packet: Ipv4Packet): void {
    const isFromOutside = from === this.#outside
    const isToOutside = way.link === this.#outside
    if (isFromOutside === isToOutside) return this.#forward(way, packet)
    if (this.#filter !== undefined && !this.#mayPass(packet, isToOutside ? 'out' : 'in', packet)) return
    if (this.#nat === undefined) return this.#forward(way, packet)
    // Who is outside knows the hosts inside by the outside address alone.
    const translation = isToOutside ? this.#nat.outbound(packet, this.#clock.now()) : 'unknown'
    if (typeof translation === 'string') this.drops['not-translated'] += 1
    else this.#forward(way, packet, translation)
  }

  /** Whether `packet`, which is for the router itself, may come in by `link`; see `#mayPass` for `about`. */
  #mayEnter(link: number, packet: Ipv4Packet, about: Ipv4Packet | undefined): boolean {
    if (link !== this.#outside || isLease(packet)) return true
    return this.#mayPass(packet, 'in', about)
  }

  /** Whether the filter lets `packet` pass; if not, the sender of `about` is told where a rule says so. */
  #mayPass(packet: Ipv4Packet, direction: 'in' | 'out', about: Ipv4Packet | undefined): boolean {
    const verdict = this.#filter?.check(packet, direction, this.#clock.now()) ?? 'allow'
    if (verdict === 'allow') return true
    this.drops.denied += 1
    if (verdict === 'reject' && about !== undefined) this.#report(about, errors.PROHIBITED)
    return false
  }

  #isOwn(address: Ipv4): boolean {
    for (const { config } of this.#links) if (config.cidr.address === address) return true
    return false
  }

  /** Answers echoes to any of its addresses, on the way that leads to who asks; the rest is for the link's own stack. */
  #inputOwn(link: number, packet: Ipv4Packet): boolean {
    if (this.#nat !== undefined && this.#inputTranslated(this.#nat, link, packet)) return true
    if (!this.#mayEnter(link, packet, packet)) return true
    if (errors.isEchoRequest(packet) && !forward.isMartian(packet.src)) {
      this.counters.echoes += 1
      const size = wire.HEADER_SIZE + packet.end - packet.offset
      this.#send(packet.src, size, (to, offset) => errors.emitEchoReply(to, offset, packet))
      return true
    }
    if (this.#links[link]?.config.cidr.address === packet.dst) return false
    this.drops['not-local'] += 1
    return true
  }

  /** What is for the outside address may be for a host inside: whether it was. */
  #inputTranslated(nat: Nat, link: number, packet: Ipv4Packet): boolean {
    if (packet.dst !== this.#configs[this.#outside]?.cidr.address) return false
    const now = this.#clock.now()
    const isFromOutside = link === this.#outside
    const translation: Translation | NatRefusal = isFromOutside
      ? nat.inbound(packet, now)
      : nat.hairpin(packet, now)
    if (translation === 'unknown') return false
    if (typeof translation === 'string') {
      this.drops['not-translated'] += 1
      return true
    }
    const way = forward.decide(this.routes, packet, newDst(translation))
    if (typeof way === 'string') this.#refuse(way, packet)
    else if (!isFromOutside || this.#filter === undefined) this.#forward(way, packet, translation)
    else this.#forwardIn(way, packet, translation)
    return true
  }

  /** The filter knows the hosts inside by their own addresses: it sees the packet as it will be. */
  #forwardIn(way: Route, packet: Ipv4Packet, translation: Translation): void {
    const bytes = packet.frame.slice(packet.header, packet.end)
    apply(bytes, 0, bytes.length, translation)
    const translated = wire.create()
    const parsed = wire.parse(bytes, 0, translated)
    assert(parsed.ok, 'what is translated is a packet')
    if (this.#mayPass(translated, 'in', packet)) this.#forward(way, packet, translation)
  }

  #refuse(reason: Refusal, packet: Ipv4Packet): void {
    this.drops[reason] += 1
    if (reason === 'no-route') this.#report(packet, errors.NETWORK_UNREACHABLE)
    if (reason === 'time-exceeded') this.#report(packet, errors.TIME_EXCEEDED)
  }

  #forward({ link, gateway }: Route, packet: Ipv4Packet, translation?: Translation): void {
    const ip = this.#linkOf(link)
    const dst = translation === undefined ? packet.dst : newDst(translation)
    if (gateway === undefined && forward.isDirectedBroadcast(ip.config.cidr, dst)) {
      this.drops['directed-broadcast'] += 1
      return
    }
    const hop = gateway ?? dst
    const size = packet.end - packet.header
    const mtu = ip.mtu(hop) + wire.HEADER_SIZE
    if (size > mtu) return this.#forwardInParts(ip, hop, mtu, packet, translation)
    const fill = (to: Uint8Array, offset: number): number => {
      forward.copyOlder(packet, to, offset)
      if (translation !== undefined) apply(to, offset, size, translation)
      return size
    }
    // Its sender knows nothing of a packet that was translated.
    this.#count(ip.relay(hop, size, fill, translation === undefined ? this.#lost : this.#vanished).ok)
  }

  #forwardInParts(
    ip: Ipv4Layer,
    hop: Ipv4,
    mtu: number,
    packet: Ipv4Packet,
    translation?: Translation,
  ): void {
    if (!forward.mayCut(packet)) {
      this.drops['would-fragment'] += 1
      return this.#report(packet, errors.fragmentationNeeded(mtu))
    }
    const headerSize = packet.offset - packet.header
    const whole = new Uint8Array(packet.end - packet.header)
    forward.copyOlder(packet, whole, 0)
    if (translation !== undefined) apply(whole, 0, whole.length, translation)
    const lost = translation === undefined ? this.#lost : this.#vanished
    let isSent = true
    for (const part of forward.parts(whole.length, headerSize, mtu)) {
      const length = headerSize + part.end - part.start
      const fill = (to: Uint8Array, offset: number): number =>
        forward.copyPart(whole, headerSize, part, to, offset)
      isSent = ip.relay(hop, length, fill, lost).ok && isSent
    }
    this.counters.cut += 1
    this.#count(isSent)
  }

  #count(isSent: boolean): void {
    if (isSent) this.counters.forwarded += 1
    else this.drops['not-sent'] += 1
  }

  #vanished = (): void => {
    this.drops['not-sent'] += 1
  }

  /** Tells the sender of a packet that the next hop did not answer for. */
  #lost = (bytes: Uint8Array): void => {
    const packet = wire.create()
    this.drops['not-sent'] += 1
    if (wire.parse(bytes, 0, packet).ok) this.#report(packet, errors.HOST_UNREACHABLE)
  }

  #report(packet: Ipv4Packet, message: ErrorMessage): void {
    const way = routesOf.lookup(this.routes, packet.src)
    if (way === undefined || this.#isOwn(packet.src) || !errors.mayReport(packet)) return
    if (!limit.take(this.#limit, this.#clock.now(), this.#random)) {
      this.counters.limited += 1
      return
    }
    // The address that faces the sender: RFC 1812 §4.3.2.4.
    const src = this.#linkOf(way.link).config.cidr.address
    this.counters.errors += 1
    const size = Math.min(errors.size(packet), this.#mtuOf(way, packet.src))
    this.#send(packet.src, size, (to, offset) => errors.emit(to, offset, size, packet, message, src))
  }

  /** Sends a packet of the router's own, in one piece: who is said to have asked may be on a link that carries less. */
  #send(dst: Ipv4, size: number, fill: (to: Uint8Array, offset: number) => number): void {
    const way = routesOf.lookup(this.routes, dst)
    if (way === undefined) return
    const fits = size <= this.#mtuOf(way, dst)
    if (!fits || !this.#linkOf(way.link).relay(way.gateway ?? dst, size, fill).ok) this.drops['not-sent'] += 1
  }

  /** The bytes of the largest packet that goes this way to `dst`. */
  #mtuOf({ link, gateway }: Route, dst: Ipv4): number {
    return this.#linkOf(link).mtu(gateway ?? dst) + wire.HEADER_SIZE
  }

  #linkOf(index: number): Ipv4Layer {
    const ip = this.#links[index]
    assert(ip !== undefined, 'a route leads to a link of the router')
    return ip
  }
}

/** Gives the packet at `offset` of `frame` its new ends. */
function apply(frame: Uint8Array, offset: number, length: number, translation: Translation): void {
  if (translation.of === 'packet') rewrite.setEnds(frame, offset, offset + length, translation, true)
  else if (translation.of === 'quoted') rewrite.setErrorEnds(frame, offset, offset + length, translation)
  else rewrite.setAddresses(frame, offset, translation.src, translation.dst)
}

function newDst(translation: Translation): Ipv4 {
  return translation.of === 'quoted' ? translation.outerDst : translation.dst
}

/** Whether a packet may be of the server that leases the link its address. No rule has to speak of it. */
function isLease({ frame, header, offset, end, protocol }: Ipv4Packet): boolean {
  if (protocol !== UDP || end - offset < 8 || wire.fragmentOffset(frame, header) !== 0) return false
  return getU16(frame, offset) === 67 && getU16(frame, offset + 2) === 68
}

/** The ways that a link's own configuration shows: to its network, and by its gateway to everything. */
function routesOfLink({ cidr, gateway }: Config, link: number): readonly Route[] {
  if (cidr.address === ipv4.UNSPECIFIED) return []
  const own: Route = { prefix: cidr, link }
  return gateway === undefined ? [own] : [own, { prefix: EVERYTHING, link, gateway }]
}

const EVERYTHING: ipv4.Cidr = { address: ipv4.UNSPECIFIED, prefixLength: 0 }
