/** What a router does with a packet that is for another host: RFC 1812 §5. Nothing here sends, or keeps anything. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import { getU16, setU16 } from '@mirage/bytes'
import { copy } from '@mirage/bytes/copy'
import type { Packet } from '@mirage/ip'
import { DONT_FRAGMENT, HEADER_SIZE, MORE_FRAGMENTS } from '@mirage/ip/wire'
import { type Route, type Routes, lookup } from './routes.ts'
import { emitChecksum, replace } from './rewrite.ts'

/** A packet whose header was checked. */
export type Ipv4Packet = Packet<Ipv4>

/** Why a packet does not go on. */
export type Refusal =
  /** It comes from, or goes to, what no router carries packets for: RFC 1812 §5.3.7. */
  | 'martian'
  /** It says itself which way it goes: RFC 7126 §4.3. */
  | 'source-route'
  | 'no-route'
  /** It has lived for as many hops as it might. */
  | 'time-exceeded'

/** The route that `packet` takes to `dst`, its own unless told, or why none, in the order of RFC 1812 §5.2.1. */
export function decide(routes: Routes, packet: Ipv4Packet, dst: Ipv4 = packet.dst): Route | Refusal {
  if (isMartian(packet.src) || isMartian(dst)) return 'martian'
  if (packet.offset - packet.header > HEADER_SIZE && isSourceRouted(packet)) return 'source-route'
  const route = lookup(routes, dst)
  if (route === undefined) return 'no-route'
  // The last hop that a packet may take ends here, if here is not where it goes: RFC 1812 §5.3.1.
  return packet.ttl > 1 ? route : 'time-exceeded'
}

/**
 * Whether a router carries nothing from or to `address`: 0/8, loopback, link-local addresses (RFC 3927 §2.7), groups,
 * and what is reserved, which ends with the broadcast address.
 */
export function isMartian(address: Ipv4): boolean {
  const first = address >>> 24
  return first === 0 || first === 127 || first >= 224 || address >>> 16 === LINK_LOCAL
}

/** 169.254.0.0/16, without its host bits. */
const LINK_LOCAL = 0xa9fe

/** Options, RFC 791 §3.1: the end of the list, and what fills it up, are one byte each. */
const END_OF_OPTIONS = 0
const NO_OPERATION = 1
const LOOSE_SOURCE_ROUTE = 131
const STRICT_SOURCE_ROUTE = 137
/** In an option's type: every fragment has it. */
const COPIED = 0x80

function isSourceRouted({ frame, header, offset }: Ipv4Packet): boolean {
  for (let at = header + HEADER_SIZE; at < offset; at = nextOption(frame, at, offset)) {
    if (frame[at] === END_OF_OPTIONS) return false
    if (frame[at] === LOOSE_SOURCE_ROUTE || frame[at] === STRICT_SOURCE_ROUTE) return true
  }
  return false
}

/** Where the option after the one at `at` begins: always further on, and `end` where its length makes no sense. */
function nextOption(frame: Uint8Array, at: number, end: number): number {
  if (frame[at] === NO_OPERATION) return at + 1
  const length = at + 1 < end ? frame[at + 1]! : 0
  return length < 2 ? end : at + length
}

/** Copies `packet` to `offset` of `to`, one hop older, and returns its length. */
export function copyOlder(packet: Ipv4Packet, to: Uint8Array, offset: number): number {
  const length = packet.end - packet.header
  copy(to, offset, packet.frame, packet.header, length)
  const before = getU16(to, offset + 8)
  replace(to, offset + 10, before, before - 0x100)
  setU16(to, offset + 8, before - 0x100)
  return length
}

/** Whether `packet` may be cut into fragments. */
export function mayCut({ frame, header }: Ipv4Packet): boolean {
  return (getU16(frame, header + 6) & DONT_FRAGMENT) === 0
}

/** A part of a packet that is cut: of its payload, from `start` up to `end`. */
export interface Part {
  readonly start: number
  readonly end: number
}

/** The parts of a packet that is `length` bytes long, of which `headerSize` are header, for a link of `mtu` bytes. */
export function parts(length: number, headerSize: number, mtu: number): readonly Part[] {
  // Every link carries 68 bytes, and the largest header has 60: RFC 791 §3.2.
  const size = Math.max(8, (mtu - headerSize) & ~7)
  const list: Part[] = []
  for (let start = 0; start < length - headerSize; start += size) {
    list.push({ start, end: Math.min(start + size, length - headerSize) })
  }
  return list
}

/**
 * Writes the fragment of the packet `whole`, its header first, that carries `part` to `offset` of `to`, and returns its
 * length. A packet that is a fragment already is cut further.
 */
export function copyPart(
  whole: Uint8Array,
  headerSize: number,
  part: Part,
  to: Uint8Array,
  offset: number,
): number {
  const length = headerSize + part.end - part.start
  copy(to, offset, whole, 0, headerSize)
  copy(to, offset + headerSize, whole, headerSize + part.start, part.end - part.start)
  const isLast = headerSize + part.end === whole.length
  const more = isLast ? 0 : MORE_FRAGMENTS
  setU16(to, offset + 2, length)
  // What more fragments followed the whole, follow its last part. Offsets count eight bytes.
  setU16(to, offset + 6, (getU16(whole, 6) | more) + part.start / 8)
  if (part.start > 0) blankOptions(to, offset + HEADER_SIZE, offset + headerSize)
  emitChecksum(to, offset, headerSize)
  return length
}

/** Only the first fragment has the options that are not copied: RFC 791 §3.1. The others say nothing in their place. */
function blankOptions(frame: Uint8Array, start: number, end: number): void {
  let at = start
  while (at < end && frame[at] !== END_OF_OPTIONS) {
    const next = Math.min(nextOption(frame, at, end), end)
    if ((frame[at]! & COPIED) === 0) frame.fill(NO_OPERATION, at, next)
    at = next
  }
}

/** Whether `address` is everyone on the network of `cidr`, which no router lets in from elsewhere: RFC 2644. */
export function isDirectedBroadcast(cidr: ipv4.Cidr, address: Ipv4): boolean {
  return cidr.prefixLength < 31 && ipv4.contains(cidr, address) && address === ipv4.broadcastOf(cidr)
}
