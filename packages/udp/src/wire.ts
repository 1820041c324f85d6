/**
 * UDP datagrams: RFC 768.
 *
 *      0      1      2      3      4      5      6      7      8
 *      +-------------+-------------+-------------+-------------+
 *      | source port |  dest port  |   length    |  checksum   |  payload ...
 *      +-------------+-------------+-------------+-------------+
 */
import { getU16, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { type Result, err, ok } from '@mirage/result'

/** Ports, length and checksum, in bytes. */
export const HEADER_SIZE = 8
/** Where in the header the checksum is. */
export const CHECKSUM_OFFSET = 6

/** From where to where: two swapped numbers would compile. */
export interface Ports {
  readonly srcPort: number
  readonly dstPort: number
}

/** A parsed datagram: its payload lies in the frame that was parsed, from `offset` up to `end`. */
export interface Datagram extends Ports {
  readonly offset: number
  readonly end: number
}

/** Why bytes are no datagram. */
export type UdpError = 'too-short' | 'bad-length' | 'bad-checksum'

/**
 * The datagram in `frame` from `offset` on, of which `end` may be a bit too late: the length that counts is its
 * own. `pseudo` is the sum of the pseudo-header for a length of zero; `isChecked` says that the device vouches for the
 * checksum.
 */
export function parse(
  frame: Uint8Array,
  offset: number,
  end: number,
  pseudo: checksum.Sum,
  isChecked: boolean = false,
): Result<Datagram, UdpError> {
  if (end - offset < HEADER_SIZE) return err('too-short')
  const length = getU16(frame, offset + 4)
  if (length < HEADER_SIZE || length > end - offset) return err('bad-length')
  if (
    hasChecksum(frame, offset) &&
    !isChecked &&
    checksum.of(frame, offset, offset + length, pseudo + length) !== 0
  )
    return err('bad-checksum')
  return ok({
    srcPort: getU16(frame, offset),
    dstPort: getU16(frame, offset + 2),
    offset: offset + HEADER_SIZE,
    end: offset + length,
  })
}

/** Whether the checksum of the datagram at `offset` was computed: zero says that it was not, which IPv4 alone allows. */
export function hasChecksum(frame: Uint8Array, offset: number): boolean {
  return getU16(frame, offset + CHECKSUM_OFFSET) !== 0
}

/**
 * Writes the header of the datagram that is `frame` from `offset` up to `end`, and whose payload is in place. `pseudo` is as
 * for `parse`; with `isPartial` it is left in the checksum's place, with the length: the device completes it.
 */
export function emit(
  frame: Uint8Array,
  offset: number,
  end: number,
  { srcPort, dstPort }: Ports,
  pseudo: checksum.Sum,
  isPartial: boolean = false,
): void {
  const length = end - offset
  setU16(frame, offset, srcPort)
  setU16(frame, offset + 2, dstPort)
  setU16(frame, offset + 4, length)
  if (isPartial) return setU16(frame, offset + CHECKSUM_OFFSET, checksum.folded(pseudo + length))
  setU16(frame, offset + CHECKSUM_OFFSET, 0)
  // A sum that comes out as zero is sent as 0xffff, its equal, because zero says "unchecked".
  setU16(frame, offset + CHECKSUM_OFFSET, checksum.of(frame, offset, end, pseudo + length) || 0xffff)
}
