/**
 * The messages of neighbour discovery, which are ICMPv6: RFC 4861 §4.
 *
 *      0      1      2             4                           8
 *      +------+------+-------------+---------------------------+
 *      | type |  0   |  checksum   |      by type              |  target ...  options ...
 *      +------+------+-------------+---------------------------+
 *
 * An option is a type, its length in units of 8 bytes, and what the type says. Options that are not known are skipped.
 */
import * as ipv6 from '@mirage/address/ipv6'
import * as mac from '@mirage/address/mac'
import { getU16, getU32, setU16, setU32 } from '@mirage/bytes'
import { type Result, err, ok } from '@mirage/result'

/** The five types of message. */
export const ROUTER_SOLICITATION = 133
/** RFC 4861 §4.2. */
export const ROUTER_ADVERTISEMENT = 134
/** RFC 4861 §4.3. */
export const NEIGHBOUR_SOLICITATION = 135
/** RFC 4861 §4.4. */
export const NEIGHBOUR_ADVERTISEMENT = 136
/** RFC 4861 §4.5. */
export const REDIRECT = 137

/** Every message comes and goes with this hop limit: no router has carried it. */
export const HOP_LIMIT = 255

const SOURCE_MAC = 1
const TARGET_MAC = 2
const PREFIX = 3
const MTU = 5
/** RFC 8106 §5.1. */
const DNS_SERVERS = 25
/** An option for each, since each has a lifetime of its own. */
const DNS_SERVER_SIZE = 24

/** Options of one message that are looked at; a message with more is not believed. */
export const OPTIONS_MAX = 64

/** A prefix that a router advertises: RFC 4861 §4.6.2. Lifetimes are in seconds, `Infinity` for those that do not end. */
export interface Prefix {
  readonly prefix: ipv6.Cidr
  /** Its addresses are neighbours. */
  readonly isOnLink: boolean
  /** A host may make its address of it. */
  readonly isAutonomous: boolean
  readonly validLifetime: number
  readonly preferredLifetime: number
}

/** What a router says: RFC 4861 §4.2. */
export interface RouterAdvertisement {
  readonly kind: 'router-advertisement'
  /** Of packets that leave the link; 0: the router does not say. */
  readonly hopLimit: number
  /** In seconds; 0: this is no way out of the link. */
  readonly routerLifetime: number
  /** More is better: -1, 0 or 1 (RFC 4191 §2.1). */
  readonly preference: number
  /** In milliseconds; 0: the router does not say. */
  readonly reachableTime: number
  readonly retransTimer: number
  readonly mac?: mac.Mac
  readonly mtu?: number
  readonly prefixes: readonly Prefix[]
  readonly dnsServers: readonly NameServer[]
}

/** A name server of a router advertisement: RFC 8106 §5.1. */
export interface NameServer {
  readonly address: ipv6.Ipv6
  /** In seconds, or `Infinity`; 0: it is to be asked no longer. */
  readonly lifetime: number
}

/** A message of neighbour discovery. `mac` is of its sender or its target, whatever the message is about. */
export type Message =
  | { readonly kind: 'router-solicitation'; readonly mac?: mac.Mac }
  | RouterAdvertisement
  | { readonly kind: 'neighbour-solicitation'; readonly target: ipv6.Ipv6; readonly mac?: mac.Mac }
  | NeighbourAdvertisement
  | {
      readonly kind: 'redirect'
      /** The better first hop, which may be the destination itself. */
      readonly target: ipv6.Ipv6
      readonly destination: ipv6.Ipv6
      readonly mac?: mac.Mac
    }

/** What a neighbour says of itself: RFC 4861 §4.4. */
export interface NeighbourAdvertisement {
  readonly kind: 'neighbour-advertisement'
  readonly target: ipv6.Ipv6
  readonly isRouter: boolean
  /** It is the answer to a solicitation, and so proves that we hear each other. */
  readonly isSolicited: boolean
  /** It is right where it differs from what was known. */
  readonly isOverride: boolean
  readonly mac?: mac.Mac
}

/** Why bytes are no message: RFC 4861 §6.1, §7.1, §8.1. */
export type MessageError =
  | 'too-short'
  /** It has been forwarded, its code is not zero, or it comes from, goes to or speaks of what it cannot. */
  | 'invalid'
  | 'bad-option'

/** Where a message came from and went to, as its IPv6 header says. */
export interface Travel {
  readonly src: ipv6.Ipv6
  readonly dst: ipv6.Ipv6
  readonly hopLimit: number
}

/** Whether ICMPv6 messages of `type` are ours. */
export function isNeighbourDiscovery(type: number): boolean {
  return type >= ROUTER_SOLICITATION && type <= REDIRECT
}

const LENGTHS: Readonly<Record<number, number>> = {
  [ROUTER_SOLICITATION]: 8,
  [ROUTER_ADVERTISEMENT]: 16,
  [NEIGHBOUR_SOLICITATION]: 24,
  [NEIGHBOUR_ADVERTISEMENT]: 24,
  [REDIRECT]: 40,
}

/** The message that is `frame` from `offset` up to `end`, 8 bytes or more, of one of our types. Its checksum is right. */
export function parse(
  frame: Uint8Array,
  offset: number,
  end: number,
  travel: Travel,
): Result<Message, MessageError> {
  const type = frame[offset]!
  const length = LENGTHS[type]!
  if (end - offset < length) return err('too-short')
  if (travel.hopLimit !== HOP_LIMIT || frame[offset + 1] !== 0) return err('invalid')
  const options = parseOptions(frame, offset + length, end)
  if (options === undefined) return err('bad-option')
  const message = parseBody(frame, offset, type, options)
  return isPossible(message, travel) ? ok(message) : err('invalid')
}

interface Options {
  sourceMac?: mac.Mac
  targetMac?: mac.Mac
  mtu?: number
  readonly prefixes: Prefix[]
  readonly dnsServers: NameServer[]
}

function parseOptions(frame: Uint8Array, from: number, end: number): Options | undefined {
  const options: Options = { prefixes: [], dnsServers: [] }
  let offset = from
  for (let count = 0; offset < end; count++) {
    if (end - offset < 8 || count >= OPTIONS_MAX) return undefined
    const size = 8 * frame[offset + 1]!
    // A length of zero would never end: RFC 4861 §4.6.
    if (size === 0 || size > end - offset) return undefined
    parseOption(frame, offset, size, options)
    offset += size
  }
  return options
}

/** Takes the option over if it has the size of its type. Of those that may come once, the first counts. */
function parseOption(frame: Uint8Array, offset: number, size: number, options: Options): void {
  const type = frame[offset]!
  if (type === SOURCE_MAC && size === 8) options.sourceMac ??= mac.read(frame, offset + 2)
  else if (type === TARGET_MAC && size === 8) options.targetMac ??= mac.read(frame, offset + 2)
  else if (type === MTU && size === 8) options.mtu ??= getU32(frame, offset + 4)
  else if (type === PREFIX && size === 32) options.prefixes.push(parsePrefix(frame, offset))
  else if (type === DNS_SERVERS) {
    const seconds = lifetime(getU32(frame, offset + 4))
    for (let at = offset + 8; at + ipv6.SIZE <= offset + size; at += ipv6.SIZE) {
      options.dnsServers.push({ address: ipv6.read(frame, at), lifetime: seconds })
    }
  }
}

function parsePrefix(frame: Uint8Array, offset: number): Prefix {
  const prefixLength = Math.min(frame[offset + 2]!, 128)
  const flags = frame[offset + 3]!
  return {
    prefix: { address: ipv6.network({ address: ipv6.read(frame, offset + 16), prefixLength }), prefixLength },
    isOnLink: (flags & 0x80) !== 0,
    isAutonomous: (flags & 0x40) !== 0,
    validLifetime: lifetime(getU32(frame, offset + 4)),
    preferredLifetime: lifetime(getU32(frame, offset + 8)),
  }
}

function lifetime(seconds: number): number {
  return seconds === 0xffff_ffff ? Infinity : seconds
}

function parseBody(frame: Uint8Array, offset: number, type: number, options: Options): Message {
  const { sourceMac, targetMac } = options
  const source = sourceMac === undefined ? {} : { mac: sourceMac }
  const target = targetMac === undefined ? {} : { mac: targetMac }
  switch (type) {
    case ROUTER_SOLICITATION:
      return { kind: 'router-solicitation', ...source }
    case ROUTER_ADVERTISEMENT:
      return parseRouterAdvertisement(frame, offset, options)
    case NEIGHBOUR_SOLICITATION:
      return { kind: 'neighbour-solicitation', target: ipv6.read(frame, offset + 8), ...source }
    case NEIGHBOUR_ADVERTISEMENT:
      return {
        kind: 'neighbour-advertisement',
        target: ipv6.read(frame, offset + 8),
        isRouter: (frame[offset + 4]! & 0x80) !== 0,
        isSolicited: (frame[offset + 4]! & 0x40) !== 0,
        isOverride: (frame[offset + 4]! & 0x20) !== 0,
        ...target,
      }
    default:
      return {
        kind: 'redirect',
        target: ipv6.read(frame, offset + 8),
        destination: ipv6.read(frame, offset + 24),
        ...target,
      }
  }
}

function parseRouterAdvertisement(frame: Uint8Array, offset: number, options: Options): RouterAdvertisement {
  const { sourceMac, mtu, prefixes, dnsServers } = options
  const preference = (frame[offset + 5]! >>> 3) & 3
  return {
    kind: 'router-advertisement',
    hopLimit: frame[offset + 4]!,
    // The reserved value counts as the middle one: RFC 4191 §2.2.
    preference: preference === 1 ? 1 : preference === 3 ? -1 : 0,
    routerLifetime: getU16(frame, offset + 6),
    reachableTime: getU32(frame, offset + 8),
    retransTimer: getU32(frame, offset + 12),
    ...(sourceMac === undefined ? {} : { mac: sourceMac }),
    ...(mtu === undefined ? {} : { mtu }),
    prefixes,
    dnsServers,
  }
}

/** RFC 4861 §6.1.1, §6.1.2, §7.1.1, §7.1.2, §8.1. No interface has the address of a group. */
function isPossible(message: Message, { src, dst }: Travel): boolean {
  if (message.mac !== undefined && mac.isGroup(message.mac)) return false
  switch (message.kind) {
    case 'router-solicitation':
      return src !== ipv6.UNSPECIFIED || message.mac === undefined
    case 'router-advertisement':
      return ipv6.isLinkLocal(src)
    case 'neighbour-solicitation':
      if (ipv6.isMulticast(message.target)) return false
      // Who has no address yet asks the group of the address that it would have.
      return src !== ipv6.UNSPECIFIED || (message.mac === undefined && isSolicitedNode(dst))
    case 'neighbour-advertisement':
      return !ipv6.isMulticast(message.target) && !(message.isSolicited && ipv6.isMulticast(dst))
    case 'redirect':
      if (!ipv6.isLinkLocal(src) || ipv6.isMulticast(message.destination)) return false
      return ipv6.isLinkLocal(message.target) || message.target === message.destination
  }
}

const SOLICITED_NODES: ipv6.Cidr = { address: ipv6.solicitedNode(ipv6.UNSPECIFIED), prefixLength: 104 }

function isSolicitedNode(dst: ipv6.Ipv6): boolean {
  return ipv6.contains(SOLICITED_NODES, dst)
}

/** How many bytes `emit` writes. */
export function sizeOf(message: Message): number {
  const withMac = message.mac === undefined ? 0 : 8
  switch (message.kind) {
    case 'router-solicitation':
      return 8 + withMac
    case 'neighbour-solicitation':
    case 'neighbour-advertisement':
      return 24 + withMac
    case 'redirect':
      return 40 + withMac
    case 'router-advertisement': {
      const { mtu, prefixes, dnsServers } = message
      const options = 32 * prefixes.length + DNS_SERVER_SIZE * dnsServers.length
      return 16 + withMac + (mtu === undefined ? 0 : 8) + options
    }
  }
}

/** Writes `message`, its checksum field zero, to `frame`, of which the `sizeOf(message)` bytes from `offset` are zero. */
export function emit(frame: Uint8Array, offset: number, message: Message): void {
  switch (message.kind) {
    case 'router-solicitation':
      frame[offset] = ROUTER_SOLICITATION
      return emitMac(frame, offset + 8, SOURCE_MAC, message.mac)
    case 'router-advertisement':
      return emitRouterAdvertisement(frame, offset, message)
    case 'neighbour-solicitation':
      frame[offset] = NEIGHBOUR_SOLICITATION
      ipv6.write(frame, offset + 8, message.target)
      return emitMac(frame, offset + 24, SOURCE_MAC, message.mac)
    case 'neighbour-advertisement':
      frame[offset] = NEIGHBOUR_ADVERTISEMENT
      frame[offset + 4] =
        (message.isRouter ? 0x80 : 0) | (message.isSolicited ? 0x40 : 0) | (message.isOverride ? 0x20 : 0)
      ipv6.write(frame, offset + 8, message.target)
      return emitMac(frame, offset + 24, TARGET_MAC, message.mac)
    case 'redirect':
      frame[offset] = REDIRECT
      ipv6.write(frame, offset + 8, message.target)
      ipv6.write(frame, offset + 24, message.destination)
      return emitMac(frame, offset + 40, TARGET_MAC, message.mac)
  }
}

function emitMac(frame: Uint8Array, offset: number, type: number, address: mac.Mac | undefined): void {
  if (address === undefined) return
  frame[offset] = type
  frame[offset + 1] = 1
  mac.write(frame, offset + 2, address)
}

function emitRouterAdvertisement(frame: Uint8Array, offset: number, message: RouterAdvertisement): void {
  frame[offset] = ROUTER_ADVERTISEMENT
  frame[offset + 4] = message.hopLimit
  frame[offset + 5] = (message.preference & 3) << 3
  setU16(frame, offset + 6, message.routerLifetime)
  setU32(frame, offset + 8, message.reachableTime)
  setU32(frame, offset + 12, message.retransTimer)
  emitMac(frame, offset + 16, SOURCE_MAC, message.mac)
  let at = offset + (message.mac === undefined ? 16 : 24)
  if (message.mtu !== undefined) {
    frame.set([MTU, 1], at)
    setU32(frame, at + 4, message.mtu)
    at += 8
  }
  for (const prefix of message.prefixes) {
    emitPrefix(frame, at, prefix)
    at += 32
  }
  for (const { address, lifetime: seconds } of message.dnsServers) {
    frame.set([DNS_SERVERS, DNS_SERVER_SIZE / 8], at)
    setU32(frame, at + 4, Math.min(seconds, 0xffff_ffff))
    ipv6.write(frame, at + 8, address)
    at += DNS_SERVER_SIZE
  }
}

function emitPrefix(frame: Uint8Array, offset: number, prefix: Prefix): void {
  frame.set([PREFIX, 4, prefix.prefix.prefixLength], offset)
  frame[offset + 3] = (prefix.isOnLink ? 0x80 : 0) | (prefix.isAutonomous ? 0x40 : 0)
  setU32(frame, offset + 4, Math.min(prefix.validLifetime, 0xffff_ffff))
  setU32(frame, offset + 8, Math.min(prefix.preferredLifetime, 0xffff_ffff))
  ipv6.write(frame, offset + 16, prefix.prefix.address)
}
