/** Addresses of either family: a number is IPv4's, a string is IPv6's. */
import { type Result, err } from '@mirage/result'
import * as ipv4 from './ipv4.ts'
import * as ipv6 from './ipv6.ts'

/** An IPv4 or an IPv6 address: equal when `===` says so. */
export type IpAddress = ipv4.Ipv4 | ipv6.Ipv6

/** Whether `address` is IPv4's. */
export function isIpv4(address: IpAddress): address is ipv4.Ipv4 {
  return typeof address === 'number'
}

/** A prefix of either family. */
export type Cidr = ipv4.Cidr | ipv6.Cidr

/** The address of either family that `text` says. */
export function parse(text: string): Result<IpAddress, 'bad-address'> {
  const four = ipv4.parse(text)
  if (four.ok) return four
  const six = ipv6.parse(text)
  return six.ok ? six : err('bad-address')
}

/** `10.0.0.2/24`, or `fd00::2/64`. */
export function parseCidr(text: string): Result<Cidr, 'bad-cidr'> {
  const four = ipv4.parseCidr(text)
  return four.ok ? four : ipv6.parseCidr(text)
}

/** `10.0.0.2`, or `fd00::2`: what `parse` reads. */
export function format(address: IpAddress): string {
  return isIpv4(address) ? ipv4.format(address) : ipv6.format(address)
}

/** What `parseCidr` reads. */
export function formatCidr(cidr: Cidr): string {
  return isIpv4Cidr(cidr) ? ipv4.formatCidr(cidr) : ipv6.formatCidr(cidr)
}

/** Whether `address` begins as the prefix does: never where they are of different families. */
export function contains(cidr: Cidr, address: IpAddress): boolean {
  if (isIpv4Cidr(cidr)) return isIpv4(address) && ipv4.contains(cidr, address)
  return !isIpv4(address) && ipv6.contains(cidr, address)
}

function isIpv4Cidr(cidr: Cidr): cidr is ipv4.Cidr {
  return isIpv4(cidr.address)
}

/** How many bytes `write` writes. */
export function sizeOf(address: IpAddress): number {
  return isIpv4(address) ? ipv4.SIZE : ipv6.SIZE
}

/** Writes the 4 or 16 bytes of `address` to `bytes` at `offset`. */
export function write(bytes: Uint8Array, offset: number, address: IpAddress): void {
  if (isIpv4(address)) ipv4.write(bytes, offset, address)
  else ipv6.write(bytes, offset, address)
}

/** Whether `address` is a group's. */
export function isMulticast(address: IpAddress): boolean {
  return isIpv4(address) ? ipv4.isMulticast(address) : ipv6.isMulticast(address)
}

/** Whether `address` is 0.0.0.0 or `::`: none. */
export function isUnspecified(address: IpAddress): boolean {
  return address === ipv4.UNSPECIFIED || address === ipv6.UNSPECIFIED
}

/** The address of `address`'s family that stands for none. */
export function unspecifiedLike(address: IpAddress): IpAddress {
  return isIpv4(address) ? ipv4.UNSPECIFIED : ipv6.UNSPECIFIED
}
