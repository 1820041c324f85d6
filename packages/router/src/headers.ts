/** What stands behind the extension headers of an IPv6 packet: RFC 8200 §4, RFC 7112. Nothing here changes a packet. */
import type { Ipv6 } from '@mirage/address/ipv6'
import { type Packet, TCP } from '@mirage/ip'
import * as extension from '@mirage/ip/extension'
import * as fragment from '@mirage/ip/ipv6-fragment'

/** A packet whose header was checked, and no more. */
export type Ipv6Packet = Packet<Ipv6>

/** What the headers of a packet come to. */
export interface Inner {
  /** The payload; or that of another fragment; or nothing that a host would take. */
  readonly kind: 'payload' | 'later-fragment' | 'unreadable'
  /** Of the payload, and where it begins. */
  readonly protocol: number
  readonly offset: number
  /** What all fragments of the packet have in common, where it is one. */
  readonly fragmentKey: string | undefined
}

/** Steps over the headers of `packet`, as a host would that it is for. */
export function inner(packet: Ipv6Packet): Inner {
  const at = { ...packet }
  const walk: extension.Walk = { next: 0, problem: -1, pointer: 0 }
  let fragmentKey: string | undefined
  extension.begin(walk, at)
  let verdict = extension.walk(walk, at)
  if (verdict === 'fragment') {
    const isLater = fragment.fragmentOffset(at.frame, at.offset) > 0
    // A fragment that is all of its packet is none: RFC 6946.
    if (isLater || fragment.hasMore(at.frame, at.offset))
      fragmentKey = `${at.src}${at.dst}${fragment.id(at.frame, at.offset)}`
    if (isLater) return { kind: 'later-fragment', protocol: 0, offset: at.end, fragmentKey }
    extension.step(walk, at)
    verdict = extension.walk(walk, at)
  }
  const isReadable = verdict === 'payload' && (fragmentKey === undefined || hasHeader(at))
  const kind = isReadable ? 'payload' : 'unreadable'
  return { kind, protocol: at.protocol, offset: at.offset, fragmentKey }
}

/** Whether a first fragment reaches behind the header that its payload begins with, or no host would take it: RFC 7112 §5. */
function hasHeader({ offset, end, protocol }: Ipv6Packet): boolean {
  return end - offset >= (protocol === TCP ? 20 : 8)
}

/** Whether `packet` says itself which way it goes on, as type 0 of a routing header does: RFC 5095. */
export function isSourceRouted({ frame, offset, end, protocol }: Ipv6Packet): boolean {
  let [at, kind] = [offset, protocol]
  while (HEADERS.has(kind) && at + 8 <= end) {
    if (kind === extension.ROUTING && frame[at + 2] === 0 && frame[at + 3]! > 0) return true
    kind = frame[at]!
    at += 8 * (frame[at + 1]! + 1)
  }
  return false
}

/** Those that may stand in front of a routing header, and that itself. */
const HEADERS: ReadonlySet<number> = new Set([
  extension.HOP_BY_HOP,
  extension.DESTINATION_OPTIONS,
  extension.ROUTING,
])
