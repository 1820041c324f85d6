/** What a router does with an IPv6 packet that is for another host: RFC 8200 §3, RFC 6092 §2.1. Nothing here sends, or keeps anything. */
import { HOP_LIMIT, isNeighbourDiscovery } from '@mirage/ip/ndp-wire'
import * as ipv6 from '@mirage/address/ipv6'
import type { Ipv6 } from '@mirage/address/ipv6'
import { copy } from '@mirage/bytes/copy'
import { ICMPV6 } from '@mirage/ip'
import { QUERY } from '@mirage/ip/membership'
import { type Ipv6Packet, inner, isSourceRouted } from './headers.ts'
import { type Route, type Routes, lookup } from './routes.ts'

/** Why a packet does not go on. */
export type Refusal =
  /** It comes from, or goes to, what no router carries packets for: RFC 4291 §2.5, RFC 6092 REC-1, REC-2, of REC-3 a part. */
  | 'martian'
  /** It says itself which way it goes: RFC 5095. */
  | 'source-route'
  | 'no-route'
  /** It has lived for as many hops as it might. */
  | 'time-exceeded'

/** The route that `packet` takes, or why none. */
export function decide(routes: Routes<Ipv6>, packet: Ipv6Packet): Route<Ipv6> | Refusal {
  if (isMartian(packet.src) || isMartian(packet.dst)) return 'martian'
  if (isSourceRouted(packet)) return 'source-route'
  const route = lookup(routes, packet.dst)
  if (route === undefined) return 'no-route'
  return packet.ttl > 1 ? route : 'time-exceeded'
}

/** Whether a router carries nothing from or to `address`: groups, what is of one link, of this host, or an IPv4 address. */
export function isMartian(address: Ipv6): boolean {
  return ipv6.isMulticast(address) || ipv6.isLinkLocal(address) || address.startsWith(EMBEDDED)
}

/** What `::`, `::1` and addresses with one of IPv4 in them begin with: RFC 4291 §2.5.5. */
const EMBEDDED = '\0\0\0\0\0'

/**
 * Whether `packet` is what the hosts of a link say to each other so that there is one: of neighbours, and which groups there
 * are. No router has carried it, and no rule has to speak of it: RFC 4890 §4.4.1.
 */
export function isOfLink(packet: Ipv6Packet): boolean {
  return isDiscovery(packet) || isGroupQuery(packet)
}

function isDiscovery({ frame, offset, end, protocol, ttl }: Ipv6Packet): boolean {
  return protocol === ICMPV6 && ttl === HOP_LIMIT && end > offset && isNeighbourDiscovery(frame[offset]!)
}

/** A router alert stands in front of it: RFC 3810 §5. */
function isGroupQuery(packet: Ipv6Packet): boolean {
  if (packet.ttl !== 1 || !ipv6.isLinkLocal(packet.src)) return false
  const { kind, protocol, offset, fragmentKey } = inner(packet)
  if (kind !== 'payload' || protocol !== ICMPV6 || fragmentKey !== undefined) return false
  return packet.end > offset && packet.frame[offset] === QUERY
}

/** Copies `packet` to `offset` of `to`, one hop older, and returns its length. */
export function copyOlder(packet: Ipv6Packet, to: Uint8Array, offset: number): number {
  const length = packet.end - packet.header
  copy(to, offset, packet.frame, packet.header, length)
  to[offset + 7] = packet.ttl - 1
  return length
}
