/**
 * ICMP messages: RFC 792.
 *
 *      0      1      2             4                           8
 *      +------+------+-------------+---------------------------+
 *      | type | code |  checksum   |      by type              |  payload ...
 *      +------+------+-------------+---------------------------+
 *
 * By type: an echo has its id and sequence number there; "fragmentation needed" the MTU, in the last two bytes
 * (RFC 1191 §4). The payload of an error is the IP header of the packet that caused it, and its first bytes.
 */
import * as ipv4 from '@mirage/address/ipv4'
import { getU16, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import * as ip from '@mirage/ip/wire'
import type { Protocol } from '@mirage/ip'
import { type Result, err, ok } from '@mirage/result'

/** With the four bytes whose meaning depends on the type. */
export const HEADER_SIZE = 8

/** An echo comes back. */
export const ECHO_REPLY = 0
/** The packet did not arrive; the code says why. */
export const UNREACHABLE = 3
/** Deprecated: RFC 6633. */
export const SOURCE_QUENCH = 4
/** Another router is nearer. */
export const REDIRECT = 5
/** An echo, please. */
export const ECHO_REQUEST = 8
/** The packet lived for as many hops as it might. */
export const TIME_EXCEEDED = 11
/** The header of the packet is wrong. */
export const PARAMETER_PROBLEM = 12

/** A code of "time exceeded": some fragments of the packet did not arrive. */
export const REASSEMBLY_TIME_EXCEEDED = 1

/** A code of "unreachable", as the next three are: no way to the host. */
export const HOST_UNREACHABLE = 1
/** Nobody listens to the protocol. */
export const PROTOCOL_UNREACHABLE = 2
/** Nobody listens to the port. */
export const PORT_UNREACHABLE = 3
/** The packet is too large for a link, and may not be cut. */
export const FRAGMENTATION_NEEDED = 4

/** Why bytes are no message. */
export type MessageError = 'too-short' | 'bad-checksum'

/** What a message begins with. */
export interface Header {
  readonly type: number
  readonly code: number
  /** The four bytes whose meaning depends on the type, as two numbers. */
  readonly first: number
  readonly second: number
}

/** A message: its payload lies in the frame that was parsed, from `offset` up to `end`. */
export interface Message extends Header {
  readonly offset: number
  readonly end: number
}

/** The packet that an error is about, of which no more than some bytes behind the header came back. */
export interface Quoted {
  readonly src: ipv4.Ipv4
  readonly dst: ipv4.Ipv4
  readonly protocol: Protocol
  /** The bytes that it had, header included. */
  readonly length: number
  /** What came back of its payload, 8 bytes or more, in the frame that was parsed: from `offset` up to `end`. */
  readonly offset: number
  readonly end: number
}

/** The message that is `frame` from `offset` up to `end`. ICMPv6 has a `pseudo` header to be summed, too. */
export function parse(
  frame: Uint8Array,
  offset: number,
  end: number,
  pseudo: checksum.Sum = 0,
): Result<Message, MessageError> {
  if (end - offset < HEADER_SIZE) return err('too-short')
  if (checksum.of(frame, offset, end, pseudo) !== 0) return err('bad-checksum')
  return ok({
    type: frame[offset]!,
    code: frame[offset + 1]!,
    first: getU16(frame, offset + 4),
    second: getU16(frame, offset + 6),
    offset: offset + HEADER_SIZE,
    end,
  })
}

/** Writes the header of the message that is `frame` from `offset` up to `end`, and whose payload is in place. */
export function emit(
  frame: Uint8Array,
  offset: number,
  end: number,
  { type, code, first, second }: Header,
  pseudo: checksum.Sum = 0,
): void {
  frame[offset] = type
  frame[offset + 1] = code
  setU16(frame, offset + 2, 0)
  setU16(frame, offset + 4, first)
  setU16(frame, offset + 6, second)
  setU16(frame, offset + 2, checksum.of(frame, offset, end, pseudo))
}

/** Whether a message of `type` reports an error: RFC 1122 §3.2.2. */
export function isError(type: number): boolean {
  return type === UNREACHABLE || type === TIME_EXCEEDED || type === PARAMETER_PROBLEM || isObsoleteError(type)
}

function isObsoleteError(type: number): boolean {
  return type === SOURCE_QUENCH || type === REDIRECT
}

/** The packet quoted from `offset` up to `end`. Its checksum is not looked at: routers on the way have changed it. */
export function parseQuoted(frame: Uint8Array, offset: number, end: number): Result<Quoted, 'bad-quote'> {
  if (end - offset < ip.HEADER_SIZE || frame[offset]! >>> 4 !== 4) return err('bad-quote')
  const headerLength = ip.headerLengthOf(frame, offset)
  if (headerLength < ip.HEADER_SIZE || end - offset < headerLength + 8) return err('bad-quote')
  // The first 8 bytes of the payload are of the packet, not of extensions behind it (RFC 4884).
  if (getU16(frame, offset + 2) < headerLength + 8) return err('bad-quote')
  // Only the first fragment begins with the ports.
  if (ip.fragmentOffset(frame, offset) !== 0) return err('bad-quote')
  return ok({
    src: ipv4.read(frame, offset + 12),
    dst: ipv4.read(frame, offset + 16),
    protocol: frame[offset + 9]!,
    length: getU16(frame, offset + 2),
    offset: offset + headerLength,
    end: Math.min(end, offset + getU16(frame, offset + 2)),
  })
}
