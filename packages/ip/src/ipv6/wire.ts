/**
 * IPv6 headers: RFC 8200 §3.
 *
 *       0       1       2       3
 *      +---+---+---+-------------------+
 *      | 6 | class |    flow label     |   class: DSCP and ECN; the label of our packets is zero
 *      +---+---+---+---+-------+-------+
 *      |    length     | next  | hops  |   length: of what follows the header; next: what that is
 *      +---------------+-------+-------+
 *      |            source             |   16 bytes
 *      +-------------------------------+
 *      |          destination          |   16 bytes
 *      +-------------------------------+
 */
import * as ipv6 from '@mirage/address/ipv6'
import { getU16, setU16 } from '@mirage/bytes'
import { type Result, done, err } from '@mirage/result'
import type { Packet, Protocol } from '../ip.ts'
import type { Names } from './names.ts'

/** Without extension headers. */
export const HEADER_SIZE = 40
/** The most bytes behind such a header: there are no jumbograms here (RFC 2675). */
export const PAYLOAD_SIZE_MAX = 0xffff
/** Every link carries packets of so many bytes, header included: RFC 8200 §5. */
export const MTU_MIN = 1280

/** The fields that differ between the headers that we write. */
export interface Header {
  readonly src: ipv6.Ipv6
  readonly dst: ipv6.Ipv6
  /** What is behind the header. */
  readonly protocol: Protocol
  readonly hopLimit: number
  readonly trafficClass: number
}

/** Why bytes are no packet. */
export type HeaderError = 'too-short' | 'bad-version' | 'bad-length'

/** A packet while it is parsed. */
export type MutablePacket = { -readonly [K in keyof Packet<ipv6.Ipv6>]: Packet<ipv6.Ipv6>[K] }

/** A packet of nothing, to parse one into. */
export function create(): MutablePacket {
  return {
    frame: new Uint8Array(0),
    header: 0,
    offset: 0,
    end: 0,
    src: ipv6.UNSPECIFIED,
    dst: ipv6.UNSPECIFIED,
    protocol: 0,
    ttl: 0,
    trafficClass: 0,
    isChecked: false,
    segmentSize: undefined,
  }
}

/**
 * Checks the header at `offset` of `frame`, which may end in padding of the link, and writes what it says to
 * `packet`: its protocol and offset are those of the first extension header, if there is one.
 */
export function parse(
  frame: Uint8Array,
  offset: number,
  packet: MutablePacket,
  names: Names,
): Result<void, HeaderError> {
  const room = frame.length - offset
  if (room < HEADER_SIZE) return err('too-short')
  const first = getU16(frame, offset)
  if (first >>> 12 !== 6) return err('bad-version')
  const length = getU16(frame, offset + 4)
  if (length > room - HEADER_SIZE) return err('bad-length')
  packet.frame = frame
  packet.header = offset
  packet.offset = offset + HEADER_SIZE
  packet.end = offset + HEADER_SIZE + length
  packet.trafficClass = (first >>> 4) & 0xff
  packet.protocol = frame[offset + 6]!
  packet.ttl = frame[offset + 7]!
  packet.src = names.read(frame, offset + 8)
  packet.dst = names.read(frame, offset + 24)
  return done
}

/** Writes the header in front of `length` bytes that follow it, at `offset` of `frame`. */
export function emit(frame: Uint8Array, offset: number, header: Header, length: number): void {
  const { src, dst, protocol, hopLimit, trafficClass } = header
  setU16(frame, offset, 0x6000 | (trafficClass << 4))
  setU16(frame, offset + 2, 0)
  setU16(frame, offset + 4, length)
  frame[offset + 6] = protocol
  frame[offset + 7] = hopLimit
  ipv6.write(frame, offset + 8, src)
  ipv6.write(frame, offset + 24, dst)
}
