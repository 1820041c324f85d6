/** UDP for applications: RFC 768. */
import type { IpAddress } from '@mirage/address/ip'
import type { Endpoint } from '@mirage/address/endpoint'
import * as checksum from '@mirage/bytes/checksum'
import { type Ip, type IpError, type Packet, UDP } from '@mirage/ip'
import * as ipWire from '@mirage/ip/wire'
import { type Random, below } from '@mirage/random'
import { type Result, assert, done, err } from '@mirage/result'
import * as wire from './wire.ts'

/** The most bytes of a payload. */
export const PAYLOAD_SIZE_MAX: number = ipWire.PAYLOAD_SIZE_MAX - wire.HEADER_SIZE

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
  | 'too-long'
  /** Nobody has port 0: the sender of a datagram from there wants no answer (RFC 768). */
  | 'no-port'

/** What may be unusual about a datagram. */
export interface UdpWriteOptions {
  /** A random port from 49152 up unless told (RFC 6335 §6); 0 to have no answer. */
  readonly srcPort?: number
  readonly src?: IpAddress
  readonly ttl?: number
}

/** Why a datagram that arrived was not handed on. */
export type UdpDrop =
  | wire.UdpError
  /** Nobody listens to its port. */
  | 'no-listener'

/** What applications send datagrams with, and hear them from. */
export interface Udp {
  /** Sends a copy of `payload`, in fragments if it must be; 65,507 bytes at most. */
  write(dst: Endpoint, payload: Uint8Array, options?: UdpWriteOptions): Result<void, UdpWriteError>

  /** Hands every datagram to `port` to `receive`. A `port` outside 1 to 65535 throws. */
  listen(port: number, receive: (datagram: Datagram) => void): Result<void, 'port-in-use'>
  unlisten(port: number): void

  /**
   * Hands datagrams without a listener to `receive`, and all that are for another host, which an `ip` that is
   * promiscuous takes: what a gateway is made of.
   */
  forward(receive: (datagram: Datagram) => void): void

  /** How many datagrams were not handed on, by reason. */
  readonly drops: Readonly<Record<UdpDrop, number>>
}

/** What tells the sender of a packet that nobody listens to its port. */
export interface Unreachable {
  portUnreachable(packet: Packet): void
}

/** What UDP is made on. */
export interface Devices {
  readonly ip: Ip
  /** Tells senders that nobody listens to a port. */
  readonly icmp?: Unreachable
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
  }
  #ip: Ip
  #icmp: Unreachable | undefined
  #random: Random
  #listeners: Map<number, Receive> = new Map()
  #forward: Receive | undefined

  constructor({ ip, icmp, random }: Devices) {
    this.#ip = ip
    this.#icmp = icmp
    this.#random = random
    ip.listen(UDP, (packet) => this.#input(packet))
  }

  write(
    dst: Endpoint,
    payload: Uint8Array,
    { srcPort, src = this.#ip.src(dst.address), ttl }: UdpWriteOptions = {},
  ): Result<void, UdpWriteError> {
    if (dst.port === 0) return err('no-port')
    assertPort(dst.port)
    if (srcPort !== undefined && srcPort !== 0) assertPort(srcPort)
    if (payload.length > PAYLOAD_SIZE_MAX) return err('too-long')
    const ports = { srcPort: srcPort ?? this.#randomPort(), dstPort: dst.port }
    const pseudo = checksum.pseudo(src, dst.address, UDP, 0)
    const size = wire.HEADER_SIZE + payload.length
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

  forward(receive: Receive): void {
    this.#forward = receive
  }

  #input(packet: Packet): void {
    const { frame, offset, end, src, dst, isChecked } = packet
    const parsed = wire.parse(frame, offset, end, checksum.pseudo(src, dst, UDP, 0), isChecked)
    if (!parsed.ok) return this.#drop(parsed.error)
    const { srcPort, dstPort, ...payload } = parsed.value
    const receive = this.#receiverOf(dst, dstPort)
    if (receive === undefined) {
      this.#icmp?.portUnreachable(packet)
      return this.#drop('no-listener')
    }
    receive({
      src: { address: src, port: srcPort },
      dst: { address: dst, port: dstPort },
      payload: frame.slice(payload.offset, payload.end),
    })
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

function assertPort(port: number): void {
  assert(Number.isInteger(port) && port >= 1 && port <= 0xffff, 'a port is 1 to 65535')
}
