/** How a payload that does not fit is cut: RFC 791 §3.2. */
import { assert } from '@mirage/result'
import { MORE_FRAGMENTS } from './wire.ts'

/** A part of a payload, from `offset` up to `end`. */
export interface Piece {
  /** A multiple of 8. */
  readonly offset: number
  readonly end: number
  /** Flags and offset as the header of this fragment has them. */
  readonly fragmentation: number
}

/** The pieces, at least one, of `length` bytes, of which a packet carries `mtu`, 8 or more, behind its header. */
export function cut(length: number, mtu: number): Piece[] {
  assert(mtu >= 8, 'a fragment carries at least 8 bytes')
  assert(length <= 0xffff, 'no packet is longer, and every piece has an end')
  // More than a packet can be is no limit, and would not be a number of 32 bits.
  const size = Math.min(mtu, 0x1_0000) & ~7
  const pieces: Piece[] = []
  let offset = 0
  do {
    const end = Math.min(offset + size, length)
    pieces.push({ offset, end, fragmentation: (end < length ? MORE_FRAGMENTS : 0) | (offset / 8) })
    offset = end
  } while (offset < length)
  return pieces
}
