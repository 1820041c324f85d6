/**
 * IPv4 addresses and prefixes: RFC 791, RFC 4632.
 *
 * An address is an unsigned 32-bit number, most significant byte first: equal when `===` says so, cheap to
 * compare with a mask, usable as the key of a map. The brand keeps other numbers out.
 */
import { type Result, err, ok } from '@mirage/result'

declare const brand: unique symbol
/** The address as a number, 0 to 2^32 - 1: made by `parse`, `of` and `read`. */
export type Ipv4 = number & { readonly [brand]: 'ipv4' }

/** An address and how many of its leading bits name its network: `10.0.0.2/24`. */
export interface Cidr {
  readonly address: Ipv4
  /** 0 to 32. */
  readonly prefixLength: number
}

/** In bytes. */
export const SIZE = 4
/** 0.0.0.0: "this host", before it has an address. */
export const UNSPECIFIED: Ipv4 = 0 as Ipv4
/** 255.255.255.255: every host on this link. */
export const BROADCAST: Ipv4 = 0xffff_ffff as Ipv4
/** 127.0.0.1: this host, and never seen on a link (RFC 1122 §3.2.1.3). */
export const LOOPBACK: Ipv4 = 0x7f00_0001 as Ipv4

/** Four decimal bytes between dots, without leading zeros (which other readers take for octal). */
export function parse(text: string): Result<Ipv4, 'bad-ipv4'> {
  const parts = text.split('.')
  if (parts.length !== 4) return err('bad-ipv4')
  let address = 0
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return err('bad-ipv4')
    address = address * 256 + Number(part)
  }
  return ok(address as Ipv4)
}

/** `10.0.0.2/24`. */
export function parseCidr(text: string): Result<Cidr, 'bad-cidr'> {
  const [before, after, ...rest] = text.split('/')
  const address = parse(before ?? '')
  if (!address.ok || after === undefined || rest.length > 0) return err('bad-cidr')
  if (!/^(0|[1-9][0-9]?)$/.test(after) || Number(after) > 32) return err('bad-cidr')
  return ok({ address: address.value, prefixLength: Number(after) })
}

/** An address from its four bytes, most significant first. */
export function of(a: number, b: number, c: number, d: number): Ipv4 {
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) as Ipv4
}

/** Four decimal bytes between dots: what `parse` reads. */
export function format(address: Ipv4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** `10.0.0.2/24`: what `parseCidr` reads. */
export function formatCidr({ address, prefixLength }: Cidr): string {
  return `${format(address)}/${prefixLength}`
}

/** The four bytes of `bytes` from `offset`, which the caller has checked to be there. */
export function read(bytes: Uint8Array, offset: number): Ipv4 {
  return (((bytes[offset]! << 24) |
    (bytes[offset + 1]! << 16) |
    (bytes[offset + 2]! << 8) |
    bytes[offset + 3]!) >>>
    0) as Ipv4
}

/** Writes four bytes of `bytes` from `offset`, for which the caller has checked that there is room. */
export function write(bytes: Uint8Array, offset: number, address: Ipv4): void {
  bytes[offset] = address >>> 24
  bytes[offset + 1] = address >>> 16
  bytes[offset + 2] = address >>> 8
  bytes[offset + 3] = address
}

/** The mask of a prefix: `netmask(24)` is 255.255.255.0. */
export function netmask(prefixLength: number): Ipv4 {
  return (prefixLength === 0 ? 0 : (0xffff_ffff << (32 - prefixLength)) >>> 0) as Ipv4
}

/** The length of the prefix that `mask` stands for, if its ones are all in front. */
export function prefixLengthOf(mask: Ipv4): Result<number, 'bad-netmask'> {
  const length = Math.clz32(~mask)
  return netmask(length) === mask ? ok(length) : err('bad-netmask')
}

/** The first address of the network, all host bits zero. */
export function network({ address, prefixLength }: Cidr): Ipv4 {
  return ((address & netmask(prefixLength)) >>> 0) as Ipv4
}

/** The directed broadcast address of the network, all host bits one (RFC 919). */
export function broadcastOf(cidr: Cidr): Ipv4 {
  return ((network(cidr) | ~netmask(cidr.prefixLength)) >>> 0) as Ipv4
}

/** Whether `address` begins as the prefix does. */
export function contains(cidr: Cidr, address: Ipv4): boolean {
  return ((cidr.address ^ address) & netmask(cidr.prefixLength)) === 0
}

/** 224.0.0.0/4 (RFC 5771). */
export function isMulticast(address: Ipv4): boolean {
  return address >>> 28 === 0xe
}
