/** Errors that a router sends about packets that it does not carry: RFC 1812 §4.3. */
import type { Ipv4 } from '@mirage/address/ipv4'
import { copy } from '@mirage/bytes/copy'
import * as icmp from '@mirage/icmp/wire'
import { ICMP } from '@mirage/ip'
import * as ip from '@mirage/ip/wire'
import { type Ipv4Packet, isMartian } from './forward.ts'
import { replace } from './rewrite.ts'

/** What an error says. */
export interface ErrorMessage {
  readonly type: number
  readonly code: number
  /** The most bytes of a packet over the next link, where that was the reason: RFC 1191 §4. */
  readonly mtu?: number
}

/** There is no route: RFC 792. */
export const NETWORK_UNREACHABLE: ErrorMessage = { type: icmp.UNREACHABLE, code: 0 }
/** Nobody on the last link has the address. */
export const HOST_UNREACHABLE: ErrorMessage = { type: icmp.UNREACHABLE, code: icmp.HOST_UNREACHABLE }
/** A rule forbids it: RFC 1812 §5.2.7.1. */
export const PROHIBITED: ErrorMessage = { type: icmp.UNREACHABLE, code: 13 }
/** It lived for as many hops as it might. */
export const TIME_EXCEEDED: ErrorMessage = { type: icmp.TIME_EXCEEDED, code: 0 }

/** It is larger than `mtu`, and may not be cut. */
export function fragmentationNeeded(mtu: number): ErrorMessage {
  return { type: icmp.UNREACHABLE, code: icmp.FRAGMENTATION_NEEDED, mtu }
}

/** An error is at most this long, headers included: RFC 1812 §4.3.2.3. */
export const ERROR_SIZE_MAX = 576
const TTL = 64

/** Whether an error about `packet` may be sent: RFC 1812 §4.3.2.7. */
export function mayReport({ frame, header, offset, end, src, dst, protocol }: Ipv4Packet): boolean {
  if (isMartian(src) || isMartian(dst) || ip.fragmentOffset(frame, header) !== 0) return false
  return protocol !== ICMP || (end > offset && !icmp.isError(frame[offset]!))
}

/** The bytes of an error about `packet`, headers included, where the link carries as many. */
export function size({ header, end }: Ipv4Packet): number {
  return Math.min(ERROR_SIZE_MAX, ip.HEADER_SIZE + icmp.HEADER_SIZE + end - header)
}

/**
 * Writes an error about `packet`, of at most `size(packet)` bytes, from the router's address `src`, to `offset` of `to`;
 * returns its length.
 */
export function emit(
  to: Uint8Array,
  offset: number,
  length: number,
  packet: Ipv4Packet,
  { type, code, mtu = 0 }: ErrorMessage,
  src: Ipv4,
): number {
  const message = offset + ip.HEADER_SIZE
  const quote = message + icmp.HEADER_SIZE
  copy(to, quote, packet.frame, packet.header, offset + length - quote)
  icmp.emit(to, message, offset + length, { type, code, first: 0, second: mtu })
  emitHeader(to, offset, length, src, packet.src)
  return length
}

/** Writes the answer to the echo request `packet` to `offset` of `to`; returns its length. */
export function emitEchoReply(to: Uint8Array, offset: number, packet: Ipv4Packet): number {
  const length = ip.HEADER_SIZE + packet.end - packet.offset
  const message = offset + ip.HEADER_SIZE
  copy(to, message, packet.frame, packet.offset, packet.end - packet.offset)
  to[message] = icmp.ECHO_REPLY
  // Of the words that the checksum covers, only that of the type and code is another.
  const before = icmp.ECHO_REQUEST << 8
  replace(to, message + 2, before, icmp.ECHO_REPLY << 8)
  emitHeader(to, offset, length, packet.dst, packet.src)
  return length
}

function emitHeader(to: Uint8Array, offset: number, length: number, src: Ipv4, dst: Ipv4): void {
  ip.emit(
    to,
    offset,
    { src, dst, protocol: ICMP, ttl: TTL, id: 0, fragmentation: 0, trafficClass: 0 },
    length,
  )
}

/** Whether `packet` is a whole echo request, without an error. */
export function isEchoRequest({ frame, header, offset, end, protocol }: Ipv4Packet): boolean {
  if (protocol !== ICMP || ip.isFragment(frame, header)) return false
  const message = icmp.parse(frame, offset, end)
  return message.ok && message.value.type === icmp.ECHO_REQUEST && message.value.code === 0
}
