/** Which way a packet goes: a table of prefixes, of which the longest that fits decides. RFC 1812 §5.2.4.3. */
import { isIpv4 } from '@mirage/address/ip'
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'

/** An address, and how many of its leading bits count: of either family. */
export interface Prefix<Address extends IpAddress> {
  readonly address: Address
  readonly prefixLength: number
}

/** Where packets to a part of the addresses go. */
export interface Route<Address extends IpAddress = Ipv4> {
  /** Host bits do not matter. */
  readonly prefix: Prefix<Address>
  /** The link that they leave by: its place in the router's list. */
  readonly link: number
  /** The router on that link that takes them further; nothing where the destination itself is on the link. */
  readonly gateway?: Address
}

/** Routes of one family, by the length of their prefix and then by their network. */
export interface Routes<Address extends IpAddress = Ipv4> {
  /** The lengths that there are, longest first: a lookup costs one step for each. */
  readonly lengths: readonly number[]
  readonly byLength: ReadonlyMap<number, ReadonlyMap<IpAddress, Route<Address>>>
}

/** The table of `routes`. Of two for the same prefix the first counts. */
export function of<Address extends IpAddress = Ipv4>(routes: readonly Route<Address>[]): Routes<Address> {
  const byLength = new Map<number, Map<IpAddress, Route<Address>>>()
  for (const route of routes) {
    const { address, prefixLength } = route.prefix
    const known = byLength.get(prefixLength) ?? new Map<IpAddress, Route<Address>>()
    const network = networkOf(address, prefixLength)
    if (!known.has(network)) known.set(network, route)
    byLength.set(prefixLength, known)
  }
  return { lengths: [...byLength.keys()].sort((a, b) => b - a), byLength }
}

/** The route to `dst` with the longest prefix, if there is one. */
export function lookup<Address extends IpAddress>(
  { lengths, byLength }: Routes<Address>,
  dst: Address,
): Route<Address> | undefined {
  for (const length of lengths) {
    const route = byLength.get(length)?.get(networkOf(dst, length))
    if (route !== undefined) return route
  }
  return undefined
}

function networkOf(address: IpAddress, prefixLength: number): IpAddress {
  if (isIpv4(address)) return ((address & ipv4.netmask(prefixLength)) >>> 0) as Ipv4
  return ipv6.network({ address, prefixLength })
}
