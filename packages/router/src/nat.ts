/**
 * One address for many hosts: RFC 4787 (UDP), RFC 5382 (TCP), RFC 5508 (ICMP).
 *
 *      10.0.0.2:5000 ─┐                                    ┌─ 192.0.2.1:53
 *                     ├─ mapping ─── 203.0.113.1:5000 ─────┤   two sessions of one mapping
 *                     │                                    └─ 192.0.2.9:53
 *      10.0.0.3:5000 ─── mapping ─── 203.0.113.1:40123
 *
 * A mapping does not depend on whom the host talks to. Who may answer does: the addresses that it has sent to, unless
 * the mapping is a forwarded port. It never waits, and is told the time.
 */
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Millis } from '@mirage/clock'
import { ICMP, TCP, UDP } from '@mirage/ip'
import * as icmp from '@mirage/icmp/wire'
import type { Random } from '@mirage/random'
import * as endsOf from './ends.ts'
import type { Ends } from './ends.ts'
import type { Ipv4Packet } from './forward.ts'
import { Later } from './later.ts'
import { type Mapping, Mappings, NatSession, OWN_PORT_MIN } from './mappings.ts'
import * as quote from './quoted.ts'
import { LIMITS, type Limits, Sessions } from './sessions.ts'

export { OWN_PORT_MIN }

/** A port of the outside address that leads to a host inside. */
export interface PortForward {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  readonly toAddress: Ipv4
  readonly toPort: number
}

/** What translation is told. */
export interface NatOptions {
  /** Of two for the same port the first counts. Several may lead to the same port of a host. */
  readonly forwards?: readonly PortForward[]
  readonly limits?: Limits
}

/** What a packet's ends become. One record serves for all packets. */
export interface Translation {
  src: Ipv4
  dst: Ipv4
  srcPort: number
  dstPort: number
  /** Which ends these are: the packet's own; of a fragment without ports; or of the packet that an error quotes. */
  of: 'packet' | 'fragment' | 'quoted'
  /** Of an error: its own ends. Those of the quoted packet are above. */
  outerSrc: Ipv4
  outerDst: Ipv4
}

/** Why a packet is not translated. */
export type NatRefusal =
  /** It is of no conversation that is known, and begins none. */
  | 'unknown'
  /** Its protocol has no ports, or what there is of it. */
  | 'untranslatable'
  /** It comes from whom the host has not talked to. */
  | 'filtered'
  /** There are too many sessions, or no port is free. */
  | 'exhausted'

/** A translator, and the conversations that go through it. A router asks it about every packet that crosses the border. */
export class Nat {
  readonly #sessions: Sessions<NatSession>
  readonly #mappings: Mappings
  readonly #later: Later = new Later()
  #outside: Ipv4 = 0 as Ipv4

  readonly #ends: Ends<Ipv4> = endsOf.create()
  readonly #translation: Translation = {
    src: 0 as Ipv4,
    dst: 0 as Ipv4,
    srcPort: 0,
    dstPort: 0,
    of: 'packet',
    outerSrc: 0 as Ipv4,
    outerDst: 0 as Ipv4,
  }

  constructor(random: Random, { forwards = [], limits = LIMITS }: NatOptions = {}) {
    this.#sessions = new Sessions(limits, (session) => this.#ended(session))
    this.#mappings = new Mappings(random)
    for (const { protocol, port, toAddress, toPort } of forwards)
      this.#mappings.fix(protocol === 'tcp' ? TCP : UDP, toAddress, toPort, port)
  }

  /** How many conversations go through it. */
  get count(): number {
    return this.#sessions.count
  }

  /** Sessions that gave their place to others, and such as found none. */
  get losses(): { readonly evicted: number; readonly refused: number } {
    return { evicted: this.#sessions.evicted, refused: this.#sessions.refused }
  }

  /** The address that stands for all hosts inside. With another one every conversation ends. */
  setOutside(address: Ipv4): void {
    if (address === this.#outside) return
    this.#outside = address
    this.#sessions.clear()
  }

  expire(now: Millis): void {
    this.#sessions.expire(now)
  }

  /** What a packet from inside to the outside becomes. The record is good until the next call. */
  outbound(packet: Ipv4Packet, now: Millis): Translation | NatRefusal {
    const endless = endsOf.read(packet, this.#ends)
    if (endless === 'later-fragment') return this.#fragment(now)
    if (endless === 'error') return this.#outboundError(packet)
    if (endless !== undefined) return 'untranslatable'
    const { protocol, src, srcPort, dst, dstPort } = this.#ends
    // An answer to an echo from outside, which is never let in, has nothing to answer to.
    if (protocol === ICMP && packet.frame[packet.offset] === icmp.ECHO_REPLY) return 'unknown'
    const mapping = this.#mappingFor(protocol, src, srcPort, endsOf.keyOf(dst, dstPort))
    if (mapping === undefined) return 'exhausted'
    const session = this.#sessionOf(mapping, dst, dstPort, src, now)
    if (session === undefined) return 'exhausted'
    this.#use(session, false, now)
    return this.#translated(this.#outside, dst, mapping.port, protocol === ICMP ? mapping.port : dstPort, now)
  }

  /** What a packet from outside to our outside address becomes; `unknown` may be for the router itself. */
  inbound(packet: Ipv4Packet, now: Millis): Translation | NatRefusal {
    const endless = endsOf.read(packet, this.#ends)
    if (endless === 'later-fragment') return this.#fragment(now)
    if (endless === 'error') return this.#inboundError(packet)
    if (endless !== undefined) return 'unknown'
    const { protocol, src, srcPort, dstPort } = this.#ends
    // An id that stands for a host's stands for no host that could answer: requests are for the router.
    if (protocol === ICMP && packet.frame[packet.offset] === icmp.ECHO_REQUEST) return 'unknown'
    const mapping = this.#mappings.ofPort(protocol, dstPort)
    if (mapping === undefined) return 'unknown'
    // RFC 4787 §5: who may answer is whom it has talked to, from any port.
    if (!mapping.isFixed && !mapping.remotes.has(src)) return 'filtered'
    const remotePort = protocol === ICMP ? mapping.insidePort : srcPort
    const session = this.#sessionOf(mapping, src, remotePort, src, now)
    if (session === undefined) return 'exhausted'
    this.#use(session, true, now)
    const { inside, insidePort } = mapping
    return this.#translated(src, inside, protocol === ICMP ? insidePort : srcPort, insidePort, now)
  }

  /** What a packet from inside to the outside address becomes, which stands for a host inside: RFC 4787 §6. */
  hairpin(packet: Ipv4Packet, now: Millis): Translation | NatRefusal {
    const endless = endsOf.read(packet, this.#ends)
    if (endless === 'later-fragment') return this.#fragment(now)
    if (endless !== undefined || packet.protocol === ICMP) return 'unknown'
    const { protocol, dstPort, src, srcPort } = this.#ends
    const to = this.#mappings.ofPort(protocol, dstPort)
    if (to === undefined) return 'unknown'
    const from = this.#mappingFor(protocol, src, srcPort, endsOf.keyOf(this.#outside, dstPort))
    if (from === undefined) return 'exhausted'
    // Both sides know each other by the outside address.
    const sent = this.#sessionOf(from, this.#outside, dstPort, src, now)
    const heard = this.#sessionOf(to, this.#outside, from.port, src, now)
    if (sent === undefined || heard === undefined) return 'exhausted'
    this.#use(sent, false, now)
    this.#use(heard, true, now)
    return this.#translated(this.#outside, to.inside, from.port, to.insidePort, now)
  }

  #translated(src: Ipv4, dst: Ipv4, srcPort: number, dstPort: number, now: Millis): Translation {
    const translation = this.#translation
    translation.of = 'packet'
    translation.src = src
    translation.dst = dst
    translation.srcPort = srcPort
    translation.dstPort = dstPort
    const { fragmentKey } = this.#ends
    if (fragmentKey !== undefined) this.#later.learn(fragmentKey, src, dst, now)
    return translation
  }

  /** A later fragment goes where the first went: RFC 4787 §11. */
  #fragment(now: Millis): Translation | NatRefusal {
    const first = this.#later.find(this.#ends.fragmentKey ?? '', now)
    if (first === undefined) return 'unknown'
    const translation = this.#translation
    translation.of = 'fragment'
    translation.src = first.src
    translation.dst = first.dst
    return translation
  }

  /** An error from outside about a packet that left by a mapping: RFC 5508 §4.2. */
  #inboundError(packet: Ipv4Packet): Translation | NatRefusal {
    const quoted = this.#quoted(packet)
    if (quoted === undefined || quoted.src !== this.#outside) return 'unknown'
    const mapping = this.#mappings.ofPort(quoted.protocol, quoted.srcPort)
    if (mapping === undefined) return 'unknown'
    const remotePort = quoted.protocol === ICMP ? mapping.insidePort : quoted.dstPort
    if (!mapping.sessions.has(endsOf.keyOf(quoted.dst, remotePort))) return 'filtered'
    const translation = this.#translation
    translation.of = 'quoted'
    translation.outerSrc = packet.src
    translation.outerDst = mapping.inside
    translation.src = mapping.inside
    translation.srcPort = mapping.insidePort
    translation.dst = quoted.dst
    translation.dstPort = remotePort
    return translation
  }

  /** An error from inside about a packet that came in by a mapping. */
  #outboundError(packet: Ipv4Packet): Translation | NatRefusal {
    const quoted = this.#quoted(packet)
    if (quoted === undefined) return 'unknown'
    const remote = endsOf.keyOf(quoted.src, quoted.srcPort)
    const mapping = this.#mappings.ofHost(quoted.protocol, quoted.dst, quoted.dstPort, remote)
    if (mapping === undefined || !mapping.remotes.has(quoted.src)) return 'unknown'
    const translation = this.#translation
    translation.of = 'quoted'
    translation.outerSrc = this.#outside
    translation.outerDst = packet.dst
    translation.src = quoted.src
    translation.srcPort = quoted.protocol === ICMP ? mapping.port : quoted.srcPort
    translation.dst = this.#outside
    translation.dstPort = mapping.port
    return translation
  }

  /** The ends of the packet that the error `packet` quotes. */
  #quoted(packet: Ipv4Packet): Ends<Ipv4> | undefined {
    return quote.read(packet, this.#ends) ? this.#ends : undefined
  }

  #mappingFor(protocol: number, inside: Ipv4, port: number, remote: number): Mapping | undefined {
    return this.#mappings.ofHost(protocol, inside, port, remote) ?? this.#mappings.add(protocol, inside, port)
  }

  /** The session of `mapping` with a remote end, which `beganBy` begins if there is none. */
  #sessionOf(
    mapping: Mapping,
    remote: Ipv4,
    remotePort: number,
    beganBy: Ipv4,
    now: Millis,
  ): NatSession | undefined {
    const key = endsOf.keyOf(remote, remotePort)
    const known = mapping.sessions.get(key)
    if (known !== undefined) return known
    const session = new NatSession(mapping, remote, remotePort, beganBy, now)
    if (!this.#sessions.add(session, now)) {
      this.#mappings.drop(mapping)
      return undefined
    }
    mapping.sessions.set(key, session)
    mapping.remotes.set(remote, (mapping.remotes.get(remote) ?? 0) + 1)
    // Making room may have ended the last session of this very mapping.
    if (!mapping.isFixed) this.#mappings.keep(mapping)
    return session
  }

  /** The packet at hand is of `session`, and is from outside or goes there. */
  #use(session: NatSession, isFromOutside: boolean, now: Millis): void {
    const beganOutside = session.host !== session.mapping.inside
    this.#sessions.use(session, this.#ends, isFromOutside !== beganOutside, now)
  }

  #ended({ mapping, remote, remotePort }: NatSession): void {
    mapping.sessions.delete(endsOf.keyOf(remote, remotePort))
    const left = (mapping.remotes.get(remote) ?? 1) - 1
    if (left === 0) mapping.remotes.delete(remote)
    else mapping.remotes.set(remote, left)
    this.#mappings.drop(mapping)
  }
}
