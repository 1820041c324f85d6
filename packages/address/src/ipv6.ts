/**
 * IPv6 addresses and prefixes: RFC 4291, with the text of RFC 5952.
 *
 * An address is a string of eight characters, one for each group of 16 bits: immutable, equal when `===` says so,
 * usable as the key of a map. It is not what a person reads, which `format` gives. The brand keeps other strings out.
 */
import { type Result, err, ok } from '@mirage/result'
import * as ipv4 from './ipv4.ts'
import * as mac from './mac.ts'

declare const brand: unique symbol
/** The address as eight 16-bit code units: made by `parse`, `of` and `read`. */
export type Ipv6 = string & { readonly [brand]: 'ipv6' }

/** An address and how many of its leading bits name its network: `fd00::2/64`. */
export interface Cidr {
  readonly address: Ipv6
  /** 0 to 128. */
  readonly prefixLength: number
}

/** In bytes. */
export const SIZE = 16
const GROUPS = 8

/** An address from its eight groups, most significant first: `of(0xfe80, 0, 0, 0, 0, 0, 0, 1)`. */
export function of(...groups: readonly number[]): Ipv6 {
  return String.fromCharCode(...groups.slice(0, GROUPS)).padEnd(GROUPS, '\0') as Ipv6
}

/** `::`: no address. */
export const UNSPECIFIED: Ipv6 = of()
/** `::1`: this host, and never seen on a link. */
export const LOOPBACK: Ipv6 = of(0, 0, 0, 0, 0, 0, 0, 1)
/** `ff02::1`: every node on this link. */
export const ALL_NODES: Ipv6 = of(0xff02, 0, 0, 0, 0, 0, 0, 1)
/** `ff02::2`: every router on this link. */
export const ALL_ROUTERS: Ipv6 = of(0xff02, 0, 0, 0, 0, 0, 0, 2)
/** fe80::/64: what every interface has an address in. */
export const LINK_LOCAL: Cidr = { address: of(0xfe80), prefixLength: 64 }

/** Group `index`, 0 to 7, of an address: 0 to 0xffff. */
export function group(address: Ipv6, index: number): number {
  return address.charCodeAt(index)
}

/** Eight groups of hexadecimal digits between colons, one run of zero groups as `::`, the last 32 bits perhaps as IPv4. */
export function parse(text: string): Result<Ipv6, 'bad-ipv6'> {
  const [before, after, ...more] = text.split('::')
  if (before === undefined || more.length > 0) return err('bad-ipv6')
  const head = groupsOf(before, after === undefined)
  const tail = after === undefined ? [] : groupsOf(after, true)
  if (head === undefined || tail === undefined) return err('bad-ipv6')
  const zeros = GROUPS - head.length - tail.length
  // `::` stands for one group of zeros or more.
  if (after === undefined ? zeros !== 0 : zeros < 1) return err('bad-ipv6')
  return ok(of(...head, ...Array.from({ length: zeros }, () => 0), ...tail))
}

/** The groups of a part of an address between `::`, if they are any; an IPv4 address may only end the whole. */
function groupsOf(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else {
      const last = i === parts.length - 1 && mayEndInIpv4 ? ipv4.parse(part) : undefined
      if (last === undefined || !last.ok) return undefined
      groups.push(last.value >>> 16, last.value & 0xffff)
    }
  }
  return groups
}

/** `fd00::2/64`. */
export function parseCidr(text: string): Result<Cidr, 'bad-cidr'> {
  const [before, after, ...rest] = text.split('/')
  const address = parse(before ?? '')
  if (!address.ok || after === undefined || rest.length > 0) return err('bad-cidr')
  if (!/^(0|[1-9][0-9]{0,2})$/.test(after) || Number(after) > 128) return err('bad-cidr')
  return ok({ address: address.value, prefixLength: Number(after) })
}

/** The one text of RFC 5952 §4: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
export function format(address: Ipv6): string {
  const groups = Array.from({ length: GROUPS }, (_, i) => group(address, i).toString(16))
  const { start, length } = longestZeros(address)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

/** `fd00::2/64`: what `parseCidr` reads. */
export function formatCidr({ address, prefixLength }: Cidr): string {
  return `${format(address)}/${prefixLength}`
}

function longestZeros(address: Ipv6): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let i = 0, length = 0; i < GROUPS; i++) {
    length = group(address, i) === 0 ? length + 1 : 0
    if (length > best.length) best = { start: i - length + 1, length }
  }
  return best
}

/** The sixteen bytes of `bytes` from `offset`, which the caller has checked to be there. */
export function read(bytes: Uint8Array, offset: number): Ipv6 {
  return String.fromCharCode(
    (bytes[offset]! << 8) | bytes[offset + 1]!,
    (bytes[offset + 2]! << 8) | bytes[offset + 3]!,
    (bytes[offset + 4]! << 8) | bytes[offset + 5]!,
    (bytes[offset + 6]! << 8) | bytes[offset + 7]!,
    (bytes[offset + 8]! << 8) | bytes[offset + 9]!,
    (bytes[offset + 10]! << 8) | bytes[offset + 11]!,
    (bytes[offset + 12]! << 8) | bytes[offset + 13]!,
    (bytes[offset + 14]! << 8) | bytes[offset + 15]!,
  ) as Ipv6
}

/** Writes sixteen bytes of `bytes` from `offset`, for which the caller has checked that there is room. */
export function write(bytes: Uint8Array, offset: number, address: Ipv6): void {
  for (let i = 0, to = offset; i < GROUPS; i++, to += 2) {
    const word = address.charCodeAt(i)
    bytes[to] = word >>> 8
    bytes[to + 1] = word
  }
}

/** Whether `read` would give `address`: for who expects one, this makes nothing. */
export function isAt(bytes: Uint8Array, offset: number, address: Ipv6): boolean {
  for (let i = 0, from = offset; i < GROUPS; i++, from += 2) {
    if (((bytes[from]! << 8) | bytes[from + 1]!) !== address.charCodeAt(i)) return false
  }
  return true
}

/** The first address of the network, all other bits zero. */
export function network({ address, prefixLength }: Cidr): Ipv6 {
  const whole = prefixLength >>> 4
  if (whole === GROUPS) return address
  const last = group(address, whole) & maskOf(prefixLength, whole)
  // A router asks this of every packet: groups one by one took five times as long.
  return (address.slice(0, whole) + String.fromCharCode(last)).padEnd(GROUPS, '\0') as Ipv6
}

/** Whether `address` begins as the prefix does. */
export function contains({ address: prefix, prefixLength }: Cidr, address: Ipv6): boolean {
  for (let i = 0; i * 16 < prefixLength; i++) {
    if (((group(prefix, i) ^ group(address, i)) & maskOf(prefixLength, i)) !== 0) return false
  }
  return true
}

/** Which bits of group `index` a prefix has. */
function maskOf(prefixLength: number, index: number): number {
  const bits = Math.min(Math.max(prefixLength - index * 16, 0), 16)
  return (0xffff << (16 - bits)) & 0xffff
}

/** ff00::/8. */
export function isMulticast(address: Ipv6): boolean {
  return group(address, 0) >>> 8 === 0xff
}

/** fe80::/10: for this link alone. */
export function isLinkLocal(address: Ipv6): boolean {
  return group(address, 0) >>> 6 === 0x3fa
}

/** The group in which neighbours ask for `address`: ff02::1:ff00:0/104 and its last 24 bits (RFC 4291 §2.7.1). */
export function solicitedNode(address: Ipv6): Ipv6 {
  return of(0xff02, 0, 0, 0, 0, 1, 0xff00 | (group(address, 6) & 0xff), group(address, 7))
}

/** The MAC address of a group: 33:33 and its last 32 bits (RFC 2464 §7). */
export function multicastMac(address: Ipv6): mac.Mac {
  return (0x3333_0000_0000 + group(address, 6) * 0x1_0000 + group(address, 7)) as mac.Mac
}

/** The address in `prefix`, of 64 bits, that an interface makes of its MAC address: RFC 4291, appendix A. */
export function fromMac(prefix: Ipv6, address: mac.Mac): Ipv6 {
  const high = Math.floor(address / 0x1_0000_0000)
  const middle = Math.floor(address / 0x1_0000) & 0xffff
  const low = address & 0xffff
  // The bit that says "universal" is turned round, and ff:fe put in the middle.
  const groups = [high ^ 0x0200, (middle & 0xff00) | 0xff, 0xfe00 | (middle & 0xff), low]
  return of(group(prefix, 0), group(prefix, 1), group(prefix, 2), group(prefix, 3), ...groups)
}
