/** Which way a packet goes: a table of prefixes, of which the longest that fits decides. RFC 1812 §5.2.4.3. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'

/** Where packets to a part of the addresses go. */
export interface Route {
  /** Host bits do not matter. */
  readonly prefix: Cidr
  /** The link that they leave by: its place in the router's list. */
  readonly link: number
  /** The router on that link that takes them further; nothing where the destination itself is on the link. */
  readonly gateway?: Ipv4
}

/** Routes, by the length of their prefix and then by their network. */
export interface Routes {
  /** The lengths that there are, longest first: a lookup costs one step for each. */
  readonly lengths: readonly number[]
  readonly byLength: ReadonlyMap<number, ReadonlyMap<Ipv4, Route>>
}

/** The table of `routes`. Of two for the same prefix the first counts. */
export function of(routes: readonly Route[]): Routes {
  const byLength = new Map<number, Map<Ipv4, Route>>()
  for (const route of routes) {
    const { prefixLength } = route.prefix
    const known = byLength.get(prefixLength) ?? new Map<Ipv4, Route>()
    const network = ipv4.network(route.prefix)
    if (!known.has(network)) known.set(network, route)
    byLength.set(prefixLength, known)
  }
  return { lengths: [...byLength.keys()].sort((a, b) => b - a), byLength }
}

/** The route to `dst` with the longest prefix, if there is one. */
export function lookup({ lengths, byLength }: Routes, dst: Ipv4): Route | undefined {
  for (const length of lengths) {
    const route = byLength.get(length)?.get(((dst & ipv4.netmask(length)) >>> 0) as Ipv4)
    if (route !== undefined) return route
  }
  return undefined
}
