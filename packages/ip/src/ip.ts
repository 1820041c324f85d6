/** IPv4 for the protocols above it: RFC 791. */
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import type { Fill, FillAt, NetError } from '@mirage/net'
import type { Result } from '@mirage/result'
import type { HeaderError } from './wire.ts'

/** The assigned protocol number of a payload. */
export type Protocol = number
/** RFC 792. */
export const ICMP: Protocol = 1
/** RFC 9293. */
export const TCP: Protocol = 6
/** RFC 768. */
export const UDP: Protocol = 17

/** Why a packet was not sent. */
export type IpError =
  | NetError
  /** Nobody on the link answers for the next hop, or there is no gateway to the destination. */
  | 'no-route'
  /** The packet is larger than a frame carries, and may not be cut. */
  | 'would-fragment'

/**
 * A packet that arrived, whole and checked. One object serves for every packet: it and its frame are lent
 * until the call returns, and must not be changed.
 */
export interface Packet {
  readonly frame: Uint8Array
  /** Where the IP header begins in `frame`. */
  readonly header: number
  /** Where the payload begins, and where it ends (padding of the link excluded). */
  readonly offset: number
  readonly end: number
  readonly src: Ipv4
  readonly dst: Ipv4
  readonly protocol: Protocol
  readonly ttl: number
}

/** Why a packet was not handed on, or in the end not sent. */
export type IpDrop =
  | HeaderError
  /** It does not come from one host: RFC 1122 §3.2.1.3. */
  | 'bad-source'
  | 'not-for-us'
  | 'fragment'
  | 'unknown-protocol'
  /** It waited for its next hop, which did not answer. */
  | 'unresolved'

/** What may be unusual about a packet. */
export interface WriteOptions {
  /** May the packet be cut into fragments? True unless told; false sets the don't-fragment bit. */
  readonly fragment?: boolean
  /** Time to live, 1 to 255; 64 unless told. */
  readonly ttl?: number
  /** The source address; the interface's own unless told. */
  readonly src?: Ipv4
}

/** What an interface is told about its network. */
export interface Config {
  readonly cidr: Cidr
  /** The next hop to everything outside `cidr`'s network. */
  readonly gateway?: Ipv4
}

/** What the protocols above IP write packets to, and hear them from. */
export interface Ip {
  /** The most bytes of payload in one unfragmented packet. */
  readonly mtu: number
  /** The address of this interface; 0.0.0.0/0 until it has one. */
  readonly config: Config
  configure(config: Config): void

  /** The source address that a packet to `dst` gets. */
  src(dst: Ipv4): Ipv4

  /**
   * Sends one packet: what `fill` writes into the `size` zeroed bytes that it is lent, then copies of
   * `payloads`, 65,515 bytes at most in all; more is a bug in the caller and throws. `fill` runs once, before
   * `write` returns, or not at all if nothing can be sent, and writes no packet itself. A packet above the MTU
   * is sent in fragments, or is `would-fragment`. `ok` means that the packet is on its way, or waits (a few do,
   * for some seconds) for the next hop's MAC address; it may still be lost.
   */
  write(
    dst: Ipv4,
    protocol: Protocol,
    size: number,
    fill: Fill,
    payloads?: readonly Uint8Array[],
    options?: WriteOptions,
  ): Result<void, IpError>

  /**
   * The path of every segment: sends one packet that fits and is never cut, with `fill` writing from the
   * offset it is given and no view made.
   */
  writeAt(dst: Ipv4, protocol: Protocol, size: number, fill: FillAt, src?: Ipv4): Result<void, IpError>

  /** Hands every packet of `protocol` for this host to `receive`; one listener a protocol. */
  listen(protocol: Protocol, receive: (packet: Packet) => void): void

  /** Hands packets of every protocol without a listener to `receive`. */
  listenOther(receive: (packet: Packet) => void): void

  /** Tells `notify` of every destination whose next hop did not answer; several may ask. */
  onUnreachable(notify: (dst: Ipv4) => void): void

  /** How many packets were lost here, by reason. */
  readonly drops: Readonly<Record<IpDrop, number>>
}
