/** Errors that a router sends about IPv6 packets that it does not carry: RFC 4443. */
import type { Ipv6 } from '@mirage/address/ipv6'
import { copy } from '@mirage/bytes/copy'
import * as icmp from '@mirage/icmp/icmpv6-wire'
import { HEADER_SIZE as ICMP_HEADER_SIZE } from '@mirage/icmp/wire'
import { ICMPV6 } from '@mirage/ip'
import * as wire from '@mirage/ip/ipv6-wire'
import type { ErrorMessage } from './errors.ts'
import { type Ipv6Packet, inner } from './headers.ts'
import { isMartian } from './ipv6-forward.ts'
import { replace } from './rewrite.ts'

/** There is no route. */
export const NO_ROUTE: ErrorMessage = { type: icmp.UNREACHABLE, code: icmp.NO_ROUTE }
/** A rule forbids it. */
export const PROHIBITED: ErrorMessage = { type: icmp.UNREACHABLE, code: 1 }
/** Nobody on the last link has the address. */
export const ADDRESS_UNREACHABLE: ErrorMessage = { type: icmp.UNREACHABLE, code: icmp.ADDRESS_UNREACHABLE }
/** It went over as many routers as it might. */
export const TIME_EXCEEDED: ErrorMessage = { type: icmp.TIME_EXCEEDED, code: 0 }

/** It is larger than `mtu`, which the next link carries. */
export function tooBig(mtu: number): ErrorMessage {
  return { type: icmp.PACKET_TOO_BIG, code: 0, mtu }
}

const HOP_LIMIT = 64

/** Whether an error about `packet` may be sent: RFC 4443 §2.4 e. An error may stand behind extension headers. */
export function mayReport(packet: Ipv6Packet): boolean {
  if (isMartian(packet.src) || isMartian(packet.dst)) return false
  const { protocol, offset } = inner(packet)
  if (protocol !== ICMPV6) return true
  return packet.end > offset && !icmp.isError(packet.frame[offset]!)
}

/** Whether `packet` is a whole echo request, without an error. */
export function isEchoRequest({ frame, offset, end, src, dst, protocol }: Ipv6Packet): boolean {
  if (protocol !== ICMPV6) return false
  const message = icmp.parse(frame, offset, end, src, dst)
  return message.ok && message.value.type === icmp.ECHO_REQUEST && message.value.code === 0
}

/** The bytes of an error about `packet`, headers included: no more than every link carries (RFC 4443 §2.4 c). */
export function size({ header, end }: Ipv6Packet): number {
  return Math.min(wire.MTU_MIN, wire.HEADER_SIZE + ICMP_HEADER_SIZE + end - header)
}

/** Writes an error about `packet`, from the router's address `src`, to `offset` of `to`; returns its length. */
export function emit(
  to: Uint8Array,
  offset: number,
  packet: Ipv6Packet,
  { type, code, mtu = 0 }: ErrorMessage,
  src: Ipv6,
): number {
  const length = size(packet)
  const message = offset + wire.HEADER_SIZE
  const quote = message + ICMP_HEADER_SIZE
  copy(to, quote, packet.frame, packet.header, offset + length - quote)
  const fields = { type, code, first: mtu >>> 16, second: mtu & 0xffff }
  icmp.emit(to, message, offset + length, fields, src, packet.src)
  emitHeader(to, offset, length, src, packet.src)
  return length
}

/** Writes the answer to the echo request `packet` to `offset` of `to`; returns its length. */
export function emitEchoReply(to: Uint8Array, offset: number, packet: Ipv6Packet): number {
  const length = wire.HEADER_SIZE + packet.end - packet.offset
  const message = offset + wire.HEADER_SIZE
  copy(to, message, packet.frame, packet.offset, packet.end - packet.offset)
  to[message] = icmp.ECHO_REPLY
  // The addresses change places, so that their sum is the same.
  replace(to, message + 2, icmp.ECHO_REQUEST << 8, icmp.ECHO_REPLY << 8)
  emitHeader(to, offset, length, packet.dst, packet.src)
  return length
}

function emitHeader(to: Uint8Array, offset: number, length: number, src: Ipv6, dst: Ipv6): void {
  const header = { src, dst, protocol: ICMPV6, hopLimit: HOP_LIMIT, trafficClass: 0 }
  wire.emit(to, offset, header, length - wire.HEADER_SIZE)
}
