/**
 * A router: it carries packets between the links that it is on. RFC 1812.
 *
 *      link ── Ethernet ── IPv4 ──┬── local: echo, and the stack of the link
 *                                 └── decide ── one hop older, cut where it must be ── IPv4 ── Ethernet ── link
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Clock } from '@mirage/clock'
import * as limit from '@mirage/icmp/limit'
import type { Config, Ipv4Layer } from '@mirage/ip'
import * as wire from '@mirage/ip/wire'
import { assert } from '@mirage/result'
import * as errors from './errors.ts'
import type { ErrorMessage } from './errors.ts'
import * as forward from './forward.ts'
import type { Ipv4Packet, Refusal } from './forward.ts'
import * as routesOf from './routes.ts'
import type { Route, Routes } from './routes.ts'

/** What a router is made of. */
export interface Devices {
  /** The IPv4 of each link. What is for the router itself is theirs; the rest is taken from them. */
  readonly links: readonly Ipv4Layer[]
  readonly clock: Clock
}

/** What a router is told. */
export interface Options {
  /** Besides those to the networks of its links, and to their gateways: nothing unless told. */
  readonly routes?: readonly Route[]
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
    'not-sent': 0,
  }
  readonly #links: readonly Ipv4Layer[]
  readonly #clock: Clock
  readonly #fixed: readonly Route[]
  readonly #limit: limit.Limit
  #configs: readonly Config[] = []
  #routes: Routes = routesOf.of([])

  constructor({ links, clock }: Devices, { routes = [] }: Options) {
    assert(links.length > 0, 'a router is on a link')
    this.#links = links
    this.#clock = clock
    this.#fixed = routes
    this.#limit = limit.create(clock.now())
    links.forEach((ip, link) => ip.intercept((packet) => this.#input(link, packet)))
  }

  /** Addresses come and go by DHCP: what the table was made of is compared at every look. */
  get routes(): Routes {
    const isSame = this.#links.every((ip, link) => ip.config === this.#configs[link])
    if (!isSame) {
      this.#configs = this.#links.map((ip) => ip.config)
      this.#routes = routesOf.of([...this.#fixed, ...this.#configs.flatMap(routesOfLink)])
    }
    return this.#routes
  }

  /** Whether it takes `packet`, which arrived on `link`, from the stack of the link. */
  #input(link: number, packet: Ipv4Packet): boolean {
    if (this.#isOwn(packet.dst)) return this.#inputOwn(link, packet)
    const way = forward.decide(this.routes, packet)
    if (typeof way === 'string') this.#refuse(way, packet)
    else this.#forward(way, packet)
    return true
  }

  #isOwn(address: Ipv4): boolean {
    for (const { config } of this.#links) if (config.cidr.address === address) return true
    return false
  }

  /** Answers echoes to any of its addresses, on the way that leads to who asks; the rest is for the link's own stack. */
  #inputOwn(link: number, packet: Ipv4Packet): boolean {
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

  #refuse(reason: Refusal, packet: Ipv4Packet): void {
    this.drops[reason] += 1
    if (reason === 'no-route') this.#report(packet, errors.NETWORK_UNREACHABLE)
    if (reason === 'time-exceeded') this.#report(packet, errors.TIME_EXCEEDED)
  }

  #forward({ link, gateway }: Route, packet: Ipv4Packet): void {
    const ip = this.#linkOf(link)
    if (gateway === undefined && forward.isDirectedBroadcast(ip.config.cidr, packet.dst)) {
      this.drops['directed-broadcast'] += 1
      return
    }
    const hop = gateway ?? packet.dst
    const size = packet.end - packet.header
    const mtu = ip.mtu(hop) + wire.HEADER_SIZE
    if (size > mtu) return this.#forwardInParts(ip, hop, mtu, packet)
    const sent = ip.relay(hop, size, (to, offset) => forward.copyOlder(packet, to, offset), this.#lost)
    this.#count(sent.ok)
  }

  #forwardInParts(ip: Ipv4Layer, hop: Ipv4, mtu: number, packet: Ipv4Packet): void {
    if (!forward.mayCut(packet)) {
      this.drops['would-fragment'] += 1
      return this.#report(packet, errors.fragmentationNeeded(mtu))
    }
    const headerSize = packet.offset - packet.header
    const whole = new Uint8Array(packet.end - packet.header)
    forward.copyOlder(packet, whole, 0)
    let isSent = true
    for (const part of forward.parts(whole.length, headerSize, mtu)) {
      const length = headerSize + part.end - part.start
      const fill = (to: Uint8Array, offset: number): number =>
        forward.copyPart(whole, headerSize, part, to, offset)
      isSent = ip.relay(hop, length, fill, this.#lost).ok && isSent
    }
    this.counters.cut += 1
    this.#count(isSent)
  }

  #count(isSent: boolean): void {
    if (isSent) this.counters.forwarded += 1
    else this.drops['not-sent'] += 1
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
    if (!limit.take(this.#limit, this.#clock.now())) {
      this.counters.limited += 1
      return
    }
    // The address that faces the sender: RFC 1812 §4.3.2.4.
    const src = this.#linkOf(way.link).config.cidr.address
    this.counters.errors += 1
    this.#send(packet.src, errors.size(packet), (to, offset) => errors.emit(to, offset, packet, message, src))
  }

  /** Sends a packet of the router's own. */
  #send(dst: Ipv4, size: number, fill: (to: Uint8Array, offset: number) => number): void {
    const way = routesOf.lookup(this.routes, dst)
    if (way === undefined) return
    const sent = this.#linkOf(way.link).relay(way.gateway ?? dst, size, fill)
    if (!sent.ok) this.drops['not-sent'] += 1
  }

  #linkOf(index: number): Ipv4Layer {
    const ip = this.#links[index]
    assert(ip !== undefined, 'a route leads to a link of the router')
    return ip
  }
}

/** The ways that a link's own configuration shows: to its network, and by its gateway to everything. */
function routesOfLink({ cidr, gateway }: Config, link: number): readonly Route[] {
  if (cidr.address === ipv4.UNSPECIFIED) return []
  const own: Route = { prefix: cidr, link }
  return gateway === undefined ? [own] : [own, { prefix: EVERYTHING, link, gateway }]
}

const EVERYTHING: ipv4.Cidr = { address: ipv4.UNSPECIFIED, prefixLength: 0 }
