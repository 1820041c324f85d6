/** Fields of a packet that change on its way, and the checksums that cover them: RFC 1624. */
import { getU16, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'

/**
 * Puts into the checksum at `offset` that one of the words that it covers was `before` and is `after` now. Words are
 * taken modulo 2^16.
 */
export function replace(frame: Uint8Array, offset: number, before: number, after: number): void {
  // RFC 1624 §3, equation 3: HC' = ~(~HC + ~m + m').
  let sum = (~getU16(frame, offset) & 0xffff) + (~before & 0xffff) + (after & 0xffff)
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  setU16(frame, offset, ~sum)
}

/** Computes the checksum of the IP header of `size` bytes at `offset` anew. */
export function emitChecksum(frame: Uint8Array, offset: number, size: number): void {
  setU16(frame, offset + 10, 0)
  setU16(frame, offset + 10, checksum.of(frame, offset, offset + size))
}
