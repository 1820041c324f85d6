/** Ethernet on a device: the 14 bytes in front of every payload are written and read here, and seen nowhere above. */
import { type Mac, isGroup } from '@mirage/address/mac'
import { getU16, getU32 } from '@mirage/bytes'
import {
  type Fill,
  type FillAt,
  NO_OFFLOADS,
  type Net,
  type NetError,
  type Offload,
  type Offloads,
} from '@mirage/net'
import { type Result, assert, err } from '@mirage/result'
import * as wire from './wire.ts'

/** What the payload is: the EtherType of IEEE 802.3. */
export type EtherType = number
/** IPv4: RFC 894. */
export const IPV4: EtherType = 0x0800
/** Address resolution: RFC 826. */
export const ARP: EtherType = 0x0806
/** IPv6: RFC 2464. */
export const IPV6: EtherType = 0x86dd

/** Why a frame was not sent. */
export type EthernetError = NetError | 'exceeds-mtu'

/**
 * A payload that arrived: the bytes of `frame` from `offset` on. It may end in padding of the link. It is
 * lent until the call returns, and must not be changed. `isChecked`: the device vouches for the transport's checksum.
 * `segmentSize`: it is datagrams that nobody has cut, as `Net` says.
 */
export type Receive = (
  frame: Uint8Array,
  offset: number,
  src: Mac,
  dst: Mac,
  isChecked: boolean,
  segmentSize: number | undefined,
) => void

/** Why a frame that arrived was not handed on. */
export type EthernetDrop =
  | 'too-short'
  /** It is for another device: switches flood what they do not know. */
  | 'not-for-us'
  /** Nobody listens to its type. */
  | 'unknown-type'

/** How much a frame carries, and whose it is. */
export interface FrameOptions {
  /** The most bytes of payload. */
  readonly size: number
  /** The device's own address unless told. */
  readonly src?: Mac
}

/** What the layers above a device write frames to, and hear them from. */
export interface Ethernet {
  readonly mac: Mac
  /** The most bytes of payload in a frame. */
  readonly mtu: number
  /** What the device does for the layers above. */
  readonly offloads: Offloads

  /**
   * Sends a frame with at most `size` bytes of payload. `fill` is lent those bytes alone, zeroed, as `Net.write`
   * lends them, and returns how many count. `src` is the device's own address unless given.
   */
  write(dst: Mac, type: EtherType, options: FrameOptions, fill: Fill): Result<void, EthernetError>

  /**
   * The same without a view of the payload: `fill` writes into the whole frame from the offset it is given. What is
   * left to the device is `offload`, whose offsets count from the beginning of the frame.
   */
  writeAt(
    dst: Mac,
    type: EtherType,
    size: number,
    fill: FillAt,
    offload?: Readonly<Offload>,
  ): Result<void, EthernetError>

  /** From now on every payload is as on a wire, so that it may be handed on: see `Net`. */
  declineOffloads(): void

  /** Hands every payload of `type` that is for this device, or for a group, to `receive`; one listener a type. */
  listen(type: EtherType, receive: Receive): void

  /** How many frames were not handed on, by reason. */
  readonly drops: Readonly<Record<EthernetDrop, number>>
}

/** Ethernet on `net`, whose listener it becomes. */
export function connect(net: Net): Ethernet {
  return new Link(net)
}

class Link implements Ethernet {
  readonly mac: Mac
  readonly mtu: number
  readonly offloads: Offloads
  readonly drops: Record<EthernetDrop, number> = { 'too-short': 0, 'not-for-us': 0, 'unknown-type': 0 }
  #net: Net
  /** The most bytes of payload in a frame that the device may cut. */
  #sizeMax: number
  #listeners: Map<EtherType, Receive> = new Map()

  /** The two halves of our address: a frame for us is known without making a number of 48 bits, which saves 20 ns. */
  readonly #macHigh: number
  readonly #macLow: number

  // The frame being written: one closure, made once, takes it from here. Most have the header of the one before.
  #dst: Mac
  #src: Mac
  #type: EtherType = 0
  readonly #header: Uint8Array = new Uint8Array(wire.HEADER_SIZE)
  #fill: FillAt = () => 0

  constructor(net: Net) {
    this.#net = net
    this.mac = net.mac
    this.mtu = net.mtu
    this.offloads = net.offloads ?? NO_OFFLOADS
    this.#sizeMax = Math.max(net.mtu, this.offloads.segmentation)
    this.#dst = net.mac
    this.#src = net.mac
    this.#macHigh = Math.floor(net.mac / 0x1_0000_0000)
    this.#macLow = net.mac >>> 0
    net.listen((frame, isChecked, segmentSize) => this.#input(frame, isChecked === true, segmentSize))
  }

  write(dst: Mac, type: EtherType, options: FrameOptions, fill: Fill): Result<void, EthernetError> {
    const fillAt: FillAt = (frame, offset) => fill(frame.subarray(offset))
    return this.#write(dst, options.src ?? this.mac, type, options.size, fillAt, undefined, false)
  }

  writeAt(
    dst: Mac,
    type: EtherType,
    size: number,
    fill: FillAt,
    offload?: Readonly<Offload>,
  ): Result<void, EthernetError> {
    return this.#write(dst, this.mac, type, size, fill, offload, true)
  }

  #write(
    dst: Mac,
    src: Mac,
    type: EtherType,
    size: number,
    fill: FillAt,
    offload: Readonly<Offload> | undefined,
    isFilled: boolean,
  ): Result<void, EthernetError> {
    if (size > (offload === undefined ? this.mtu : this.#sizeMax)) return err('exceeds-mtu')
    if (dst !== this.#dst || type !== this.#type || src !== this.#src) this.#prepare(dst, src, type)
    this.#fill = fill
    return this.#net.write(wire.HEADER_SIZE + size, this.#fillFrame, offload, isFilled)
  }

  #prepare(dst: Mac, src: Mac, type: EtherType): void {
    this.#dst = dst
    this.#src = src
    this.#type = type
    wire.emit(this.#header, dst, src, type)
  }

  #fillFrame: Fill = (frame) => {
    const header = this.#header
    for (let i = 0; i < wire.HEADER_SIZE; i++) frame[i] = header[i]!
    const length = this.#fill(frame, wire.HEADER_SIZE)
    assert(length >= 0, 'fill counts bytes')
    return wire.HEADER_SIZE + length
  }

  declineOffloads(): void {
    this.#net.declineOffloads?.()
  }

  listen(type: EtherType, receive: Receive): void {
    this.#listeners.set(type, receive)
  }

  #input(frame: Uint8Array, isChecked: boolean, segmentSize: number | undefined): void {
    if (!wire.isComplete(frame)) return this.#drop('too-short')
    const isOurs = getU16(frame, 0) === this.#macHigh && getU32(frame, 2) === this.#macLow
    const dst = isOurs ? this.mac : wire.dst(frame)
    if (!isOurs && !isGroup(dst)) return this.#drop('not-for-us')
    const receive = this.#listeners.get(wire.type(frame))
    if (receive === undefined) return this.#drop('unknown-type')
    receive(frame, wire.HEADER_SIZE, wire.src(frame), dst, isChecked, segmentSize)
  }

  #drop(reason: EthernetDrop): void {
    this.drops[reason] += 1
  }
}
