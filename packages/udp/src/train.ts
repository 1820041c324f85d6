/** Datagrams of one size that leave in one write: cut by the device where it can, and here where it cannot. */
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import * as checksum from '@mirage/bytes/checksum'
import { copy } from '@mirage/bytes/copy'
import { type Ip, type IpError, type Outgoing, UDP } from '@mirage/ip'
import type { FillAt } from '@mirage/net'
import { type Result, done, err } from '@mirage/result'
import * as wire from './wire.ts'

/** The headers of UDP and of either IP. */
const HEADERS_SIZE = 48

/** Where a train comes from, and where it goes. */
export interface Way extends wire.Ports {
  readonly src: IpAddress
  readonly dst: IpAddress
  /** As usual if it is undefined. */
  readonly ttl: number | undefined
}

/** Trains on `ip`. One object serves for all. */
export class Trains {
  readonly #ip: Ip
  /** The most bytes of payload that the device cuts. */
  readonly #payloadMax: number
  // The train being sent, and the packet: what `#fill` writes.
  #ports: wire.Ports = { srcPort: 0, dstPort: 0 }
  #payload: Uint8Array = new Uint8Array(0)
  #offset = 0
  readonly #packet: Outgoing = {
    dst: ipv4.UNSPECIFIED,
    src: ipv4.UNSPECIFIED,
    protocol: UDP,
    size: 0,
    trafficClass: 0,
    checksumOffset: -1,
    segmentSize: 0,
    headerSize: wire.HEADER_SIZE,
    ttl: undefined,
  }

  constructor(ip: Ip) {
    const { offloads } = ip
    this.#ip = ip
    this.#payloadMax = offloads.datagrams === true ? offloads.segmentation - HEADERS_SIZE : 0
    if (offloads.checksum) this.#packet.checksumOffset = wire.CHECKSUM_OFFSET
  }

  /**
   * Sends `payload` in datagrams of `size` bytes each, of which the last may be shorter, up to the first that is not sent.
   * None is cut on its way: those that are larger than the way carries are not sent at all.
   */
  send(way: Way, payload: Uint8Array, size: number): Result<void, IpError> {
    const { src, dst, ttl } = way
    const { length } = payload
    if (wire.HEADER_SIZE + Math.min(size, length) > this.#ip.mtu(dst)) return err('would-fragment')
    // There is no sending over IPv6 without an address.
    if (src === ipv6.UNSPECIFIED) return err('no-route')
    this.#packet.src = src
    this.#packet.dst = dst
    this.#packet.ttl = ttl
    this.#ports = way
    this.#payload = payload
    if (length <= size) return this.#transmit(0, length, 0)
    if (length <= this.#payloadMax) return this.#transmit(0, length, size)
    for (let offset = 0; offset < length; offset += size) {
      const sent = this.#transmit(offset, Math.min(size, length - offset), 0)
      // The device is full, or gone: those behind would be lost as well.
      if (!sent.ok) return sent
    }
    return done
  }

  /** Sends `length` bytes in one packet, which the device cuts if there is a `segmentSize`. */
  #transmit(offset: number, length: number, segmentSize: number): Result<void, IpError> {
    this.#offset = offset
    this.#packet.size = wire.HEADER_SIZE + length
    this.#packet.segmentSize = segmentSize
    return this.#ip.writeAt(this.#packet, this.#fill)
  }

  readonly #fill: FillAt = (frame, offset) => {
    const { src, dst, size, checksumOffset } = this.#packet
    copy(frame, offset + wire.HEADER_SIZE, this.#payload, this.#offset, size - wire.HEADER_SIZE)
    const pseudo = checksum.pseudo(src, dst, UDP, 0)
    wire.emit(frame, offset, offset + size, this.#ports, pseudo, checksumOffset >= 0)
    return size
  }
}
