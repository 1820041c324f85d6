/** Fields of a packet that change on its way, and the checksums that cover them: RFC 1624. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import { getU16, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { ICMP, TCP, UDP } from '@mirage/ip'
import * as wire from '@mirage/ip/wire'

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

/** New ends of a packet. */
export interface NewEnds {
  readonly src: Ipv4
  readonly dst: Ipv4
  readonly srcPort: number
  readonly dstPort: number
}

/** Gives the packet at `offset` of `frame`, which ends at `end`, new addresses, and new ports where it has `ports`. */
export function setEnds(
  frame: Uint8Array,
  offset: number,
  end: number,
  ends: NewEnds,
  hasPorts: boolean,
): void {
  const protocol = frame[offset + 9]!
  const payload = offset + wire.headerLengthOf(frame, offset)
  const sum = hasPorts ? checksumOf(frame, payload, end, protocol) : -1
  // ICMP has no pseudo-header: RFC 792.
  const pseudo = protocol === ICMP ? -1 : sum
  setAddress(frame, offset + 12, ends.src, offset + 10, pseudo)
  setAddress(frame, offset + 16, ends.dst, offset + 10, pseudo)
  if (!hasPorts) return
  if (protocol === ICMP) setWord(frame, payload + 4, ends.srcPort, sum)
  else {
    setWord(frame, payload, ends.srcPort, sum)
    setWord(frame, payload + 2, ends.dstPort, sum)
  }
  // Zero says that there is no checksum: RFC 768.
  if (protocol === UDP && sum >= 0 && getU16(frame, sum) === 0) setU16(frame, sum, 0xffff)
}

/** Gives the packet at `offset` new addresses, and leaves all behind its header as it is. */
export function setAddresses(frame: Uint8Array, offset: number, src: Ipv4, dst: Ipv4): void {
  setAddress(frame, offset + 12, src, offset + 10, -1)
  setAddress(frame, offset + 16, dst, offset + 10, -1)
}

/** Gives the error at `offset`, which ends at `end`, new addresses, and new ends to the packet that it quotes. */
export function setErrorEnds(
  frame: Uint8Array,
  offset: number,
  end: number,
  ends: NewEnds & { readonly outerSrc: Ipv4; readonly outerDst: Ipv4 },
): void {
  const message = offset + wire.headerLengthOf(frame, offset)
  setAddresses(frame, offset, ends.outerSrc, ends.outerDst)
  setEnds(frame, message + 8, end, ends, true)
  setU16(frame, message + 2, 0)
  setU16(frame, message + 2, checksum.of(frame, message, end))
}

/** Where the checksum is of the payload from `payload` up to `end`; -1 if it has none, or it was cut off. */
function checksumOf(frame: Uint8Array, payload: number, end: number, protocol: number): number {
  const offset = payload + (protocol === TCP ? 16 : protocol === UDP ? 6 : 2)
  if (offset + 2 > end) return -1
  return protocol === UDP && getU16(frame, offset) === 0 ? -1 : offset
}

function setAddress(frame: Uint8Array, offset: number, address: Ipv4, ipSum: number, sum: number): void {
  if (ipv4.read(frame, offset) === address) return
  for (const each of [ipSum, sum]) {
    if (each < 0) continue
    replace(frame, each, getU16(frame, offset), address >>> 16)
    replace(frame, each, getU16(frame, offset + 2), address)
  }
  ipv4.write(frame, offset, address)
}

function setWord(frame: Uint8Array, offset: number, value: number, sum: number): void {
  if (sum >= 0) replace(frame, sum, getU16(frame, offset), value)
  setU16(frame, offset, value)
}
