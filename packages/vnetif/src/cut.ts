/** What a frame that was left to a device is on a wire: pieces of the size that was asked for, each with its checksum. */
import { getU16, getU32, setU16, setU32 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { copy } from '@mirage/bytes/copy'
import { HEADER_SIZE, type Offload } from '@mirage/net'

// Where fields are in their headers: of IPv4 and of IPv6, …
const TOTAL_LENGTH = 2
const ID = 4
const FRAGMENTATION = 6
const DONT_FRAGMENT = 0x4000
const IPV4_CHECKSUM = 10
const PAYLOAD_LENGTH = 4
const IPV6_HEADER_SIZE = 40
// … of TCP, and of UDP.
const SEQUENCE = 4
const FLAGS = 13
const UDP_LENGTH = 4

/** Only the last segment ends the text, FIN and PSH, and only the first tells of a smaller window, CWR: RFC 3168 §6.1.2. */
const OF_THE_LAST = 0x01 | 0x08
const OF_THE_FIRST = 0x80

/**
 * Makes `buffer` begin with one piece of `frame` after the other, each of which is handed to `put` by its length. No piece
 * is larger than its headers and `segmentSize`, for which there is room.
 */
export function cut(
  frame: Uint8Array,
  offload: Readonly<Offload>,
  buffer: Uint8Array,
  put: (length: number) => void,
): void {
  const { headerSize, segmentSize } = offload
  const { length } = frame
  if (segmentSize === 0 || length <= headerSize + segmentSize) {
    copy(buffer, 0, frame, 0, length)
    sum(buffer, length, offload)
    return put(length)
  }
  for (let at = headerSize, index = 0; at < length; at += segmentSize, index++) {
    const size = Math.min(segmentSize, length - at)
    copy(buffer, 0, frame, 0, headerSize)
    copy(buffer, headerSize, frame, at, size)
    const end = headerSize + size
    number(buffer, end, index, offload)
    if (!offload.isUdp) order(buffer, at - headerSize, at + size === length, offload)
    resize(buffer, end, length, offload)
    sum(buffer, end, offload)
    put(end)
  }
}

/** Writes what IP says of piece `index`, which ends at `end`: its length, and a number that no other piece has. */
function number(
  piece: Uint8Array,
  end: number,
  index: number,
  { isIpv6, checksumStart }: Readonly<Offload>,
): void {
  if (isIpv6) return setU16(piece, HEADER_SIZE + PAYLOAD_LENGTH, end - HEADER_SIZE - IPV6_HEADER_SIZE)
  setU16(piece, HEADER_SIZE + TOTAL_LENGTH, end - HEADER_SIZE)
  // What is never cut again needs none: RFC 6864 §4.1.
  if ((getU16(piece, HEADER_SIZE + FRAGMENTATION) & DONT_FRAGMENT) === 0)
    setU16(piece, HEADER_SIZE + ID, getU16(piece, HEADER_SIZE + ID) + index)
  setU16(piece, HEADER_SIZE + IPV4_CHECKSUM, 0)
  setU16(piece, HEADER_SIZE + IPV4_CHECKSUM, checksum.of(piece, HEADER_SIZE, checksumStart))
}

/** Writes what TCP says of a segment whose text is `offset` bytes into that of the frame. */
function order(
  piece: Uint8Array,
  offset: number,
  isLast: boolean,
  { checksumStart }: Readonly<Offload>,
): void {
  setU32(piece, checksumStart + SEQUENCE, (getU32(piece, checksumStart + SEQUENCE) + offset) >>> 0)
  if (!isLast) piece[checksumStart + FLAGS]! &= ~OF_THE_LAST
  if (offset > 0) piece[checksumStart + FLAGS]! &= ~OF_THE_FIRST
}

/** Makes the length that the pseudo-header counts, and that UDP writes, the piece's, which was that of `length` bytes. */
function resize(piece: Uint8Array, end: number, length: number, offload: Readonly<Offload>): void {
  const { checksumStart, checksumOffset, isUdp } = offload
  const at = checksumStart + checksumOffset
  const before = length - checksumStart
  const size = end - checksumStart
  // To take a number away is to add its complement: RFC 1624.
  setU16(piece, at, checksum.folded(getU16(piece, at) + (~before & 0xffff) + size))
  if (isUdp) setU16(piece, checksumStart + UDP_LENGTH, size)
}

/** Completes the checksum, in whose place the sum of the pseudo-header is. */
function sum(piece: Uint8Array, end: number, { checksumStart, checksumOffset }: Readonly<Offload>): void {
  // One that comes out as zero is written as its equal, because zero is none: RFC 768. TCP does not mind.
  setU16(piece, checksumStart + checksumOffset, checksum.of(piece, checksumStart, end) || 0xffff)
}
