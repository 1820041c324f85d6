/** IP for the protocols above it: RFC 791, RFC 8200. */
import type { IpAddress } from '@mirage/address/ip'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import type { Cidr as Ipv6Cidr, Ipv6 } from '@mirage/address/ipv6'
import type { Fill, FillAt, NetError, Offloads } from '@mirage/net'
import type { Result } from '@mirage/result'
import type { Advertised } from './ndp/advertising.ts'
import type { FragmentDrop } from './reassembly.ts'
import type { HeaderError } from './wire.ts'

/** The assigned protocol number of a payload. */
export type Protocol = number
/** RFC 792. */
export const ICMP: Protocol = 1
/** RFC 9293. */
export const TCP: Protocol = 6
/** RFC 768. */
export const UDP: Protocol = 17
/** RFC 4443. */
export const ICMPV6: Protocol = 58

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
export interface Packet<Address extends IpAddress = IpAddress> {
  readonly frame: Uint8Array
  /** Where the IP header begins in `frame`. */
  readonly header: number
  /** Where the payload begins, and where it ends (padding of the link excluded). */
  readonly offset: number
  readonly end: number
  readonly src: Address
  readonly dst: Address
  readonly protocol: Protocol
  /** Time to live, or hop limit. */
  readonly ttl: number
  /** The six bits of differentiated services, and the two of congestion notification: RFC 2474, RFC 3168. */
  readonly trafficClass: number
  /** The device vouches for the checksum of the payload. */
  readonly isChecked: boolean
  /**
   * Of UDP alone: the payload is one header and what belongs behind as many of it as there are parts of so many bytes, the
   * last perhaps shorter; the header's length is that of all. Undefined, of nearly every packet: it is one datagram.
   */
  readonly segmentSize: number | undefined
}

/** Why a packet was not handed on, or in the end not sent. */
export type IpDrop =
  | HeaderError
  /** It does not come from one host: RFC 1122 §3.2.1.3. */
  | 'bad-source'
  | 'not-for-us'
  | FragmentDrop
  /** The device says of it that it is several datagrams, which it is not. */
  | 'bad-segment-size'
  /** An extension header that is none, is unknown, or asks that the packet be dropped. */
  | 'bad-extension'
  /** A message of neighbour discovery that is none. */
  | 'bad-discovery'
  | 'unknown-protocol'
  /** It waited for its next hop, which did not answer. */
  | 'unresolved'

/** How much of a packet is filled, and what may be unusual about it. */
export interface WriteOptions<Address extends IpAddress = IpAddress> {
  /** The bytes that `fill` is lent; 0 unless told. */
  readonly size?: number
  /** May the packet be cut into fragments? True unless told; false sets the don't-fragment bit. */
  readonly fragment?: boolean
  /** Time to live, or hop limit, 1 to 255; 64 unless told. */
  readonly ttl?: number
  /** The source address; the interface's own unless told. */
  readonly src?: Address
  /** See `Packet`; 0 unless told. */
  readonly trafficClass?: number
}

/** A packet to be sent on the path of every segment. One record may serve for all packets of a protocol. */
export interface Outgoing<Address extends IpAddress = IpAddress> {
  dst: Address
  src: Address
  protocol: Protocol
  /** The bytes of payload that `fill` writes at most. */
  size: number
  /** See `Packet`. */
  trafficClass: number
  /**
   * Where in the payload the device is to put the checksum of the payload, which holds the sum of the pseudo-header;
   * -1 if it is there already. Only where `offloads.checksum` is true.
   */
  checksumOffset: number
  /**
   * The bytes of text in each segment that the device cuts; 0 if it cuts nothing. Only up to `offloads.segmentation`, and of
   * UDP only where `offloads.datagrams` is true. With the headers in front it fits into `mtu(dst)`.
   */
  segmentSize: number
  /** The bytes of the payload in front of the text, which every segment gets. */
  headerSize: number
  /** As in `WriteOptions`. */
  ttl?: number | undefined
}

/** What an IPv4 interface is told about its network. */
export interface Config {
  readonly cidr: Cidr
  /** The next hop to everything outside `cidr`'s network. */
  readonly gateway?: Ipv4
  /** The most bytes of a packet on this network, where that is less than its frames carry; 68 at least (RFC 791 §3.1). */
  readonly mtu?: number
}

/** What the protocols above IP write packets to, and hear them from: of one family, or of both. */
export interface Ip<Address extends IpAddress = IpAddress> {
  /** The most bytes of payload in one unfragmented packet to `dst`, as far as the way there is known. */
  mtu(dst: Address): number

  /**
   * Remembers for some minutes that packets of more than `mtu` bytes, IP header included, do not reach `dst`. For the
   * protocol that was told so (`DeliveryErrors.onError`), once it knows that the packet was one of its own. Returns
   * whether this is news: then `mtu(dst)` may be less than it was, and what was sent and did not fit may be sent again.
   */
  reducePathMtu(dst: Address, mtu: number): boolean

  /** The source address that a packet to `dst` gets: the unspecified one while there is none. */
  src(dst: Address): Address

  /** Whether `address` may be one end of a conversation: neither a group nor everyone, loopback or unspecified. */
  isHost(address: Address): boolean

  /** Whether packets to `address` are for this host, and for this host alone. */
  isOwn(address: Address): boolean

  /** What the device does for the protocols. */
  readonly offloads: Offloads

  /**
   * Sends one packet: what `fill` writes into the `size` zeroed bytes that it is lent, then copies of
   * `payloads`, 65,515 bytes at most in all; more is a bug in the caller and throws. `fill` runs once, before
   * `write` returns, or not at all if nothing can be sent, and writes no packet itself. A packet above the MTU
   * is sent in fragments, or is `would-fragment`. `ok` means that the packet is on its way, or waits (a few do,
   * for some seconds) for the next hop's MAC address; it may still be lost.
   */
  write(
    dst: Address,
    protocol: Protocol,
    options: WriteOptions<Address>,
    fill: Fill,
    payloads?: readonly Uint8Array[],
  ): Result<void, IpError>

  /**
   * The path of every segment: sends one packet that fits, or that the device cuts, and is never fragmented, with
   * `fill` writing from the offset it is given and no view made.
   */
  writeAt(packet: Readonly<Outgoing<Address>>, fill: FillAt): Result<void, IpError>

  /** Hands every packet of `protocol` for this host to `receive`; one listener a protocol. */
  listen(protocol: Protocol, receive: (packet: Packet<Address>) => void): void

  /** Hands packets of every protocol without a listener to `receive`. */
  listenOther(receive: (packet: Packet<Address>) => void): void

  /** Tells `notify` of every destination whose next hop did not answer; several may ask. */
  onUnreachable(notify: (dst: Address) => void): void

  /** How many packets were lost here, by reason. */
  readonly drops: Readonly<Record<IpDrop, number>>
}

/** The interface of an IPv4 network. */
export interface Ipv4Layer extends Ip<Ipv4> {
  /** The address of this interface; 0.0.0.0/0 until it has one. */
  readonly config: Config
  configure(config: Config): void

  /**
   * Shows `take` every packet that came to this device's own address, whatever host it is for, and those that the link
   * carried to a group of hosts (`isToGroup`) if they are for this one; before fragments are joined. What it takes, by
   * returning true, is its own; the rest is handled as if nobody had looked.
   */
  intercept(take: (packet: Packet<Ipv4>, isToGroup: boolean) => boolean): void

  /**
   * Hands a packet of at most `size` bytes, its header included, which `fill` writes, to the neighbour `hop`, and
   * changes nothing of it. If it has to wait for the neighbour, and in vain, `lost` is told, and given the packet.
   */
  relay(hop: Ipv4, size: number, fill: FillAt, lost?: (packet: Uint8Array) => void): Result<void, IpError>

  /**
   * Tells `notify` of every packet of which the first fragment came, but not all in time: of that fragment, lent until
   * the call returns. Several may ask.
   */
  onReassemblyTimeout(notify: (first: Packet<Ipv4>) => void): void

  /** Bytes of fragments that wait for others, up to a limit that it was made with. */
  readonly fragmentsSize: number

  /** Waits for no fragments any more, and sets no timer. The device is not its own to stop. */
  disconnect(): void
}

/** What is the matter with a packet that was dropped, as its sender is to be told: RFC 4443 §3.4. */
export interface Problem {
  readonly code: number
  /** Which byte of the packet, counted from its IP header. */
  readonly pointer: number
}

/** What happens to the addresses of an IPv6 interface, for people to read. */
export type Ipv6Event =
  /** It may be used from now on. */
  | { readonly kind: 'assigned'; readonly cidr: Ipv6Cidr }
  /** Somebody else has it, so it will not be used. */
  | { readonly kind: 'duplicate'; readonly cidr: Ipv6Cidr }
  /** A router gave it for some time, which is over. */
  | { readonly kind: 'expired'; readonly cidr: Ipv6Cidr }
  /** Somebody else answers for an address that is in use here. */
  | { readonly kind: 'conflict'; readonly address: Ipv6 }
  /**
   * A router showed itself, again perhaps: it may have told of prefixes, name servers and an MTU; or it is none any more, or
   * one of its name servers is none.
   */
  | { readonly kind: 'router'; readonly address: Ipv6 }

/** The interface of an IPv6 network. */
export interface Ipv6Layer extends Ip<Ipv6> {
  /** Those that may be used, the link-local one among them, with their networks. */
  readonly addresses: readonly Ipv6Cidr[]
  /** Those that routers told of, each for as long as it was told: RFC 8106. */
  readonly dnsServers: readonly Ipv6[]
  /** Where a packet beyond the link goes, if there is a way. */
  readonly gateway: Ipv6 | undefined

  /** Takes an address, once nobody objects. False: it is there already, or there is no room. */
  add(cidr: Ipv6Cidr): boolean
  /** Gives an address up. */
  remove(address: Ipv6): void

  /**
   * Makes this the interface of a router: it says so to neighbours that ask for its addresses, forgets what routers gave it and
   * believes none any more. With something `advertised` it shows itself to its link, too, and says at the end that it
   * is none any more: hosts make addresses in the networks of its fixed addresses. It may be told something else later.
   */
  becomeRouter(advertised?: Advertised): void

  /** Tells `notify` of what happens to addresses; several may ask. */
  onEvent(notify: (event: Ipv6Event) => void): void

  /** Tells `notify` of every packet that was dropped and whose sender is to be told. It is lent; several may ask. */
  onProblem(notify: (packet: Packet<Ipv6>, problem: Problem) => void): void

  /** See `Ipv4Layer`. */
  onReassemblyTimeout(notify: (first: Packet<Ipv6>) => void): void

  /** See `Ipv4Layer`. */
  intercept(take: (packet: Packet<Ipv6>, isToGroup: boolean) => boolean): void

  /** See `Ipv4Layer`. */
  relay(hop: Ipv6, size: number, fill: FillAt, lost?: (packet: Uint8Array) => void): Result<void, IpError>

  /** See `Ipv4Layer`. */
  readonly fragmentsSize: number

  /** Gives up its timers: it asks for nobody, and waits for no fragments, any more. The device is not its own to stop. */
  disconnect(): void
}
