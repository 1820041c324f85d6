/** UDP for applications: RFC 768. */
import { type IpAddress, isIpv4 } from '@mirage/address/ip'
import type { Endpoint } from '@mirage/address/endpoint'
import { getU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { type Ip, type IpError, type Packet, UDP } from '@mirage/ip'
import type { DeliveryError, DeliveryErrors, TooBig } from '@mirage/ip/errors'
import { IPV6_MTU_MIN } from '@mirage/ip/path-mtu'
import * as ipWire from '@mirage/ip/wire'
import { type Random, below, u32 } from '@mirage/random'
import { type Result, assert, done, err } from '@mirage/result'
import { Sent } from './sent.ts'
import { Trains } from './train.ts'
import { Uncut } from './uncut.ts'
import * as wire from './wire.ts'

/** The most bytes of a payload. */
export const PAYLOAD_SIZE_MAX: number = ipWire.PAYLOAD_SIZE_MAX - wire.HEADER_SIZE
/** The most datagrams of one write: as many as Linux makes of one. */
export const DATAGRAMS_MAX = 64

const IPV6_HEADER_SIZE = 40
/** Datagrams up to here, with their header, are carried by every link of IPv6: RFC 8200 §5. */
const IPV6_SIZE_MIN: number = IPV6_MTU_MIN - IPV6_HEADER_SIZE

/** The first of the ports that nobody is assigned, which go up to 65535: RFC 6335 §6. */
const DYNAMIC_PORT_MIN = 49_152

/** A datagram that arrived. */
export interface Datagram {
  readonly src: Endpoint
  readonly dst: Endpoint
  /** A copy: the listener's to keep. */
  readonly payload: Uint8Array
}

/** Why a datagram was not sent. */
export type UdpWriteError =
  | IpError
  /** More bytes than a datagram carries, or more datagrams than one write sends. */
  | 'too-long'
  /** Nobody has port 0: the sender of a datagram from there wants no answer (RFC 768). */
  | 'no-port'

/** What may be unusual about a datagram. */
export interface UdpWriteOptions {
  /** A random port from 49152 up unless told (RFC 6335 §6); 0 to have no answer. */
  readonly srcPort?: number
  readonly src?: IpAddress
  readonly ttl?: number
  /**
   * Sends the payload as datagrams of so many bytes each, 1 or more, the last perhaps of fewer; `DATAGRAMS_MAX` of them at
   * most. The device cuts where it can: over TAP 40 of them take a fifth of the time of as many writes. Nobody cuts them
   * further, neither here nor on the way: `would-fragment` where they are larger than a packet carries. With an error,
   * those behind the first that could not be sent were not either.
   */
  readonly segmentSize?: number
}

/** A datagram that did not arrive, as a host or a router on the way reports. The listener's to keep. */
export interface DatagramError {
  readonly kind: DeliveryError['kind']
  /** A router on the way, or the destination itself. */
  readonly reporter: IpAddress
  /** Where the datagram came from, one of our ports, and where it went to. */
  readonly src: Endpoint
  readonly dst: Endpoint
}

/** Why a datagram that arrived was not handed on. */
export type UdpDrop =
  | wire.UdpError
  /** Nobody listens to its port. */
  | 'no-listener'
  /** A report about a datagram that was not sent from here, or long ago. */
  | 'bad-error'

/** What applications send datagrams with, and hear them from. */
export interface Udp {
  /** Sends a copy of `payload`, in fragments if it must be; 65,507 bytes at most, in one datagram unless told. */
  write(dst: Endpoint, payload: Uint8Array, options?: UdpWriteOptions): Result<void, UdpWriteError>

  /** Hands every datagram to `port` to `receive`. A `port` outside 1 to 65535 throws. */
  listen(port: number, receive: (datagram: Datagram) => void): Result<void, 'port-in-use'>
  unlisten(port: number): void

  /**
   * Tells `receive` of datagrams from here that did not arrive; several may ask. An error is believed if somebody
   * listens to the port that the datagram came from, or if it was one of the last 256 that were sent. That a datagram was
   * too big is believed only if one as large went from that port to that destination, and routers may not cut it; then
   * what is known of the MTU to that destination is less.
   */
  onError(receive: (error: DatagramError) => void): void

  /**
   * Hands datagrams without a listener to `receive`, and all that are for another host, which an `ip` that is
   * promiscuous takes: what a gateway is made of.
   */
  forward(receive: (datagram: Datagram) => void): void

  /** How many datagrams were not handed on, by reason. */
  readonly drops: Readonly<Record<UdpDrop, number>>
}

/** What carries errors both ways: ICMP of either family, or of both. */
export interface Errors extends DeliveryErrors {
  /** Tells the sender of `packet` that nobody listens to its port. */
  portUnreachable(packet: Packet): void
}

/** What UDP is made on. */
export interface Devices {
  readonly ip: Ip
  /** Without it, nobody is told of an error, here or elsewhere. */
  readonly icmp?: Errors
  readonly random: Random
}

/** UDP on `ip`, whose listener for that protocol it becomes. */
export function connect(devices: Devices): Udp {
  return new Datagrams(devices)
}

type Receive = (datagram: Datagram) => void

class Datagrams implements Udp {
  readonly drops: Record<UdpDrop, number> = {
    'too-short': 0,
    'bad-length': 0,
    'bad-checksum': 0,
    'no-listener': 0,
    'bad-error': 0,
  }
  #ip: Ip
  #icmp: Errors | undefined
  #random: Random
  #listeners: Map<number, Receive> = new Map()
  #forward: Receive | undefined
  #errors: ((error: DatagramError) => void)[] = []
  #sent: Sent = new Sent()
  /** Made when it is needed first. */
  #uncut: Uncut | undefined
  #trains: Trains

  constructor({ ip, icmp, random }: Devices) {
    this.#ip = ip
    this.#icmp = icmp
    this.#random = random
    this.#trains = new Trains(ip)
    ip.listen(UDP, (packet) => this.#input(packet))
    icmp?.onError(UDP, (error) => this.#inputError(error))
  }

  write(
    dst: Endpoint,
    payload: Uint8Array,
    { srcPort, src = this.#ip.src(dst.address), ttl, segmentSize }: UdpWriteOptions = {},
  ): Result<void, UdpWriteError> {
    if (dst.port === 0) return err('no-port')
    assertPort(dst.port)
    if (srcPort !== undefined && srcPort !== 0) assertPort(srcPort)
    if (isTooLong(payload.length, segmentSize)) return err('too-long')
    const ports = { srcPort: srcPort ?? this.#randomPort(), dstPort: dst.port }
    this.#sent.add(dst.address, ports.srcPort, dst.port)
    const size = wire.HEADER_SIZE + Math.min(payload.length, segmentSize ?? payload.length)
    // Routers cut the other packets of IPv4, and carry the other packets of IPv6.
    const mayBeTooBig = isIpv4(dst.address) ? segmentSize !== undefined : size > IPV6_SIZE_MIN
    if (mayBeTooBig) this.#uncutOnes().add(dst.address, ports.srcPort, dst.port, size)
    if (segmentSize !== undefined)
      return this.#trains.send({ ...ports, src, dst: dst.address, ttl }, payload, segmentSize)
    const pseudo = checksum.pseudo(src, dst.address, UDP, 0)
    const fill = (datagram: Uint8Array): number => {
      datagram.set(payload, wire.HEADER_SIZE)
      wire.emit(datagram, 0, size, ports, pseudo)
      return size
    }
    return this.#ip.write(dst.address, UDP, ttl === undefined ? { size, src } : { size, src, ttl }, fill)
  }

  listen(port: number, receive: Receive): Result<void, 'port-in-use'> {
    assertPort(port)
    if (this.#listeners.has(port)) return err('port-in-use')
    this.#listeners.set(port, receive)
    return done
  }

  unlisten(port: number): void {
    this.#listeners.delete(port)
  }

  onError(receive: (error: DatagramError) => void): void {
    this.#errors.push(receive)
  }

  forward(receive: Receive): void {
    this.#forward = receive
  }

  #input(packet: Packet): void {
    const { frame, offset, end, src, dst, isChecked, segmentSize } = packet
    const parsed = wire.parse(frame, offset, end, checksum.pseudo(src, dst, UDP, 0), isChecked)
    if (!parsed.ok) return this.#drop(parsed.error)
    // IPv6 has no checksum of its own, so a datagram without one is nobody's: RFC 8200 §8.1.
    if (!isChecked && !isIpv4(src) && !wire.hasChecksum(frame, offset)) return this.#drop('bad-checksum')
    if (this.#receiverOf(dst, parsed.value.dstPort) === undefined) this.#icmp?.portUnreachable(packet)
    this.#deliver(packet, parsed.value, segmentSize)
  }

  /** Hands on the datagram that was parsed, or those of `size` bytes that nobody has cut. */
  #deliver(
    { frame, src, dst }: Packet,
    parsed: wire.Datagram,
    size: number = parsed.end - parsed.offset,
  ): void {
    const ends = { src: { address: src, port: parsed.srcPort }, dst: { address: dst, port: parsed.dstPort } }
    let { offset } = parsed
    do {
      const end = Math.min(offset + size, parsed.end)
      // Whoever has the first may listen no longer.
      const receive = this.#receiverOf(dst, parsed.dstPort)
      if (receive === undefined) this.#drop('no-listener')
      else receive({ ...ends, payload: frame.slice(offset, end) })
      offset = end
    } while (offset < parsed.end)
  }

  #inputError(error: DeliveryError): void {
    const { kind, reporter, frame, offset } = error
    const src = { address: error.src, port: getU16(frame, offset) }
    const dst = { address: error.dst, port: getU16(frame, offset + 2) }
    const isOurs = this.#listeners.has(src.port) || this.#sent.has(dst.address, src.port, dst.port)
    if (!isOurs) return this.#drop('bad-error')
    if (error.kind === 'too-big') {
      if (!this.#isTooBig(error, src.port, dst.port)) return this.#drop('bad-error')
      this.#ip.reducePathMtu(dst.address, error.mtu)
    }
    for (const receive of this.#errors) receive({ kind, reporter, src, dst })
  }

  /** Whether the quoted datagram was sent, may have met a link that carries less, and is more than that carries. */
  #isTooBig({ dst, frame, offset, mtu }: TooBig, srcPort: number, dstPort: number): boolean {
    const size = getU16(frame, offset + 4)
    const headerSize = isIpv4(dst) ? ipWire.HEADER_SIZE : IPV6_HEADER_SIZE
    return headerSize + size > mtu && this.#uncut?.has(dst, srcPort, dstPort, size) === true
  }

  #uncutOnes(): Uncut {
    return (this.#uncut ??= new Uncut(u32(this.#random)))
  }

  #receiverOf(dst: IpAddress, port: number): Receive | undefined {
    const listener = this.#listeners.get(port)
    if (this.#forward === undefined) return listener
    const isForUs = this.#ip.isOwn(dst) || !this.#ip.isHost(dst)
    return isForUs ? (listener ?? this.#forward) : this.#forward
  }

  /** A port that nobody listens to, if a few tries find one. */
  #randomPort(): number {
    let port = 0
    for (let tries = 0; tries < 8; tries++) {
      port = DYNAMIC_PORT_MIN + below(this.#random, 0x1_0000 - DYNAMIC_PORT_MIN)
      if (!this.#listeners.has(port)) break
    }
    return port
  }

  #drop(reason: UdpDrop): void {
    this.drops[reason] += 1
  }
}

/**
 * Whether `length` bytes are more than one write sends, in one datagram or in as many as `segmentSize` says, which throws
 * if it is none.
 */
export function isTooLong(length: number, segmentSize: number | undefined): boolean {
  if (segmentSize === undefined) return length > PAYLOAD_SIZE_MAX
  assert(
    Number.isInteger(segmentSize) && segmentSize >= 1,
    'a datagram has a whole number of bytes, one at least',
  )
  return length > Math.min(PAYLOAD_SIZE_MAX, segmentSize * DATAGRAMS_MAX)
}

function assertPort(port: number): void {
  assert(Number.isInteger(port) && port >= 1 && port <= 0xffff, 'a port is 1 to 65535')
}
