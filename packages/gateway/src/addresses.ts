/** How the unikernel's addresses map to the host's: the gateway's own address is the host's loopback. */
import type { Endpoint } from '@mirage/address/endpoint'
import { isIpv4 } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import type { Cidr } from '@mirage/address/ipv4'
import { assert } from '@mirage/result'

/**
 * Where something that the unikernel sends to `dst` leaves the host for. Nowhere, if `dst` is an address of the
 * link that nobody has, a group, or one that means "this host" or "this link" only (RFC 1122 §3.2.1.3).
 */
export function outside({ address, port }: Endpoint, gateway: Cidr): Endpoint | undefined {
  if (port === 0 || !isIpv4(address)) return undefined
  if (address === gateway.address) return { address: ipv4.LOOPBACK, port }
  const first = address >>> 24
  if (ipv4.contains(gateway, address) || first === 0 || first === 127 || first >= 224) return undefined
  return { address, port }
}

/** The address under which the unikernel knows what comes from `src`. */
export function inside({ address, port }: Endpoint, gateway: Cidr): Endpoint {
  return { address: isIpv4(address) && address >>> 24 === 127 ? gateway.address : address, port }
}

/** A number for each IPv4 endpoint: the gateway's link has no others. */
export function keyOf({ address, port }: Endpoint): number {
  assert(isIpv4(address), 'the link of a gateway is of IPv4')
  return address * 0x1_0000 + port
}
