/** Addresses as the host's sockets have them. */
import { networkInterfaces } from 'node:os'
import type { Endpoint } from '@mirage/address/endpoint'
import * as ip from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'

/** What a socket of both families puts in front of an address of IPv4: RFC 4291 §2.5.5.2. */
const MAPPED = '::ffff:'

/** The endpoint that a socket of the host speaks of; an unspecified one where it speaks of none. */
export function endpoint(address: string | undefined, port: number | undefined): Endpoint {
  const text = address?.startsWith(MAPPED) === true ? address.slice(MAPPED.length) : (address ?? '')
  // Behind a percent sign is the interface of a link-local address, which we have no place for.
  const parsed = ip.parse(text.replace(/%.*/, ''))
  return { address: parsed.ok ? parsed.value : ipv4.UNSPECIFIED, port: port ?? 0 }
}

/** `address` for a socket of both families. */
export function mapped(address: ip.IpAddress): string {
  return ip.isIpv4(address) ? MAPPED + ip.format(address) : ip.format(address)
}

/** The first address of the host that others reach, or the loopback's. */
export function hostCidr(): ipv4.Cidr {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const outside = all.find(({ family, internal }) => family === 'IPv4' && !internal)
  const parsed = ipv4.parseCidr(outside?.cidr ?? '127.0.0.1/8')
  return parsed.ok ? parsed.value : { address: ipv4.of(127, 0, 0, 1), prefixLength: 8 }
}
