/** IPv4 on an Ethernet: RFC 791, RFC 1122 §3. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import type { Arp } from '@mirage/arp'
import type { Clock } from '@mirage/clock'
import { IPV4, type Ethernet } from '@mirage/ethernet'
import {
  HEADER_SIZE as ETHERNET_HEADER_SIZE,
  type Fill,
  type FillAt,
  type Offload,
  type Offloads,
} from '@mirage/net'
import type { Random } from '@mirage/random'
import { type Result, assert, err } from '@mirage/result'
import { noDrops } from './drops.ts'
import { fitting, join, put } from './fill.ts'
import { sendPieces } from './fragment.ts'
import { Ids } from './ids.ts'
import {
  type Config,
  type Ipv4Layer,
  type IpDrop,
  type IpError,
  type Outgoing,
  type Packet,
  type Protocol,
  UDP,
  type WriteOptions,
} from './ip.ts'
import { Fragments } from './ipv4-fragments.ts'
import { NextHops } from './next-hops.ts'
import { IPV4_MTU_MIN, type Path, Paths } from './path-mtu.ts'
import * as route from './route.ts'
import { isTrain } from './train.ts'
import * as wire from './wire.ts'

/** What IPv4 is made on. */
export interface Devices {
  readonly ethernet: Ethernet
  readonly arp: Arp
  readonly clock: Clock
  readonly random: Random
}

/** What is known when it is made. */
export interface Options {
  /** Without one, the interface has no address until `configure`. */
  readonly config?: Config
  /** Takes packets to every host for its own, as a gateway does. */
  readonly isPromiscuous?: boolean
  /** Bytes of payload that are kept of packets whose fragments did not all arrive; 262,144 unless told. */
  readonly fragmentCacheSize?: number
}

const TTL = 64
/** RFC 791 §3.1. */
const MTU_MIN = 68
/** Ethernet's header and ours, which has no options. */
const HEADERS_SIZE: number = ETHERNET_HEADER_SIZE + wire.HEADER_SIZE
const UNCONFIGURED: Config = { cidr: { address: ipv4.UNSPECIFIED, prefixLength: 0 } }

/** IPv4 on `ethernet`, whose listener for that type it becomes. It tells `arp` which address is ours. */
export function connect(devices: Devices, options: Options = {}): Ipv4Layer {
  const ip = new Interface(devices, options)
  if (options.config !== undefined) ip.configure(options.config)
  return ip
}

type Receive = (packet: Packet<ipv4.Ipv4>) => void

class Interface implements Ipv4Layer {
  readonly offloads: Offloads
  readonly drops: Record<IpDrop, number> = noDrops()
  #ethernet: Ethernet
  #mtu: number
  /** What is known of paths that carry less. */
  #paths: Paths<ipv4.Ipv4>
  #arp: Arp
  #clock: Clock
  #isPromiscuous: boolean
  #config: Config = UNCONFIGURED
  #broadcast: ipv4.Ipv4 = ipv4.BROADCAST

  #listeners: (Receive | undefined)[] = []
  #other: Receive | undefined
  #intercept: ((packet: Packet<ipv4.Ipv4>, isToGroup: boolean) => boolean) | undefined
  #nextHops: NextHops<ipv4.Ipv4>
  #ids: Ids

  /** The last destination that a MAC address was found for, the address, and the version of ARP that knew it. */
  #lastDst: number = -1
  #lastMac: Mac
  #lastVersion = 0

  // The packet being written, and the one being read: one object each, made once.
  #header: { -readonly [K in keyof wire.Header]: wire.Header[K] } = {
    src: ipv4.UNSPECIFIED,
    dst: ipv4.UNSPECIFIED,
    protocol: 0,
    ttl: TTL,
    trafficClass: 0,
    id: 0,
    fragmentation: 0,
  }
  #fill: FillAt = () => 0
  #offload: Offload = {
    checksumStart: 0,
    checksumOffset: 0,
    segmentSize: 0,
    headerSize: 0,
    isIpv6: false,
    isUdp: false,
  }
  #packet: wire.MutablePacket = wire.create()

  #fragments: Fragments

  constructor({ ethernet, arp, clock, random }: Devices, options: Options) {
    this.#ethernet = ethernet
    this.#arp = arp
    this.#clock = clock
    this.#ids = new Ids(random)
    this.#isPromiscuous = options.isPromiscuous ?? false
    this.#lastMac = ethernet.mac
    const ask = (hop: ipv4.Ipv4): void => this.#ask(hop)
    this.#nextHops = new NextHops({ ethernet, type: IPV4, drops: this.drops, ask })
    this.offloads = ethernet.offloads
    this.#mtu = ethernet.mtu - wire.HEADER_SIZE
    this.#paths = new Paths(ethernet.mtu, IPV4_MTU_MIN)
    this.#fragments = new Fragments(clock, this.drops, options.fragmentCacheSize)
    ethernet.listen(IPV4, (frame, offset, _src, dst, isChecked, segmentSize) =>
      this.#input(frame, offset, dst, isChecked, segmentSize),
    )
  }

  get config(): Config {
    return this.#config
  }

  configure(config: Config): void {
    const before = this.#config.cidr.address
    const { address } = config.cidr
    this.#config = config
    const mtu = Math.min(this.#ethernet.mtu, Math.max(MTU_MIN, config.mtu ?? Infinity))
    this.#mtu = mtu - wire.HEADER_SIZE
    // Another address, or another link: other paths.
    if (before !== address || mtu !== this.#paths.mtu) this.#paths = new Paths(mtu, IPV4_MTU_MIN)
    this.#broadcast = route.directedBroadcast(config.cidr)
    this.#lastDst = -1
    if (before === address) return
    if (before !== ipv4.UNSPECIFIED) this.#arp.remove(before)
    if (address !== ipv4.UNSPECIFIED) this.#arp.add(address)
  }

  get fragmentsSize(): number {
    return this.#fragments.size
  }

  mtu(dst: ipv4.Ipv4): number {
    const path = this.#pathTo(dst)
    return path === undefined ? this.#mtu : path.mtu - wire.HEADER_SIZE
  }

  reducePathMtu(dst: ipv4.Ipv4, mtu: number): boolean {
    return this.#paths.reduce(dst, mtu, this.#clock.now())
  }

  src(_dst: ipv4.Ipv4): ipv4.Ipv4 {
    return this.#config.cidr.address
  }

  isHost(address: ipv4.Ipv4): boolean {
    return route.isHost(this.#config.cidr, address)
  }

  isOwn(address: ipv4.Ipv4): boolean {
    return address === this.#config.cidr.address && address !== ipv4.UNSPECIFIED
  }

  write(
    dst: ipv4.Ipv4,
    protocol: Protocol,
    options: WriteOptions<ipv4.Ipv4>,
    fill: Fill,
    payloads: readonly Uint8Array[] = [],
  ): Result<void, IpError> {
    const { size = 0, fragment = true, ttl = TTL, trafficClass = 0 } = options
    let length = size
    for (const payload of payloads) length += payload.length
    assert(length <= wire.PAYLOAD_SIZE_MAX, 'a packet has at most 65,515 bytes of payload')
    assert(ttl >= 1 && ttl <= 255, 'a packet lives for 1 to 255 hops')
    const header = this.#header
    header.src = options.src ?? this.#config.cidr.address
    header.dst = dst
    header.protocol = protocol
    header.ttl = ttl
    header.trafficClass = trafficClass
    this.#mayBeCut(fragment)
    const fillAll: FillAt = (frame, offset) => join(frame, offset, size, fill, payloads)
    const mtu = this.mtu(dst)
    if (length <= mtu) return this.#output(length, fillAll)
    return fragment ? this.#sendPieces(length, fillAll, mtu) : err('would-fragment')
  }

  /** Sends the packet of `#header` in pieces. */
  #sendPieces(size: number, fill: FillAt, mtu: number): Result<void, IpError> {
    if (!route.nextHop(this.#config, this.#header.dst).ok) return err('no-route')
    return sendPieces(size, fill, mtu, (part, { fragmentation }) => {
      this.#header.fragmentation = fragmentation
      return this.#output(part.length, (frame, offset) => put(frame, offset, part))
    })
  }

  writeAt(packet: Readonly<Outgoing<ipv4.Ipv4>>, fill: FillAt): Result<void, IpError> {
    const { size, segmentSize } = packet
    if (size > (segmentSize === 0 ? this.mtu(packet.dst) : this.offloads.segmentation - wire.HEADER_SIZE))
      return err('would-fragment')
    const header = this.#header
    header.src = packet.src
    header.dst = packet.dst
    header.protocol = packet.protocol
    header.ttl = packet.ttl ?? TTL
    header.trafficClass = packet.trafficClass
    this.#mayBeCut(false)
    if (packet.checksumOffset < 0) return this.#output(size, fill)
    const offload = this.#offload
    offload.checksumStart = HEADERS_SIZE
    offload.checksumOffset = packet.checksumOffset
    offload.segmentSize = segmentSize
    offload.headerSize = HEADERS_SIZE + packet.headerSize
    offload.isUdp = packet.protocol === UDP
    return this.#output(size, fill, offload)
  }

  listen(protocol: Protocol, receive: Receive): void {
    this.#listeners[protocol] = receive
  }

  listenOther(receive: Receive): void {
    this.#other = receive
  }

  onUnreachable(notify: (dst: ipv4.Ipv4) => void): void {
    this.#nextHops.onUnreachable(notify)
  }

  onReassemblyTimeout(notify: Receive): void {
    this.#fragments.timeouts.push(notify)
  }

  disconnect(): void {
    this.#fragments.disconnect()
  }

  #pathTo(dst: ipv4.Ipv4): Path | undefined {
    // Asking for the time costs more than all of the rest, and nearly always there is nothing to be known.
    return this.#paths.count === 0 ? undefined : this.#paths.get(dst, this.#clock.now())
  }

  /** Lets the packet of `#header` be cut, by us or by routers, if `fragment` says so or the path needs it. */
  #mayBeCut(fragment: boolean): void {
    const header = this.#header
    const mayBeCut = fragment || this.#pathTo(header.dst)?.isNarrow === true
    // A packet that is never cut needs no id: RFC 6864 §4.1.
    header.id = mayBeCut ? this.#ids.next() : 0
    header.fragmentation = mayBeCut ? 0 : wire.DONT_FRAGMENT
  }

  intercept(take: (packet: Packet<ipv4.Ipv4>, isToGroup: boolean) => boolean): void {
    this.#intercept = take
    // What is taken may be handed on.
    this.#ethernet.declineOffloads()
  }

  relay(
    hop: ipv4.Ipv4,
    size: number,
    fill: FillAt,
    lost: (packet: Uint8Array) => void = () => {},
  ): Result<void, IpError> {
    const mac = this.#arp.lookup(hop)
    if (mac !== undefined) return fitting(this.#ethernet.writeAt(mac, IPV4, size, fill))
    return this.#nextHops.keep(hop, size, fill, { dst: hop, offload: undefined, lost })
  }

  /** Sends the packet of `#header`, with at most `size` bytes of payload, which fit. */
  #output(size: number, fill: FillAt, offload?: Readonly<Offload>): Result<void, IpError> {
    const { dst } = this.#header
    this.#fill = fill
    if (dst === this.#lastDst && this.#arp.version === this.#lastVersion)
      return this.#send(this.#lastMac, size, offload)
    const hop = route.nextHop(this.#config, dst)
    if (!hop.ok) return hop
    if (hop.value.kind === 'group') return this.#send(hop.value.mac, size, offload)
    return this.#sendTo(hop.value.ip, dst, size, offload)
  }

  #sendTo(
    hop: ipv4.Ipv4,
    dst: ipv4.Ipv4,
    size: number,
    offload: Readonly<Offload> | undefined,
  ): Result<void, IpError> {
    const mac = this.#arp.lookup(hop)
    if (mac === undefined) return this.#wait(hop, dst, size, offload)
    this.#lastDst = dst
    this.#lastMac = mac
    this.#lastVersion = this.#arp.version
    return this.#send(mac, size, offload)
  }

  #send(mac: Mac, size: number, offload: Readonly<Offload> | undefined): Result<void, IpError> {
    return fitting(this.#ethernet.writeAt(mac, IPV4, wire.HEADER_SIZE + size, this.#fillPacket, offload))
  }

  #fillPacket: FillAt = (frame, offset) => {
    const length = wire.HEADER_SIZE + this.#fill(frame, offset + wire.HEADER_SIZE)
    assert(length >= wire.HEADER_SIZE, 'fill counts bytes')
    wire.emit(frame, offset, this.#header, length)
    return length
  }

  #wait(
    hop: ipv4.Ipv4,
    dst: ipv4.Ipv4,
    size: number,
    offload: Readonly<Offload> | undefined,
  ): Result<void, IpError> {
    return this.#nextHops.keep(hop, wire.HEADER_SIZE + size, this.#fillPacket, {
      dst,
      offload,
      lost: undefined,
    })
  }

  #ask(hop: ipv4.Ipv4): void {
    void this.#arp.query(hop).then((answer) => {
      if (answer.ok) this.#nextHops.resolved(hop, answer.value)
      else this.#nextHops.unresolved(hop)
    })
  }

  #input(
    frame: Uint8Array,
    offset: number,
    dstMac: Mac,
    isChecked: boolean,
    segmentSize: number | undefined,
  ): void {
    const packet = this.#packet
    const parsed = wire.parse(frame, offset, packet)
    if (!parsed.ok) return this.#drop(parsed.error)
    packet.isChecked = isChecked
    packet.segmentSize = segmentSize
    const isToGroup = dstMac !== this.#ethernet.mac
    if (!isToGroup && this.#intercept?.(packet, false) === true) return
    if (!this.#isForUs(packet, dstMac)) return this.#drop('not-for-us')
    if (!this.#isFromHost(packet)) return this.#drop('bad-source')
    if (isToGroup && this.#intercept?.(packet, true) === true) return
    if (!wire.isFragment(frame, offset) || this.#fragments.input(packet)) this.#deliver(packet)
  }

  #deliver(packet: Packet<ipv4.Ipv4>): void {
    const receive = this.#listeners[packet.protocol] ?? this.#other
    if (receive === undefined) return this.#drop('unknown-protocol')
    if (packet.segmentSize !== undefined && !isTrain(packet)) return this.#drop('bad-segment-size')
    receive(packet)
  }

  #isForUs({ dst, protocol }: Packet<ipv4.Ipv4>, dstMac: Mac): boolean {
    const { address } = this.#config.cidr
    if (dst === ipv4.BROADCAST || dst === this.#broadcast) return true
    // Without an address, the answers of a DHCP server are for us, whatever address they offer: RFC 2131 §4.1.
    if (address === ipv4.UNSPECIFIED && protocol === UDP) return true
    // What the link carried to all is for one host only by mistake: RFC 1122 §3.3.6.
    if (dstMac !== this.#ethernet.mac) return false
    // Multicast groups, of which we have joined none, end here.
    return dst === address || (this.#isPromiscuous && !ipv4.isMulticast(dst))
  }

  /**
   * RFC 1122 §3.2.1.3. A host that has no address yet sends from 0.0.0.0, and to everyone: whoever asks one host from
   * there would have it answer everyone.
   */
  #isFromHost({ src, dst }: Packet<ipv4.Ipv4>): boolean {
    if (src === ipv4.UNSPECIFIED) return dst === ipv4.BROADCAST || dst === this.#broadcast
    return (
      src !== this.#config.cidr.address &&
      src !== this.#broadcast &&
      src >>> 28 < 0xe &&
      !route.isLoopback(src)
    )
  }

  #drop(reason: IpDrop): void {
    this.drops[reason] += 1
  }
}
