/** Name servers that routers tell of, each for a time: RFC 8106 §6. Their search lists (DNSSL) are left to others. */
import type { Ipv6 } from '@mirage/address/ipv6'
import type { Millis } from '@mirage/clock'
import type { NameServer } from './wire.ts'

/** Of those that routers tell of; beyond that, what would be forgotten first is not kept. RFC 8106 §5.3.1 wants three. */
export const NAME_SERVERS_MAX = 4

/** One that may be asked. */
export interface Known {
  readonly address: Ipv6
  /** Who told of it last. */
  router: Ipv6
  until: Millis
}

/** The state, in the order in which they were told of. Only the functions of this file change it. */
export interface NameServers {
  readonly list: Known[]
}

/** None. */
export function create(): NameServers {
  return { list: [] }
}

/** `router` says for how long each of `servers` may be asked from now on; one that may be for no time is forgotten. */
export function advertised(
  { list }: NameServers,
  router: Ipv6,
  servers: readonly NameServer[],
  now: Millis,
): void {
  for (const { address, lifetime } of servers) {
    const index = list.findIndex((known) => known.address === address)
    const until = now + 1000 * lifetime
    if (index >= 0 && lifetime > 0) Object.assign(list[index]!, { router, until })
    else if (index >= 0) list.splice(index, 1)
    else if (lifetime > 0) add(list, { address, router, until })
  }
}

function add(list: Known[], server: Known): void {
  list.push(server)
  if (list.length <= NAME_SERVERS_MAX) return
  const first = list.reduce((a, b) => (b.until <= a.until ? b : a))
  list.splice(list.indexOf(first), 1)
}

/** Forgets all of them. */
export function drop({ list }: NameServers): void {
  list.length = 0
}

/** Time has passed: forgets those whose time is over, and says who had told of them. */
export function tick({ list }: NameServers, now: Millis): ReadonlySet<Ipv6> {
  const routers = new Set<Ipv6>()
  for (const known of list.slice()) {
    if (known.until > now) continue
    list.splice(list.indexOf(known), 1)
    routers.add(known.router)
  }
  return routers
}

/** When `tick` has something to do. */
export function deadline({ list }: NameServers): Millis {
  let earliest = Infinity
  for (const { until } of list) earliest = Math.min(earliest, until)
  return earliest
}
