/** How a payload that does not fit is cut: RFC 791 §3.2. */
import type { FillAt } from '@mirage/net'
import { type Result, assert, done } from '@mirage/result'
import type { IpError } from './ip.ts'
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

/**
 * Hands `send` what `fill` writes to `size` bytes, in pieces of which a packet carries `mtu` bytes, up to the first
 * that is not sent.
 */
export function sendPieces(
  size: number,
  fill: FillAt,
  mtu: number,
  send: (part: Uint8Array, piece: Piece, isLast: boolean) => Result<void, IpError>,
): Result<void, IpError> {
  const whole = new Uint8Array(size)
  const payload = whole.subarray(0, fill(whole, 0))
  for (const piece of cut(payload.length, mtu)) {
    const sent = send(payload.subarray(piece.offset, piece.end), piece, piece.end === payload.length)
    if (!sent.ok) return sent
  }
  return done
}
