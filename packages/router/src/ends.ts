/** Which conversation a packet belongs to: its two ends, as far as routers look. RFC 768, RFC 9293, RFC 792. */
import type { Ipv4 } from '@mirage/address/ipv4'
import { getU16, getU32 } from '@mirage/bytes'
import * as icmp from '@mirage/icmp/wire'
import { ICMP, TCP, UDP } from '@mirage/ip'
import * as wire from '@mirage/ip/wire'
import type { Ipv4Packet } from './forward.ts'

/** The ends of one packet. One record may serve for all. */
export interface Ends {
  protocol: number
  src: Ipv4
  dst: Ipv4
  /** Of TCP and UDP; of an echo and its reply the id, on both sides. */
  srcPort: number
  dstPort: number
  /** What the packet says about the state of its conversation. */
  signal: Signal
  /** Of TCP, 32 bits, signed: where it is, and what it acknowledges. */
  seq: number
  ack: number
}

/** A conversation of TCP begins, is accepted, breaks or ends, and goes on otherwise. */
export type Signal = 'none' | 'begin' | 'accept' | 'end' | 'break'

/** Why a packet has no ends. */
export type Endless =
  /** It is a later fragment: only the first has the ports. */
  | 'later-fragment'
  /** It reports an error about another packet. */
  | 'error'
  /** It is too short, or of another protocol. */
  | 'other'

/** Of TCP's flags: RFC 9293 §3.1. */
const FIN = 1
const SYN = 2
const RST = 4
const ACK = 16

/** Fresh ends, of nothing. */
export function create(): Ends {
  return {
    protocol: 0,
    src: 0 as Ipv4,
    dst: 0 as Ipv4,
    srcPort: 0,
    dstPort: 0,
    signal: 'none',
    seq: 0,
    ack: 0,
  }
}

/** Reads the ends of `packet`; or says why it has none. */
export function read(packet: Ipv4Packet, into: Ends): Endless | undefined {
  const { frame, header, offset, end, src, dst, protocol } = packet
  if (wire.fragmentOffset(frame, header) !== 0) return 'later-fragment'
  into.protocol = protocol
  into.src = src
  into.dst = dst
  return readPorts(frame, offset, end, protocol, into)
}

/** Reads the ports of the payload of a packet from `offset` up to `end`, of which 8 bytes are enough. */
export function readPorts(
  frame: Uint8Array,
  offset: number,
  end: number,
  protocol: number,
  into: Ends,
): Endless | undefined {
  if (end - offset < 8) return 'other'
  into.signal = 'none'
  if (protocol === ICMP) {
    const type = frame[offset]!
    if (icmp.isError(type)) return 'error'
    if (type !== icmp.ECHO_REQUEST && type !== icmp.ECHO_REPLY) return 'other'
    into.srcPort = getU16(frame, offset + 4)
    into.dstPort = into.srcPort
    return undefined
  }
  if (protocol !== TCP && protocol !== UDP) return 'other'
  into.srcPort = getU16(frame, offset)
  into.dstPort = getU16(frame, offset + 2)
  if (protocol !== TCP || end - offset < 14) return undefined
  into.signal = signalOf(frame[offset + 13]!)
  into.seq = getU32(frame, offset + 4) | 0
  into.ack = getU32(frame, offset + 8) | 0
  return undefined
}

function signalOf(flags: number): Signal {
  if ((flags & RST) !== 0) return 'break'
  if ((flags & FIN) !== 0) return 'end'
  if ((flags & SYN) === 0) return 'none'
  return (flags & ACK) === 0 ? 'begin' : 'accept'
}

/** An address and a port as one number: below 2^48. */
export function keyOf(address: Ipv4, port: number): number {
  return address * 0x1_0000 + port
}
