/**
 * The capture format of Wireshark and tcpdump: blocks of pcapng 1.0 (draft-ietf-opsawg-pcapng §4), as bytes.
 *
 *      0                4                8                                        length-4
 *     +----------------+----------------+----------------+---------+--------------+----------------+
 *     | type           | length         | body           | options | padding      | length, again  |
 *     +----------------+----------------+----------------+---------+--------------+----------------+
 *
 * Everything is little-endian here, and every part begins at a multiple of four bytes.
 */
import type { Mac } from '@mirage/address/mac'
import { write as writeMac } from '@mirage/address/mac'
import { encode } from '@mirage/bytes/utf8'

/** The type of the block that begins a section, the same in either order of bytes: draft §4.1. */
export const SECTION_HEADER = 0x0a0d_0d0a
/** The type of a block that describes an interface: draft §4.2. */
export const INTERFACE = 1
/** The type of a block with a frame of the first interface and no time: draft §4.4. */
export const SIMPLE_PACKET = 3
/** The type of a block with counts of an interface: draft §4.6. */
export const STATISTICS = 5
/** The type of a block with a frame: draft §4.3. */
export const ENHANCED_PACKET = 6
/** What a section header says about the order of its bytes. */
export const BYTE_ORDER_MAGIC = 0x1a2b_3c4d
/** LINKTYPE_ETHERNET */
export const ETHERNET = 1
/** In front of a body and after the options: type, length, and the length again. */
export const BLOCK_OVERHEAD = 12
/** In front of the bytes of an enhanced packet: interface, time, and two lengths. */
export const PACKET_HEADER_SIZE = 20

/** The options that are written and read: draft §3.5, §4.2, §4.3, §4.6. */
export const OPTION = {
  end: 0,
  /** shb_userappl: what wrote the section. */
  application: 4,
  /** if_name, if_MACaddr, if_tsresol, if_tsoffset */
  name: 2,
  mac: 6,
  resolution: 9,
  offset: 14,
  /** epb_flags, whose lowest two bits are the direction. */
  flags: 2,
  /** isb_ifrecv, isb_ifdrop */
  received: 4,
  dropped: 5,
} as const

/** Which way a frame went, seen from the interface: the two lowest bits of its flags. */
export type Direction = 'in' | 'out' | undefined

/** 10^-9 seconds, as a resolution. */
const NANOSECONDS = 9
/** In bytes: what an option has in front of its value, and a whole `epb_flags` with the end of options. */
const OPTION_HEADER_SIZE = 4
const PACKET_OPTIONS_SIZE = 12

/** What is told of an interface. */
export interface Interface {
  readonly name: string
  readonly mac?: Mac
  /** The most bytes of a frame that are kept. */
  readonly snapLength: number
}

/** The block that begins a section, of a length that is not told. It is the caller's. */
export function emitSection(application: string): Uint8Array {
  const options: Option[] = [[OPTION.application, encode(application)]]
  const bytes = new Uint8Array(BLOCK_OVERHEAD + 16 + sizeOf(options))
  const view = begin(bytes, SECTION_HEADER, bytes.length)
  view.setUint32(8, BYTE_ORDER_MAGIC, true)
  view.setUint16(12, 1, true)
  view.setInt32(16, -1, true)
  view.setInt32(20, -1, true)
  putOptions(bytes, view, 24, options)
  return bytes
}

/** The block that describes the next interface of a section: Ethernet, in nanoseconds. It is the caller's. */
export function emitInterface({ name, mac, snapLength }: Interface): Uint8Array {
  const options: Option[] = [
    [OPTION.name, encode(name)],
    [OPTION.resolution, Uint8Array.of(NANOSECONDS)],
  ]
  if (mac !== undefined) {
    const address = new Uint8Array(6)
    writeMac(address, 0, mac)
    options.push([OPTION.mac, address])
  }
  const bytes = new Uint8Array(BLOCK_OVERHEAD + 8 + sizeOf(options))
  const view = begin(bytes, INTERFACE, bytes.length)
  view.setUint16(8, ETHERNET, true)
  view.setUint32(12, snapLength, true)
  putOptions(bytes, view, 16, options)
  return bytes
}

/** What is counted of an interface. */
export interface Statistics {
  /** Frames that it carried. */
  readonly received: bigint
  /** Those of them that are not recorded: there was no room for them. */
  readonly dropped: bigint
}

/** The block with the counts of interface `id` until `time`, nanoseconds since 1970. It is the caller's. */
export function emitStatistics(id: number, time: bigint, { received, dropped }: Statistics): Uint8Array {
  const options: Option[] = [
    [OPTION.received, counter(received)],
    [OPTION.dropped, counter(dropped)],
  ]
  const bytes = new Uint8Array(BLOCK_OVERHEAD + 12 + sizeOf(options))
  const view = begin(bytes, STATISTICS, bytes.length)
  view.setUint32(8, id, true)
  putTime(view, time)
  putOptions(bytes, view, 20, options)
  return bytes
}

/** How many bytes the block of a frame has of which `length` bytes are kept. */
export function packetSize(length: number): number {
  return BLOCK_OVERHEAD + PACKET_HEADER_SIZE + padded(length) + PACKET_OPTIONS_SIZE
}

/**
 * Writes the block of the first `captured` bytes of `frame` to the beginning of `bytes`, and returns its size, which
 * is `packetSize(captured)`. `time` is nanoseconds since 1970, 64 bits.
 */
export function emitPacket(
  bytes: Uint8Array,
  id: number,
  time: bigint,
  frame: Uint8Array,
  captured: number,
  direction: Direction,
): number {
  const size = packetSize(captured)
  const view = begin(bytes, ENHANCED_PACKET, size)
  view.setUint32(8, id, true)
  putTime(view, time)
  view.setUint32(20, captured, true)
  view.setUint32(24, frame.length, true)
  bytes.set(captured === frame.length ? frame : frame.subarray(0, captured), 28)
  const options = 28 + padded(captured)
  bytes.fill(0, 28 + captured, options)
  view.setUint16(options, OPTION.flags, true)
  view.setUint16(options + 2, 4, true)
  view.setUint32(options + 4, direction === undefined ? 0 : direction === 'in' ? 1 : 2, true)
  view.setUint32(options + 8, OPTION.end, true)
  return size
}

/** `length`, and what is missing to a multiple of four. */
export function padded(length: number): number {
  return (length + 3) & ~3
}

type Option = readonly [code: number, value: Uint8Array]

/** Writes what is in front of a block and after it. */
function begin(bytes: Uint8Array, type: number, size: number): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, size)
  view.setUint32(0, type, true)
  view.setUint32(4, size, true)
  view.setUint32(size - 4, size, true)
  return view
}

/** Both halves of a time, in front of which is the number of an interface. */
function putTime(view: DataView, time: bigint): void {
  view.setUint32(12, Number(time >> 32n), true)
  view.setUint32(16, Number(time & 0xffff_ffffn), true)
}

function counter(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return bytes
}

function sizeOf(options: readonly Option[]): number {
  let size = OPTION_HEADER_SIZE
  for (const [, value] of options) size += OPTION_HEADER_SIZE + padded(value.length)
  return size
}

/** Writes `options` and their end, for which there is room and zeros. */
function putOptions(bytes: Uint8Array, view: DataView, start: number, options: readonly Option[]): void {
  let offset = start
  for (const [code, value] of options) {
    view.setUint16(offset, code, true)
    view.setUint16(offset + 2, value.length, true)
    bytes.set(value, offset + OPTION_HEADER_SIZE)
    offset += OPTION_HEADER_SIZE + padded(value.length)
  }
}
