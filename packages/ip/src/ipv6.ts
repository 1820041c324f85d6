/** IPv6 on an Ethernet: RFC 8200, RFC 2464. Who the neighbours are is for `ndp/discovery.ts` to know. */
import * as ipv6 from '@mirage/address/ipv6'
import type { Mac } from '@mirage/address/mac'
import type { Clock } from '@mirage/clock'
import { type Ethernet, IPV6 } from '@mirage/ethernet'
import {
  HEADER_SIZE as ETHERNET_HEADER_SIZE,
  type Fill,
  type FillAt,
  type Offload,
  type Offloads,
} from '@mirage/net'
import { type Random, u32 } from '@mirage/random'
import { type Result, assert, err } from '@mirage/result'
import { noDrops } from './drops.ts'
import { fitting, join, put } from './fill.ts'
import { sendPieces } from './fragment.ts'
import {
  type IpDrop,
  type IpError,
  type Ipv6Event,
  type Ipv6Layer,
  type Outgoing,
  type Packet,
  type Protocol,
  UDP,
  type WriteOptions,
} from './ip.ts'
import { FRAGMENT } from './ipv6/extension.ts'
import * as fragmentWire from './ipv6/fragment.ts'
import { type Receive, Receiver, type TellProblem } from './ipv6/receiver.ts'
import * as wire from './ipv6/wire.ts'
import type { Advertised } from './ndp/advertising.ts'
import { Discovery, type Envelope, type Event } from './ndp/discovery.ts'
import { NextHops } from './next-hops.ts'
import { IPV6_MTU_MIN, Paths } from './path-mtu.ts'

/** What IPv6 is made on. */
export interface Devices {
  readonly ethernet: Ethernet
  readonly clock: Clock
  readonly random: Random
}

/** What is known when it is made. */
export interface Options {
  /** Fixed addresses, beside the link-local one that every interface has. */
  readonly addresses?: readonly ipv6.Cidr[]
  /** The way out of the link; routers that show themselves are others. */
  readonly gateway?: ipv6.Ipv6
  /** Whether routers are asked for, and give addresses and ways; true unless told. */
  readonly acceptsRouters?: boolean
  /** Takes the first addresses at once, asking nobody whether they have them: where a person knows the link. */
  readonly isTrusted?: boolean
  /**
   * The address of ours in a /64 prefix: made of the MAC address unless told. See `addressIn` of `ndp/autoconfiguration.ts` for
   * `attempt`.
   */
  readonly addressIn?: (prefix: ipv6.Ipv6, attempt: number) => ipv6.Ipv6 | undefined
  /** Takes packets to every host for its own, as a gateway does. */
  readonly isPromiscuous?: boolean
  /** Bytes of payload that are kept of packets whose fragments did not all arrive; 262,144 unless told. */
  readonly fragmentCacheSize?: number
}

/** Ethernet's header and ours, without extension headers. */
const HEADERS_SIZE: number = ETHERNET_HEADER_SIZE + wire.HEADER_SIZE

/** IPv6 on `ethernet`, whose listener for that type it becomes. Its addresses may be used after a second or two. */
export function connect(devices: Devices, options: Options = {}): Ipv6Layer {
  assert(devices.ethernet.mtu >= wire.MTU_MIN, 'a link of IPv6 carries packets of 1,280 bytes')
  const ip = new Interface(devices, options)
  ip.start(options)
  return ip
}

class Interface implements Ipv6Layer {
  readonly offloads: Offloads
  readonly drops: Record<IpDrop, number> = noDrops()
  #ethernet: Ethernet
  #clock: Clock
  #random: Random
  #discovery: Discovery
  #own: ReadonlySet<ipv6.Ipv6> = new Set()
  /** What is known of paths that carry less than the link. */
  #paths: Paths<ipv6.Ipv6>

  #receiver: Receiver
  #events: ((event: Ipv6Event) => void)[] = []
  #nextHops: NextHops<ipv6.Ipv6>

  /** The last destination that a MAC address was found for, the address, and the version of what knew it. */
  #lastDst: ipv6.Ipv6 = ipv6.UNSPECIFIED
  #lastMac: Mac
  #lastVersion = -1

  // The packet being written: one object, made once.
  #header: { -readonly [K in keyof wire.Header]: wire.Header[K] } = {
    src: ipv6.UNSPECIFIED,
    dst: ipv6.UNSPECIFIED,
    protocol: 0,
    hopLimit: 0,
    trafficClass: 0,
  }
  #fill: FillAt = () => 0
  #offload: Offload = {
    checksumStart: 0,
    checksumOffset: 0,
    segmentSize: 0,
    headerSize: 0,
    isIpv6: true,
    isUdp: false,
  }

  constructor({ ethernet, clock, random }: Devices, options: Options) {
    const { mac, mtu } = ethernet
    this.#ethernet = ethernet
    this.#clock = clock
    this.#random = random
    this.#lastMac = mac
    this.offloads = ethernet.offloads
    this.#paths = new Paths(mtu, IPV6_MTU_MIN)
    const ask = (hop: ipv6.Ipv6): void => this.#discovery.resolve(hop)
    this.#nextHops = new NextHops({ ethernet, type: IPV6, drops: this.drops, ask })
    const fromMac = (prefix: ipv6.Ipv6, attempt: number): ipv6.Ipv6 | undefined =>
      attempt === 0 ? ipv6.fromMac(prefix, mac) : undefined
    const { acceptsRouters = true, addressIn = fromMac } = options
    this.#discovery = new Discovery(
      {
        clock,
        random,
        send: (envelope, size, fill) => this.#sendMessage(envelope, size, fill),
        resolved: (hop, to) => this.#nextHops.resolved(hop, to),
        unresolved: (hop) => this.#nextHops.unresolved(hop),
        moved: () => this.#moved(),
        tell: (event) => this.#tell(event),
      },
      { mac, mtu, acceptsRouters, addressIn },
    )
    this.#receiver = new Receiver({
      mac,
      clock,
      discovery: this.#discovery,
      isOwn: (address) => this.#own.has(address),
      isPromiscuous: options.isPromiscuous ?? false,
      drops: this.drops,
      sizeMax: options.fragmentCacheSize,
    })
    ethernet.listen(IPV6, (frame, offset, _src, dst, isChecked, segmentSize) =>
      this.#receiver.input(frame, offset, dst, isChecked, segmentSize),
    )
  }

  start({ addresses = [], gateway, isTrusted = false }: Options): void {
    this.#discovery.start(addresses, gateway, isTrusted)
  }

  get addresses(): readonly ipv6.Cidr[] {
    return this.#discovery.state.addresses.list.filter(({ isTentative }) => !isTentative)
  }

  get dnsServers(): readonly ipv6.Ipv6[] {
    return this.#discovery.state.nameServers.list.map(({ address }) => address)
  }

  get gateway(): ipv6.Ipv6 | undefined {
    return this.#discovery.gateway
  }

  add(cidr: ipv6.Cidr): boolean {
    return this.#discovery.assign(cidr)
  }

  remove(address: ipv6.Ipv6): void {
    this.#discovery.drop(address)
  }

  becomeRouter(advertised?: Advertised): void {
    this.#discovery.becomeRouter(advertised)
    this.#followMtu()
  }

  get fragmentsSize(): number {
    return this.#receiver.fragmentsSize
  }

  mtu(dst: ipv6.Ipv6): number {
    // Asking for the time costs more than all of the rest, and nearly always there is nothing to be known.
    const path = this.#paths.count === 0 ? undefined : this.#paths.get(dst, this.#clock.now())
    return Math.min(path?.mtu ?? Infinity, this.#discovery.state.mtu) - wire.HEADER_SIZE
  }

  reducePathMtu(dst: ipv6.Ipv6, mtu: number): boolean {
    return this.#paths.reduce(dst, mtu, this.#clock.now())
  }

  src(dst: ipv6.Ipv6): ipv6.Ipv6 {
    return this.#discovery.src(dst) ?? ipv6.UNSPECIFIED
  }

  isHost(address: ipv6.Ipv6): boolean {
    return !ipv6.isMulticast(address) && address !== ipv6.UNSPECIFIED && address !== ipv6.LOOPBACK
  }

  isOwn(address: ipv6.Ipv6): boolean {
    return this.#own.has(address)
  }

  write(
    dst: ipv6.Ipv6,
    protocol: Protocol,
    options: WriteOptions<ipv6.Ipv6>,
    fill: Fill,
    payloads: readonly Uint8Array[] = [],
  ): Result<void, IpError> {
    const { size = 0, fragment = true, ttl = this.#hopLimit(dst), trafficClass = 0 } = options
    let length = size
    for (const payload of payloads) length += payload.length
    assert(length <= wire.PAYLOAD_SIZE_MAX, 'a packet has at most 65,535 bytes of payload')
    assert(ttl >= 1 && ttl <= 255, 'a packet lives for 1 to 255 hops')
    const src = options.src ?? this.src(dst)
    if (src === ipv6.UNSPECIFIED) return err('no-route')
    this.#begin(src, dst, protocol, ttl, trafficClass)
    const fillAll: FillAt = (frame, offset) => join(frame, offset, size, fill, payloads)
    const mtu = this.mtu(dst)
    if (length <= mtu) return this.#output(length, fillAll)
    return fragment ? this.#sendPieces(length, fillAll, mtu) : err('would-fragment')
  }

  writeAt(packet: Readonly<Outgoing<ipv6.Ipv6>>, fill: FillAt): Result<void, IpError> {
    const { size, segmentSize, dst } = packet
    if (size > (segmentSize === 0 ? this.mtu(dst) : this.offloads.segmentation - wire.HEADER_SIZE))
      return err('would-fragment')
    this.#begin(packet.src, dst, packet.protocol, packet.ttl ?? this.#hopLimit(dst), packet.trafficClass)
    if (packet.checksumOffset < 0) return this.#output(size, fill)
    const offload = this.#offload
    offload.checksumStart = HEADERS_SIZE
    offload.checksumOffset = packet.checksumOffset
    offload.segmentSize = segmentSize
    offload.headerSize = HEADERS_SIZE + packet.headerSize
    offload.isUdp = packet.protocol === UDP
    return this.#output(size, fill, offload)
  }

  relay(
    hop: ipv6.Ipv6,
    size: number,
    fill: FillAt,
    lost: (packet: Uint8Array) => void = () => {},
  ): Result<void, IpError> {
    const mac = this.#discovery.lookup(hop)
    if (mac !== undefined) return fitting(this.#ethernet.writeAt(mac, IPV6, size, fill))
    return this.#nextHops.keep(hop, size, fill, { dst: hop, offload: undefined, lost })
  }

  listen(protocol: Protocol, receive: Receive): void {
    this.#receiver.listeners[protocol] = receive
  }

  listenOther(receive: Receive): void {
    this.#receiver.other = receive
  }

  intercept(take: (packet: Packet<ipv6.Ipv6>, isToGroup: boolean) => boolean): void {
    this.#receiver.take = take
    // What is taken may be handed on.
    this.#ethernet.declineOffloads()
  }

  onUnreachable(notify: (dst: ipv6.Ipv6) => void): void {
    this.#nextHops.onUnreachable(notify)
  }

  onProblem(notify: TellProblem): void {
    this.#receiver.problems.push(notify)
  }

  onReassemblyTimeout(notify: Receive): void {
    this.#receiver.timeouts.push(notify)
  }

  onEvent(notify: (event: Ipv6Event) => void): void {
    this.#events.push(notify)
  }

  disconnect(): void {
    this.#discovery.disconnect()
    this.#receiver.disconnect()
  }

  /** Groups are for neighbours, unless somebody says otherwise: RFC 3493 §5.2. */
  #hopLimit(dst: ipv6.Ipv6): number {
    return ipv6.isMulticast(dst) ? 1 : this.#discovery.state.hopLimit
  }

  #begin(src: ipv6.Ipv6, dst: ipv6.Ipv6, protocol: Protocol, hopLimit: number, trafficClass: number): void {
    const header = this.#header
    header.src = src
    header.dst = dst
    header.protocol = protocol
    header.hopLimit = hopLimit
    header.trafficClass = trafficClass
  }

  /** Sends the packet of `#header` in pieces, of which each has a header that says which: RFC 8200 §4.5. */
  #sendPieces(size: number, fill: FillAt, mtu: number): Result<void, IpError> {
    const { src, dst, protocol, hopLimit, trafficClass } = this.#header
    if (!ipv6.isMulticast(dst) && this.#discovery.nextHop(dst) === undefined) return err('no-route')
    const id = u32(this.#random)
    return sendPieces(size, fill, mtu - fragmentWire.HEADER_SIZE, (part, { offset }, isLast) => {
      // Who asks for the next hop writes a header too.
      this.#begin(src, dst, FRAGMENT, hopLimit, trafficClass)
      return this.#output(fragmentWire.HEADER_SIZE + part.length, (frame, at) => {
        fragmentWire.emit(frame, at, protocol, offset, !isLast, id)
        return fragmentWire.HEADER_SIZE + put(frame, at + fragmentWire.HEADER_SIZE, part)
      })
    })
  }

  /** Sends the packet of `#header`, with at most `size` bytes of payload, which fit. There is no loopback. */
  #output(size: number, fill: FillAt, offload?: Readonly<Offload>): Result<void, IpError> {
    const { dst } = this.#header
    this.#fill = fill
    if (dst === this.#lastDst && this.#discovery.version === this.#lastVersion)
      return this.#send(this.#lastMac, size, offload)
    if (ipv6.isMulticast(dst)) return this.#send(ipv6.multicastMac(dst), size, offload)
    if (!this.isHost(dst) || this.#own.has(dst)) return err('no-route')
    const hop = this.#discovery.nextHop(dst)
    return hop === undefined ? err('no-route') : this.#sendTo(hop, dst, size, offload)
  }

  #sendTo(
    hop: ipv6.Ipv6,
    dst: ipv6.Ipv6,
    size: number,
    offload: Readonly<Offload> | undefined,
  ): Result<void, IpError> {
    const mac = this.#discovery.lookup(hop)
    if (mac === undefined) return this.#wait(hop, dst, size, offload)
    this.#lastDst = dst
    this.#lastMac = mac
    this.#lastVersion = this.#discovery.version
    return this.#send(mac, size, offload)
  }

  #send(mac: Mac, size: number, offload: Readonly<Offload> | undefined): Result<void, IpError> {
    return fitting(this.#ethernet.writeAt(mac, IPV6, wire.HEADER_SIZE + size, this.#fillPacket, offload))
  }

  #fillPacket: FillAt = (frame, offset) => {
    const length = this.#fill(frame, offset + wire.HEADER_SIZE)
    assert(length >= 0, 'fill counts bytes')
    wire.emit(frame, offset, this.#header, length)
    return wire.HEADER_SIZE + length
  }

  #sendMessage({ src, dst, to, protocol, hopLimit }: Envelope, size: number, fill: FillAt): void {
    this.#begin(src, dst, protocol, hopLimit, 0)
    this.#fill = fill
    if (to === undefined) this.#output(size, fill)
    else this.#send(to, size, undefined)
  }

  #wait(
    hop: ipv6.Ipv6,
    dst: ipv6.Ipv6,
    size: number,
    offload: Readonly<Offload> | undefined,
  ): Result<void, IpError> {
    return this.#nextHops.keep(hop, wire.HEADER_SIZE + size, this.#fillPacket, {
      dst,
      offload,
      lost: undefined,
    })
  }

  #moved(): void {
    this.#own = new Set(this.addresses.map(({ address }) => address))
  }

  /** Paths are known as those that carry less than the link, which may carry something else now. */
  #followMtu(): void {
    const { mtu } = this.#discovery.state
    if (mtu !== this.#paths.mtu) this.#paths = new Paths(mtu, IPV6_MTU_MIN)
  }

  #tell(event: Event): void {
    if (event.kind === 'router') this.#followMtu()
    const told: Ipv6Event = 'own' in event ? { kind: event.kind, cidr: event.own } : event
    for (const notify of this.#events) notify(told)
  }
}
