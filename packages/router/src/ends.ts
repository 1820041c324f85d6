/** Which conversation a packet belongs to: its two ends, as far as routers look. RFC 768, RFC 9293, RFC 792, RFC 4443. */
import { type IpAddress, isIpv4 } from '@mirage/address/ip'
import type { Ipv4 } from '@mirage/address/ipv4'
import { getU16, getU32 } from '@mirage/bytes'
import * as icmpv6 from '@mirage/icmp/icmpv6-wire'
import * as icmp from '@mirage/icmp/wire'
import { ICMP, ICMPV6, TCP, UDP } from '@mirage/ip'
import * as wire from '@mirage/ip/wire'
import type { Ipv4Packet } from './forward.ts'
import { type Ipv6Packet, inner } from './headers.ts'

/** A packet of either family, whose header was checked. */
export type IpPacket = Ipv4Packet | Ipv6Packet

/** The ends of one packet. One record may serve for all. */
export interface Ends<Address extends IpAddress = IpAddress> {
  protocol: number
  src: Address
  dst: Address
  /** Of TCP and UDP; of an echo and its reply the id, on both sides. */
  srcPort: number
  dstPort: number
  /** What the packet says about the state of its conversation. */
  signal: Signal
  /** Of TCP, 32 bits, signed: where it is, and what it acknowledges. */
  seq: number
  ack: number
  /** Where in its frame the payload begins. */
  payload: number
  /** What all fragments of the packet have in common, where it is one. */
  fragmentKey: string | undefined
}

/** A conversation begins (as any datagram or echo may begin one), and goes on; TCP's is accepted, ends and breaks. */
export type Signal = 'none' | 'begin' | 'accept' | 'end' | 'break'

/** Why a packet has no ends. */
export type Endless =
  /** It is a later fragment: only the first has the ports. */
  | 'later-fragment'
  /** It reports an error about another packet. */
  | 'error'
  /** It is too short, or of another protocol. */
  | 'other'
  /** Its headers lead to no payload that a host would take: of IPv6. */
  | 'unreadable'

/** Of TCP's flags: RFC 9293 §3.1. */
const FIN = 1
const SYN = 2
const RST = 4
const ACK = 16

/** Fresh ends, of nothing. */
export function create(): Ends<Ipv4> {
  return {
    protocol: 0,
    src: 0 as Ipv4,
    dst: 0 as Ipv4,
    srcPort: 0,
    dstPort: 0,
    signal: 'none',
    seq: 0,
    ack: 0,
    payload: 0,
    fragmentKey: undefined,
  }
}

/** Reads the ends of `packet`; or says why it has none. */
export function read(packet: IpPacket, into: Ends): Endless | undefined {
  into.src = packet.src
  into.dst = packet.dst
  into.protocol = packet.protocol
  into.payload = packet.offset
  into.fragmentKey = undefined
  if (isOfIpv4(packet)) {
    const { frame, header } = packet
    if (wire.isFragment(frame, header)) into.fragmentKey = wire.fragmentKey(packet)
    if (wire.fragmentOffset(frame, header) > 0) return 'later-fragment'
  } else if (!isPayload(packet.protocol)) {
    const { kind, protocol, offset, fragmentKey } = inner(packet)
    into.protocol = protocol
    into.payload = offset
    into.fragmentKey = fragmentKey
    if (kind !== 'payload') return kind
  }
  return readPorts(packet.frame, into.payload, packet.end, into)
}

/** Whether `packet` is of IPv4. */
export function isOfIpv4(packet: IpPacket): packet is Ipv4Packet {
  return isIpv4(packet.src)
}

/** Of nearly all packets: none of these is an extension header. */
function isPayload(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === ICMPV6
}

/** Reads the ports of a payload from `offset` up to `end`, of which 8 bytes are enough; `into` knows the protocol and family. */
export function readPorts(frame: Uint8Array, offset: number, end: number, into: Ends): Endless | undefined {
  const { protocol } = into
  if (end - offset < 8) return 'other'
  into.signal = 'none'
  if (protocol === ICMP && isIpv4(into.src)) return readEcho(frame, offset, icmp, into)
  if (protocol === ICMPV6 && !isIpv4(into.src)) return readEcho(frame, offset, icmpv6, into)
  if (protocol !== TCP && protocol !== UDP) return 'other'
  into.srcPort = getU16(frame, offset)
  into.dstPort = getU16(frame, offset + 2)
  if (protocol === UDP) into.signal = 'begin'
  if (protocol === UDP || end - offset < 14) return undefined
  into.signal = signalOf(frame[offset + 13]!)
  into.seq = getU32(frame, offset + 4) | 0
  into.ack = getU32(frame, offset + 8) | 0
  return undefined
}

/** The types of a family's messages. */
interface Types {
  readonly ECHO_REQUEST: number
  readonly ECHO_REPLY: number
  isError(type: number): boolean
}

function readEcho(frame: Uint8Array, offset: number, types: Types, into: Ends): Endless | undefined {
  const type = frame[offset]!
  if (types.isError(type)) return 'error'
  if (type !== types.ECHO_REQUEST && type !== types.ECHO_REPLY) return 'other'
  if (type === types.ECHO_REQUEST) into.signal = 'begin'
  into.srcPort = getU16(frame, offset + 4)
  into.dstPort = into.srcPort
  return undefined
}

function signalOf(flags: number): Signal {
  if ((flags & RST) !== 0) return 'break'
  if ((flags & FIN) !== 0) return 'end'
  if ((flags & SYN) === 0) return 'none'
  return (flags & ACK) === 0 ? 'begin' : 'accept'
}

/** The key of an end: of IPv4 a number below 2^48, of IPv6 nine characters. */
export type Key = number | string

/** An address and a port as one key. */
export function keyOf(address: Ipv4, port: number): number
export function keyOf(address: IpAddress, port: number): Key
export function keyOf(address: IpAddress, port: number): Key {
  return isIpv4(address) ? address * 0x1_0000 + port : address + String.fromCharCode(port)
}
