/**
 * ICMPv6 messages: RFC 4443. Neighbour discovery, which is ICMPv6 too, is `@mirage/ip/ndp-wire`.
 *
 *      0      1      2             4                           8
 *      +------+------+-------------+---------------------------+
 *      | type |  code |  checksum  |      by type              |  payload ...
 *      +------+------+-------------+---------------------------+
 *
 * By type: an echo has its id and sequence number there, "packet too big" the MTU, and "parameter problem" which byte
 * is the problem. The payload of an error is as much of the packet that caused it as fits into 1,280 bytes.
 */
import * as ipv6 from '@mirage/address/ipv6'
import { getU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { ICMPV6, type Protocol } from '@mirage/ip'
import type { DeliveryErrorKind } from '@mirage/ip/errors'
import * as extension from '@mirage/ip/extension'
import * as ip from '@mirage/ip/ipv6-wire'
import { type Result, err, ok } from '@mirage/result'
import * as icmp from './wire.ts'

/** The packet did not arrive; the code says why. */
export const UNREACHABLE = 1
/** The next link does not carry it. */
export const PACKET_TOO_BIG = 2
/** It went over as many routers as it might. */
export const TIME_EXCEEDED = 3
/** Its header is wrong, or not known. */
export const PARAMETER_PROBLEM = 4
/** An echo, please. */
export const ECHO_REQUEST = 128
/** An echo comes back. */
export const ECHO_REPLY = 129

/** A code of "unreachable", as the next two are: there is no way. */
export const NO_ROUTE = 0
/** Nobody has the address. */
export const ADDRESS_UNREACHABLE = 3
/** Nobody listens to the port. */
export const PORT_UNREACHABLE = 4
/** A code of "time exceeded": some fragments of the packet did not arrive. */
export const REASSEMBLY_TIME_EXCEEDED = 1

/** By the code of "unreachable": RFC 4443 §3.1. */
const UNREACHABLE_KINDS: readonly DeliveryErrorKind[] = [
  'net-unreachable',
  'prohibited',
  // 2: the source does not reach as far as the destination is.
  'net-unreachable',
  'host-unreachable',
  'port-unreachable',
  'prohibited',
  'prohibited',
]

/** What a message with this type and this code reports, if it is an error that anybody is told of. */
export function kindOf(type: number, code: number): DeliveryErrorKind | 'too-big' | undefined {
  if (type === UNREACHABLE) return UNREACHABLE_KINDS[code]
  if (type === PACKET_TOO_BIG) return 'too-big'
  if (type === TIME_EXCEEDED)
    return code === REASSEMBLY_TIME_EXCEEDED ? 'reassembly-timeout' : 'time-exceeded'
  if (type !== PARAMETER_PROBLEM) return undefined
  return code === extension.UNKNOWN_NEXT_HEADER ? 'protocol-unreachable' : 'parameter-problem'
}

/** Whether a message of `type` reports an error: RFC 4443 §2.1. Nor is a redirect ever answered with one (§2.4 e). */
export function isError(type: number): boolean {
  return type < 128 || type === REDIRECT
}

const REDIRECT = 137

/** The message that is `frame` from `offset` up to `end`, in a packet from `src` to `dst`. */
export function parse(
  frame: Uint8Array,
  offset: number,
  end: number,
  src: ipv6.Ipv6,
  dst: ipv6.Ipv6,
): Result<icmp.Message, icmp.MessageError> {
  return icmp.parse(frame, offset, end, checksum.pseudo(src, dst, ICMPV6, end - offset))
}

/** Writes the header of the message that is `frame` from `offset` up to `end`, and whose payload is in place. */
export function emit(
  frame: Uint8Array,
  offset: number,
  end: number,
  header: icmp.Header,
  src: ipv6.Ipv6,
  dst: ipv6.Ipv6,
): void {
  icmp.emit(frame, offset, end, header, checksum.pseudo(src, dst, ICMPV6, end - offset))
}

/** The packet that an error is about, of which no more than its beginning came back. */
export interface Quoted {
  readonly src: ipv6.Ipv6
  readonly dst: ipv6.Ipv6
  readonly protocol: Protocol
  /** What came back of its payload, 8 bytes or more, in the frame that was parsed: from `offset` up to `end`. */
  readonly offset: number
  readonly end: number
}

/** The packet quoted from `offset` up to `end`, with its extension headers stepped over. */
export function parseQuoted(frame: Uint8Array, offset: number, end: number): Result<Quoted, 'bad-quote'> {
  if (end - offset < ip.HEADER_SIZE || frame[offset]! >>> 4 !== 6) return err('bad-quote')
  const packet = ip.create()
  packet.frame = frame
  packet.header = offset
  packet.offset = offset + ip.HEADER_SIZE
  packet.end = Math.min(end, packet.offset + getU16(frame, offset + 4))
  packet.protocol = frame[offset + 6]!
  if (!reachesPayload(packet) || packet.end - packet.offset < 8) return err('bad-quote')
  return ok({
    src: ipv6.read(frame, offset + 8),
    dst: ipv6.read(frame, offset + 24),
    protocol: packet.protocol,
    offset: packet.offset,
    end: packet.end,
  })
}

/** Steps over extension headers, also that of a first fragment: only that begins with the ports. */
function reachesPayload(packet: ip.MutablePacket): boolean {
  const walk: extension.Walk = { next: 0, problem: -1, pointer: 0 }
  const verdict = extension.walk(walk, packet)
  if (verdict !== 'fragment') return verdict === 'payload'
  if ((getU16(packet.frame, packet.offset + 2) & 0xfff8) !== 0) return false
  extension.step(walk, packet)
  return extension.walk(walk, packet) === 'payload'
}
