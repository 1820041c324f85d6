/** What hosts inside are told of the way out by IPv6: RFC 4861 §6.2, RFC 7084 §4. */
import * as ipv6 from '@mirage/address/ipv6'
import type { Ipv6Layer } from '@mirage/ip'
import { LIFETIME } from '@mirage/ip/advertising'
import { isMartian } from './ipv6-forward.ts'

/** Tells it again if it is something else than before: somebody calls it from time to time, for ways end silently. */
export type Refresh = () => void

/**
 * Shows the router to the hosts of the link `inside`: for an address in its networks, if a person gave it any, and as the
 * way out for as long as `outside` has one (RFC 7084 G-4). They may ask the name servers that `outside` was told of,
 * unless a router does not lead to them.
 */
export function announce(inside: Ipv6Layer, outside: Ipv6Layer): Refresh {
  let told = ''
  const refresh = (): void => {
    // Those of the link outside are nobody, or somebody else, inside.
    const dnsServers = outside.dnsServers.filter((server) => !isMartian(server))
    const lifetime = outside.gateway !== undefined && hasNetwork(inside) ? LIFETIME : 0
    const now = [lifetime, ...dnsServers].join()
    if (now === told) return
    told = now
    inside.becomeRouter({ lifetime, dnsServers })
  }
  for (const link of [inside, outside]) link.onEvent(refresh)
  refresh()
  return refresh
}

function hasNetwork({ addresses }: Ipv6Layer): boolean {
  return addresses.some(({ address }) => !ipv6.isLinkLocal(address))
}
