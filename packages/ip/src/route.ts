/** Where a packet goes first: RFC 1122 §3.3.1, for a host with one interface. */
import * as ipv4 from '@mirage/address/ipv4'
import { BROADCAST, type Mac } from '@mirage/address/mac'
import { type Result, err, ok } from '@mirage/result'
import type { Config } from './ip.ts'

/** Whom a packet is handed to on the link. */
export type Hop =
  /** Everyone with this MAC address. */
  | { readonly kind: 'group'; readonly mac: Mac }
  /** The host with this address, on our link. */
  | { readonly kind: 'neighbour'; readonly ip: ipv4.Ipv4 }

/** The first hop to `dst`. There is no loopback: to our own address and to 127.0.0.0/8 there is no route. */
export function nextHop({ cidr, gateway }: Config, dst: ipv4.Ipv4): Result<Hop, 'no-route'> {
  // 0.0.0.0 is an old way to say "everyone": RFC 1122 §3.3.6.
  if (isBroadcast(cidr, dst) || dst === ipv4.UNSPECIFIED) return ok({ kind: 'group', mac: BROADCAST })
  if (ipv4.isMulticast(dst)) return ok({ kind: 'group', mac: multicastMac(dst) })
  if (cidr.address === ipv4.UNSPECIFIED || dst === cidr.address || isLoopback(dst)) return err('no-route')
  if (ipv4.contains(cidr, dst)) return ok({ kind: 'neighbour', ip: dst })
  if (gateway !== undefined) return ok({ kind: 'neighbour', ip: gateway })
  return err('no-route')
}

/** Whether `dst` is everyone on the link, in general or by the name of its network (RFC 919). */
export function isBroadcast(cidr: ipv4.Cidr, dst: ipv4.Ipv4): boolean {
  return dst === ipv4.BROADCAST || dst === directedBroadcast(cidr)
}

/** The broadcast address of the network; the general one where the network has none (RFC 3021) or has no name yet. */
export function directedBroadcast(cidr: ipv4.Cidr): ipv4.Ipv4 {
  const hasOne = cidr.prefixLength < 31 && cidr.address !== ipv4.UNSPECIFIED
  return hasOne ? ipv4.broadcastOf(cidr) : ipv4.BROADCAST
}

/** Whether `address` names one host: RFC 1122 §3.2.1.3. 0.0.0.0 does not. */
export function isHost(cidr: ipv4.Cidr, address: ipv4.Ipv4): boolean {
  // 240.0.0.0/4 is reserved; its last address is the broadcast.
  const isClassD = address >>> 28 >= 0xe
  return (
    !isClassD && !isLoopback(address) && address !== directedBroadcast(cidr) && address !== ipv4.UNSPECIFIED
  )
}

/** 127.0.0.0/8, which is never seen on a link. */
export function isLoopback(address: ipv4.Ipv4): boolean {
  return address >>> 24 === 127
}

/** 01:00:5e and the last 23 bits of the group: RFC 1112 §6.4. */
function multicastMac(group: ipv4.Ipv4): Mac {
  return (0x0100_5e00_0000 + (group & 0x7f_ffff)) as Mac
}
