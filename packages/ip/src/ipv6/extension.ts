/**
 * The extension headers between an IPv6 header and its payload: RFC 8200 §4.
 *
 *       0      1      2
 *      +------+------+---------------------     next: what follows this header
 *      | next | size |  by type                 size: in units of 8 bytes, the first not counted
 *      +------+------+---------------------
 *
 * Options (hop by hop, and for the destination) are pairs of a type and a length. We know none but padding and the
 * router alert; what is done about the others, their first two bits say.
 *
 * Not here: authentication and encryption (RFC 4302, 4303), which are unknown protocols to us, and what routers do.
 */
import { isMulticast } from '@mirage/address/ip'
import type { MutablePacket } from './wire.ts'

/** Extension headers, by the protocol number in front of them. */
export const HOP_BY_HOP = 0
/** RFC 8200 §4.4. */
export const ROUTING = 43
/** RFC 8200 §4.5. */
export const FRAGMENT = 44
/** There is no payload: RFC 8200 §4.7. */
export const NO_NEXT_HEADER = 59
/** RFC 8200 §4.6. */
export const DESTINATION_OPTIONS = 60

/** Extension headers of one packet; more are taken for an attack (RFC 8504 §5.3), as are more options in one of them. */
export const EXTENSIONS_MAX = 8
/** Options in one extension header, padding not counted: RFC 8504 §5.3. */
export const OPTIONS_MAX = 8

const PAD_1 = 0
const PAD_N = 1
/** RFC 2711. */
export const ROUTER_ALERT = 5

/** What the walk came to. */
export type Verdict =
  /** `packet.protocol` and `packet.offset` are those of the payload. */
  | 'payload'
  /** `packet.offset` is where a fragment header begins. */
  | 'fragment'
  /** The packet is to be dropped; `walk.problem` says whether its sender is told. */
  | 'drop'

/** A walk along extension headers. One object serves for every packet. */
export interface Walk {
  /** Where the protocol number of what `packet.offset` points to lies, in the frame. */
  next: number
  /** What the sender of a packet that was dropped is to be told: a code of RFC 4443 §3.4, or -1 for nothing. */
  problem: number
  /** Which byte of the packet, counted from its header, the problem is. */
  pointer: number
}

/** Codes of a parameter problem: RFC 4443 §3.4, RFC 7112 §5. */
export const ERRONEOUS_FIELD = 0
/** A protocol, or an extension header, that is not known. */
export const UNKNOWN_NEXT_HEADER = 1
/** An option that is not known, and says that it must be. */
export const UNKNOWN_OPTION = 2
/** A first fragment that does not reach to the payload. */
export const INCOMPLETE_CHAIN = 3

/** A walk that begins at the header of `packet`. */
export function begin(walk: Walk, packet: MutablePacket): void {
  walk.next = packet.header + 6
  walk.problem = -1
  walk.pointer = 0
}

/** Steps over extension headers, from the one at `packet.offset` on, up to the payload or to a fragment header. */
export function walk(walk: Walk, packet: MutablePacket): Verdict {
  for (let count = 0; count <= EXTENSIONS_MAX; count++) {
    switch (packet.protocol) {
      case HOP_BY_HOP:
        // It comes first, or its number is an unknown one.
        if (packet.offset !== packet.header + 40) return refuse(walk, packet, UNKNOWN_NEXT_HEADER, walk.next)
        if (!mayPass(walk, packet)) return 'drop'
        break
      case DESTINATION_OPTIONS:
        if (!mayPass(walk, packet)) return 'drop'
        break
      case ROUTING:
        if (!isRouted(walk, packet)) return 'drop'
        break
      case FRAGMENT:
        return packet.end - packet.offset < 8 ? 'drop' : 'fragment'
      case NO_NEXT_HEADER:
        return 'drop'
      default:
        return 'payload'
    }
    step(walk, packet)
  }
  return 'drop'
}

/** Moves over the header at `packet.offset`, of which two bytes are there. */
export function step(walk: Walk, packet: MutablePacket): void {
  const size = sizeAt(packet)
  walk.next = packet.offset
  packet.protocol = packet.frame[packet.offset]!
  packet.offset += size
}

/** Of the header at `packet.offset`, in bytes. That of a fragment says nothing of its size. */
function sizeAt({ frame, offset, protocol }: MutablePacket): number {
  return protocol === FRAGMENT ? 8 : 8 * (frame[offset + 1]! + 1)
}

function isWhole(packet: MutablePacket): boolean {
  return packet.end - packet.offset >= 8 && sizeAt(packet) <= packet.end - packet.offset
}

/** Whether no option of the header at `packet.offset` asks that the packet be dropped. */
function mayPass(walk: Walk, packet: MutablePacket): boolean {
  if (!isWhole(packet)) return false
  const { frame } = packet
  const end = packet.offset + sizeAt(packet)
  let count = 0
  for (let i = packet.offset + 2; i < end; ) {
    const type = frame[i]!
    if (type === PAD_1) {
      i += 1
      continue
    }
    if (i + 2 > end || i + 2 + frame[i + 1]! > end) return false
    if (type !== PAD_N && ++count > OPTIONS_MAX) return false
    if (!isSkipped(walk, packet, type, i)) return false
    i += 2 + frame[i + 1]!
  }
  return true
}

/** What the first two bits of an option say: RFC 8200 §4.2. */
function isSkipped(walk: Walk, packet: MutablePacket, type: number, at: number): boolean {
  const action = type >>> 6
  if (action === 0) return true
  if (action === 2 || (action === 3 && !isMulticast(packet.dst))) refuse(walk, packet, UNKNOWN_OPTION, at)
  return false
}

/** A route that has been followed is of no interest. Of those that have not, we follow none, type 0 above all (RFC 5095). */
function isRouted(walk: Walk, packet: MutablePacket): boolean {
  if (!isWhole(packet)) return false
  if (packet.frame[packet.offset + 3] === 0) return true
  refuse(walk, packet, ERRONEOUS_FIELD, packet.offset + 2)
  return false
}

function refuse(walk: Walk, { header }: MutablePacket, code: number, at: number): 'drop' {
  walk.problem = code
  walk.pointer = at - header
  return 'drop'
}

/** Of a hop-by-hop header with a router alert, in bytes. */
export const ROUTER_ALERT_SIZE = 8

/** Writes a hop-by-hop header that asks routers to look at the packet of a listener (RFC 2711 §2.1), before `next`. */
export function emitRouterAlert(frame: Uint8Array, offset: number, next: number): void {
  frame.set([next, 0, ROUTER_ALERT, 2, 0, 0, PAD_N, 0], offset)
}
