/**
 * A router for IPv6: RFC 8200, RFC 4443. It is what `router.ts` is for IPv4, and simpler: packets are never cut, their
 * header has no checksum, and nobody needs another's address. A filter may decide what crosses the border.
 */
import * as ipv6 from '@mirage/address/ipv6'
import type { Ipv6 } from '@mirage/address/ipv6'
import type { Clock } from '@mirage/clock'
import * as limit from '@mirage/icmp/limit'
import type { Ipv6Layer } from '@mirage/ip'
import * as wire from '@mirage/ip/ipv6-wire'
import type { Random } from '@mirage/random'
import { assert } from '@mirage/result'
import type { ErrorMessage } from './errors.ts'
import type { Filter } from './filter.ts'
import type { Ipv6Packet } from './headers.ts'
import * as errors from './ipv6-errors.ts'
import * as forward from './ipv6-forward.ts'
import type { Refusal } from './ipv6-forward.ts'
import * as routesOf from './routes.ts'
import type { Route, Routes } from './routes.ts'

/** What a router is made of. */
export interface Devices {
  /** The IPv6 of each link. What is for the router itself is theirs; the rest is taken from them. */
  readonly links: readonly Ipv6Layer[]
  readonly clock: Clock
  /** By which nobody can tell how many errors are sent. */
  readonly random: Random
}

/** What a router is told. */
export interface Options {
  /** Besides those to the networks of its links, and to their gateways: nothing unless told. */
  readonly routes?: readonly Route<Ipv6>[]
  /**
   * The link, by its place in the list, that leads outside. Without one there is no border; with one, only its gateway
   * leads to everywhere, and routers that show themselves on the other links are not believed.
   */
  readonly outside?: number
  /** Decides about what goes outside, and what comes from there. It may be that of IPv4, too. */
  readonly filter?: Filter
}

/** Why a packet did not go on. */
export type Drop =
  | Refusal
  /** It comes from outside in the name of who is inside, or leaves in that of who is not: RFC 6092 REC-5, REC-6. */
  | 'spoofed'
  /** The filter does not let it pass. */
  | 'denied'
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

class Forwarder implements Ipv6Router {
  readonly counters: Ipv6RouterCounters = { forwarded: 0, echoes: 0, errors: 0, limited: 0 }
  readonly drops: Record<Drop, number> = {
    martian: 0,
    'source-route': 0,
    'no-route': 0,
    'time-exceeded': 0,
    spoofed: 0,
    denied: 0,
    'too-big': 0,
    'not-local': 0,
    'not-sent': 0,
  }
  readonly #links: readonly Ipv6Layer[]
  readonly #clock: Clock
  readonly #random: Random
  readonly #fixed: readonly Route<Ipv6>[]
  readonly #limit: limit.Limit
  readonly #outside: number | undefined
  readonly #filter: Filter | undefined
  /** Nothing while it has to be made anew: addresses come and go. */
  #routes: Routes<Ipv6> | undefined

  constructor({ links, clock, random }: Devices, { routes = [], outside, filter }: Options) {
    assert(links.length > 0, 'a router is on a link')
    this.#links = links
    this.#clock = clock
    this.#random = random
    this.#fixed = routes
    this.#limit = limit.create(clock.now())
    this.#outside = outside
    this.#filter = filter
    links.forEach((ip, link) => {
      ip.onEvent(() => {
        this.#routes = undefined
      })
      // What is for a group is for the link's stack, as far as it may come in, however the link carried it: RFC 6085.
      ip.intercept((packet) =>
        ipv6.isMulticast(packet.dst) ? !this.#mayEnter(link, packet) : this.#input(link, packet),
      )
      if (outside !== undefined && link !== outside) ip.becomeRouter()
    })
  }

  get routes(): Routes<Ipv6> {
    this.#routes ??= routesOf.of([...this.#fixed, ...this.#ownRoutes()])
    return this.#routes
  }

  /** Those that its links show. A network inside leads there, though anybody outside may say that it, or a part, is outside. */
  #ownRoutes(): readonly Route<Ipv6>[] {
    const outside = this.#outside
    const all = this.#links.flatMap((ip, link) => routesOfLink(ip, link, (outside ?? link) === link))
    const inside = all.filter(({ link }) => link !== outside)
    return all.filter(
      ({ link, prefix }) => link !== outside || !inside.some((each) => holds(each.prefix, prefix)),
    )
  }

  /** Whether it takes `packet`, which arrived on `link`, from the stack of the link. */
  #input(link: number, packet: Ipv6Packet): boolean {
    if (this.#links.some((ip) => ip.isOwn(packet.dst))) return this.#inputOwn(link, packet)
    const isFromOutside = link === this.#outside
    // Before anything else: who is named would hear of it by an error.
    if (isFromOutside && this.#isInside(packet.src)) return this.#drop('spoofed')
    const way = forward.decide(this.routes, packet)
    if (typeof way === 'string') return this.#refuse(way, packet)
    const isToOutside = way.link === this.#outside
    if (isFromOutside === isToOutside) return this.#forward(way, packet)
    if (isToOutside && !this.#isInside(packet.src)) return this.#drop('spoofed')
    return this.#mayPass(packet, isToOutside ? 'out' : 'in') ? this.#forward(way, packet) : true
  }

  /** An echo to an address of another link is answered on the way that leads to who asks; the rest is for the link's own stack. */
  #inputOwn(link: number, packet: Ipv6Packet): boolean {
    if (!this.#mayEnter(link, packet)) return true
    if (this.#linkOf(link).isOwn(packet.dst)) return false
    if (forward.isMartian(packet.src) || forward.isMartian(packet.dst)) return this.#drop('martian')
    if (!errors.isEchoRequest(packet)) return this.#drop('not-local')
    this.counters.echoes += 1
    const size = wire.HEADER_SIZE + packet.end - packet.offset
    this.#send(packet.src, size, (to, offset) => errors.emitEchoReply(to, offset, packet))
    return true
  }

  /** Whether `packet`, which is for the router itself, may come in by `link`. */
  #mayEnter(link: number, packet: Ipv6Packet): boolean {
    if (link !== this.#outside || forward.isOfLink(packet)) return true
    if (!this.#isInside(packet.src)) return this.#mayPass(packet, 'in')
    this.drops.spoofed += 1
    return false
  }

  #isInside(address: Ipv6): boolean {
    const way = routesOf.lookup(this.routes, address)
    return way !== undefined && way.link !== this.#outside
  }

  /** Whether the filter lets `packet` pass; if not, its sender is told where a rule says so. */
  #mayPass(packet: Ipv6Packet, direction: 'in' | 'out'): boolean {
    const verdict = this.#filter?.check(packet, direction, this.#clock.now()) ?? 'allow'
    if (verdict === 'allow') return true
    this.drops.denied += 1
    if (verdict === 'reject') this.#report(packet, errors.PROHIBITED)
    return false
  }

  #refuse(reason: Refusal, packet: Ipv6Packet): true {
    if (reason === 'no-route') this.#report(packet, errors.NO_ROUTE)
    if (reason === 'time-exceeded') this.#report(packet, errors.TIME_EXCEEDED)
    return this.#drop(reason)
  }

  #forward({ link, gateway }: Route<Ipv6>, packet: Ipv6Packet): boolean {
    const ip = this.#linkOf(link)
    const hop = gateway ?? packet.dst
    const size = packet.end - packet.header
    const mtu = ip.mtu(hop) + wire.HEADER_SIZE
    if (size > mtu) {
      this.#report(packet, errors.tooBig(mtu))
      return this.#drop('too-big')
    }
    const fill = (to: Uint8Array, offset: number): number => forward.copyOlder(packet, to, offset)
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
    // It may have been for a gateway, beside which there is another.
    this.#routes = undefined
    this.#report(packet, errors.ADDRESS_UNREACHABLE)
  }

  #report(packet: Ipv6Packet, message: ErrorMessage): void {
    const way = routesOf.lookup(this.routes, packet.src)
    if (way === undefined || !errors.mayReport(packet)) return
    const src = this.#srcOf(way.link, packet.src)
    if (src === undefined) return
    if (!limit.take(this.#limit, this.#clock.now(), this.#random)) {
      this.counters.limited += 1
      return
    }
    this.counters.errors += 1
    this.#send(packet.src, errors.size(packet), (to, offset) => errors.emit(to, offset, packet, message, src))
  }

  /** An address of the router that `dst` can answer to: of the link that leads there, or of another (RFC 4443 §2.2). */
  #srcOf(link: number, dst: Ipv6): Ipv6 | undefined {
    const links = [this.#linkOf(link), ...this.#links]
    return links.map((ip) => ip.src(dst)).find((src) => !forward.isMartian(src))
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

/** The ways that a link's own addresses show: to their networks, and by its gateway to everything where that `counts`. */
function routesOfLink({ addresses, gateway }: Ipv6Layer, link: number, counts: boolean): Route<Ipv6>[] {
  const own = addresses
    .filter(({ address }) => !ipv6.isLinkLocal(address))
    .map((prefix): Route<Ipv6> => ({ prefix, link }))
  return gateway === undefined || !counts ? own : [...own, { prefix: EVERYTHING, link, gateway }]
}

/** Whether all of `prefix` is in `whole`. */
function holds(whole: routesOf.Prefix<Ipv6>, prefix: routesOf.Prefix<Ipv6>): boolean {
  return whole.prefixLength <= prefix.prefixLength && ipv6.contains(whole, prefix.address)
}

const EVERYTHING: ipv6.Cidr = { address: ipv6.UNSPECIFIED, prefixLength: 0 }
