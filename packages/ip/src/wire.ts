/**
 * IPv4 headers: RFC 791 §3.1.
 *
 *       0       1       2       3
 *      +---+---+-------+-------+-------+
 *      | 4 | n |  tos  | total length  |   n: 32-bit words of header, 5 or, with options, more
 *      +---+---+-------+--+------------+
 *      |      id       |fl|   offset   |   fl: reserved, don't fragment, more fragments
 *      +-------+-------+--+------------+   offset: in units of 8 bytes
 *      |  ttl  | proto |   checksum    |
 *      +-------+-------+---------------+
 *      |            source             |
 *      +-------------------------------+
 *      |          destination          |
 *      +-------------------------------+
 */
import * as ipv4 from '@mirage/address/ipv4'
import { getU16, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { type Result, done, err } from '@mirage/result'
import type { Packet, Protocol } from './ip.ts'
import type { Fragment } from './reassembly.ts'

/** Without options, as all our headers are. */
export const HEADER_SIZE = 20
/** The most bytes of payload behind such a header. */
export const PAYLOAD_SIZE_MAX: number = 0xffff - HEADER_SIZE

/** The flag of a packet that no router may cut. */
export const DONT_FRAGMENT = 0x4000
/** The flag of every fragment but the last. */
export const MORE_FRAGMENTS = 0x2000
const OFFSET_BITS = 0x1fff

/** The fields that differ between the headers that we write. */
export interface Header {
  readonly src: ipv4.Ipv4
  readonly dst: ipv4.Ipv4
  readonly protocol: Protocol
  readonly ttl: number
  readonly trafficClass: number
  readonly id: number
  /** Flags, and the offset in units of 8 bytes. */
  readonly fragmentation: number
}

/** Why bytes are no packet. */
export type HeaderError = 'too-short' | 'bad-version' | 'bad-header-length' | 'bad-length' | 'bad-checksum'

/** A packet while it is parsed. */
export type MutablePacket = { -readonly [K in keyof Packet<ipv4.Ipv4>]: Packet<ipv4.Ipv4>[K] }

/** A packet of nothing, to parse one into. */
export function create(): MutablePacket {
  return {
    frame: new Uint8Array(0),
    header: 0,
    offset: 0,
    end: 0,
    src: ipv4.UNSPECIFIED,
    dst: ipv4.UNSPECIFIED,
    protocol: 0,
    ttl: 0,
    trafficClass: 0,
    isChecked: false,
    segmentSize: undefined,
  }
}

/**
 * Checks the header at `offset` of `frame`, which may end in padding of the link, and writes what it says to
 * `packet`. Options are skipped: no host needs one.
 */
export function parse(frame: Uint8Array, offset: number, packet: MutablePacket): Result<void, HeaderError> {
  const room = frame.length - offset
  if (room < HEADER_SIZE) return err('too-short')
  if (frame[offset]! >>> 4 !== 4) return err('bad-version')
  const headerLength = headerLengthOf(frame, offset)
  if (headerLength < HEADER_SIZE || headerLength > room) return err('bad-header-length')
  const length = getU16(frame, offset + 2)
  if (length < headerLength || length > room) return err('bad-length')
  if (checksum.of(frame, offset, offset + headerLength) !== 0) return err('bad-checksum')
  packet.frame = frame
  packet.header = offset
  packet.offset = offset + headerLength
  packet.end = offset + length
  packet.src = ipv4.read(frame, offset + 12)
  packet.dst = ipv4.read(frame, offset + 16)
  packet.protocol = frame[offset + 9]!
  packet.ttl = frame[offset + 8]!
  packet.trafficClass = frame[offset + 1]!
  return done
}

/** The bytes of the header at `offset`, as its first byte says; not checked. */
export function headerLengthOf(frame: Uint8Array, offset: number): number {
  return (frame[offset]! & 0x0f) * 4
}

/** Whether the packet at `offset` is a part of one: RFC 791 §3.2. */
export function isFragment(frame: Uint8Array, offset: number): boolean {
  return (getU16(frame, offset + 6) & (MORE_FRAGMENTS | OFFSET_BITS)) !== 0
}

/** How many bytes of its packet's payload come before the fragment at `offset`. */
export function fragmentOffset(frame: Uint8Array, offset: number): number {
  return (getU16(frame, offset + 6) & OFFSET_BITS) * 8
}

/** What all fragments of a packet have in common, and those of no other sent at the time: RFC 791 §3.2. */
export function fragmentKey({ frame, header, src, dst, protocol }: Packet<ipv4.Ipv4>): string {
  const id = getU16(frame, header + 4)
  return String.fromCharCode(src >>> 16, src & 0xffff, dst >>> 16, dst & 0xffff, protocol, id)
}

/** The fragment that `packet` is. */
export function fragmentOf({ frame, header, offset, end }: Packet<ipv4.Ipv4>): Fragment {
  return {
    frame,
    header,
    headerEnd: offset,
    offset,
    end,
    position: fragmentOffset(frame, header),
    hasMore: (getU16(frame, header + 6) & MORE_FRAGMENTS) !== 0,
    sizeMax: 0xffff - (offset - header),
  }
}

/** Makes the header of the first fragment that of the whole packet, which begins at the first of `bytes`. */
export function emitWhole(bytes: Uint8Array): void {
  setU16(bytes, 2, bytes.length)
  setU16(bytes, 6, 0)
  setU16(bytes, 10, 0)
  setU16(bytes, 10, checksum.of(bytes, 0, headerLengthOf(bytes, 0)))
}

/** Writes the header of a packet of `length` bytes, header included, that lies at `offset` of `frame`. */
export function emit(frame: Uint8Array, offset: number, header: Header, length: number): void {
  const { src, dst, protocol, ttl, trafficClass, id, fragmentation } = header
  setU16(frame, offset, VERSION | trafficClass)
  setU16(frame, offset + 2, length)
  setU16(frame, offset + 4, id)
  setU16(frame, offset + 6, fragmentation)
  setU16(frame, offset + 8, (ttl << 8) | protocol)
  // The sum of numbers that are at hand: reading them back costs twice as much.
  const addresses = checksum.pseudo(src, dst, 0, 0)
  const sum = VERSION + trafficClass + length + id + fragmentation + ((ttl << 8) | protocol) + addresses
  setU16(frame, offset + 10, checksum.of(frame, offset, offset, sum))
  ipv4.write(frame, offset + 12, src)
  ipv4.write(frame, offset + 16, dst)
}

/** Version 4, five words. */
const VERSION = 0x4500
