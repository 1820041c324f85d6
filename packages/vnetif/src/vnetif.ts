/**
 * A software switch: as many network devices as are asked for, in one program, on one link.
 *
 * A frame for one device's address goes to that device, or through the one that the address was last heard of behind;
 * a frame for a group or for an address that is not known goes to all others. Frames are copied nowhere: the buffer
 * that the sender filled is lent to the receiver.
 */
import * as mac from '@mirage/address/mac'
import { getU16 } from '@mirage/bytes'
import { allocate } from '@mirage/bytes/arena'
import type { Clock } from '@mirage/clock'
import {
  type Counters,
  type Fill,
  HEADER_SIZE,
  NO_OFFLOADS,
  type Net,
  type NetError,
  type Offload,
  type Offloads,
  type Receive,
} from '@mirage/net'
import type { Random } from '@mirage/random'
import { type Result, assert, done, err } from '@mirage/result'
import { cut } from './cut.ts'
import { type Faults, Line } from './faults.ts'
import { type Slot, Slots } from './slots.ts'
import { Stations } from './stations.ts'

/** What became of a frame: lost to everybody, or to the device `to`. The frame is lent until the call returns. */
export type Observe = (fate: 'lost' | 'delivered', from: Net, to: Net | undefined, frame: Uint8Array) => void

/** What a switch is like. */
export interface Options {
  /** When frames arrive: one batch at a time, at the clock's next moment, or as late as the faults say. */
  readonly clock: Clock
  /** 1500 unless told. */
  readonly mtu?: number
  /** How many frames of a device may be on their way before it is `busy`; 1024 unless told. */
  readonly queue?: number
  /** What happens to the frames of every device, each with a line of its own. */
  readonly faults?: Faults
  /** What faults draw from; without it they may not be given. */
  readonly random?: Random
  readonly observe?: Observe
  /**
   * Whether the devices have agreed, as those of one machine do, to carry segments and datagrams uncut, up to 64 KiB, and
   * without their checksums, to all who do not decline. No faults then: nobody would notice them.
   */
  readonly offloads?: boolean
  /** How many addresses are learnt that are not its devices' own; 1024 unless told. */
  readonly stations?: number
}

/** What one device is like. */
export interface DeviceOptions {
  /** 02:50 and then 1, 2, 3, … in four bytes, unless told. One that another device of this switch has throws. */
  readonly mac?: mac.Mac
  /** The switch's unless told; a larger one throws. */
  readonly mtu?: number
}

/** The link, to plug devices into. */
export interface Switch {
  /** Plugs a new device in. It is unplugged by its own `disconnect`. */
  connect(options?: DeviceOptions): Net

  /**
   * From now on the frames that `device` sends, or those of all devices, present and to come, meet `faults`.
   * Frames that are on their way are not concerned. A device whose faults were taken away (`undefined`) may
   * overtake its own late frames.
   */
  setFaults(faults: Faults | undefined, device?: Net): void

  /**
   * From now on, until the next call, the devices of one set hear each other only. Those in no set, and those that are
   * plugged in later, are a set of their own; `partition()` heals. A frame on its way to another set is lost.
   */
  partition(...sets: readonly (readonly Net[])[]): void
}

/** A new switch, without devices. */
export function vnetif(options: Options): Switch {
  return new Fabric(options)
}

const QUEUE = 1024
/** What devices do that agreed to leave it undone: the largest packet of IP, uncut. */
const AGREED: Offloads = { checksum: true, segmentation: 0xffff, datagrams: true }
const STATIONS = 1024
/** The type of a frame is its two bytes from here. */
const TYPE_OFFSET = 12

class Fabric implements Switch {
  readonly #observe: Observe | undefined
  readonly #clock: Clock
  readonly #random: Random | undefined
  readonly #mtu: number
  readonly #queue: number
  readonly #offloads: Offloads
  readonly #ports: Map<mac.Mac, Port> = new Map()
  /** What is behind the devices that frames of others come through. */
  readonly #stations: Stations<Port>
  /** Where frames are cut for devices that declined to take them as they are. */
  #wire: Uint8Array | undefined
  #faults: Faults | undefined
  #count = 0
  /** Frames that arrive with the next batch, and the array of the batch before, to be used again. */
  #waiting: Slot<Port>[] = []
  #spare: Slot<Port>[] = []

  constructor(options: Options) {
    const { clock, mtu = 1500, queue = QUEUE, faults, random, observe, stations = STATIONS } = options
    this.#offloads = options.offloads === true ? AGREED : NO_OFFLOADS
    this.#clock = clock
    this.#mtu = mtu
    this.#queue = queue
    this.#random = random
    this.#observe = observe
    this.#stations = new Stations(stations)
    this.setFaults(faults)
  }

  connect({ mac: address = mac.local(++this.#count), mtu = this.#mtu }: DeviceOptions = {}): Net {
    assert(!this.#ports.has(address), 'every device has an address of its own')
    assert(mtu <= this.#mtu, 'no device has a larger MTU than its switch')
    const port = new Port(this, address, mtu, this.#queue, this.#offloads)
    port.line = this.#line(port, this.#faults)
    this.#ports.set(address, port)
    return port
  }

  disconnect(port: Port): void {
    if (this.#ports.get(port.mac) !== port) return
    this.#ports.delete(port.mac)
    this.#stations.forget(port)
  }

  setFaults(faults: Faults | undefined, device?: Net): void {
    assert(faults === undefined || this.#random !== undefined, 'faults have something to draw from')
    assert(faults === undefined || !this.#offloads.checksum, 'what may be damaged has a checksum')
    if (device === undefined) this.#faults = faults
    for (const port of this.#ports.values()) {
      if (device === undefined || device === port) port.line = this.#line(port, faults)
    }
  }

  partition(...sets: readonly (readonly Net[])[]): void {
    for (const port of this.#ports.values()) port.set = 1 + sets.findIndex((each) => each.includes(port))
  }

  #line(port: Port, faults: Faults | undefined): Line | undefined {
    if (faults === undefined) return undefined
    if (port.line === undefined) return new Line(faults, this.#random!)
    port.line.faults = faults
    return port.line
  }

  /** Takes over the frame in `slot`, until it is given back to its owner. */
  send(slot: Slot<Port>): void {
    const { line } = slot.owner
    if (line !== undefined) return this.#sendOver(line, slot)
    slot.uses = 1
    if (this.#waiting.push(slot) === 1) this.#clock.at(this.#clock.now(), this.#deliverBatch)
  }

  #sendOver(line: Line, slot: Slot<Port>): void {
    const trailing = line.trailing()
    if (trailing > 0) slot.append(this.#random!.generate(trailing))
    const flipped = line.flipped(slot.length)
    if (flipped >= 0) slot.flip(flipped)
    const isLost = flipped >= 0 && !isIp(slot.frame())
    const arrivals = isLost ? [] : line.send(slot.length, this.#clock.now())
    slot.uses = arrivals.length
    if (arrivals.length === 0) {
      this.#observe?.('lost', slot.owner, undefined, slot.frame())
      slot.owner.takeBack(slot)
    }
    for (const arrival of arrivals) this.#clock.at(arrival, () => this.#deliver(slot))
  }

  // What listeners write meanwhile arrives with the next batch, so that a batch ends.
  readonly #deliverBatch = (): void => {
    const batch = this.#waiting
    this.#waiting = this.#spare
    this.#spare = batch
    try {
      for (const slot of batch) this.#deliver(slot)
    } finally {
      batch.length = 0
    }
  }

  #deliver(slot: Slot<Port>): void {
    const frame = slot.frame()
    const from = slot.owner
    if (frame.length >= HEADER_SIZE) {
      const to = from.isAsBefore(frame) ? from.lastTo : this.#find(from, frame)
      if (to !== undefined) this.#hand(frame, slot, from, to)
      else for (const each of this.#ports.values()) this.#hand(frame, slot, from, each)
    }
    if (--slot.uses === 0) from.takeBack(slot)
  }

  /** The device that `frame` is for, if it is for one that is known; and who is behind `from` is learnt. */
  #find(from: Port, frame: Uint8Array): Port | undefined {
    const [address, source] = [mac.read(frame, 0), mac.read(frame, mac.SIZE)]
    if (source !== from.mac) this.#learn(from, source)
    const to = this.#ports.get(address)
    if (to !== undefined && source === from.mac) from.remember(frame, to)
    if (to !== undefined || this.#stations.count === 0) return to
    return this.#stations.find(address, this.#clock.now())
  }

  /** Notes that `source`, another than the device that a frame came through, is behind that device. */
  #learn(from: Port, source: mac.Mac): void {
    if (mac.isGroup(source) || !from.isConnected || this.#ports.has(source)) return
    this.#stations.learn(source, from, this.#clock.now())
  }

  #hand(frame: Uint8Array, slot: Slot<Port>, from: Port, to: Port): void {
    if (to === from) return
    if (to.set !== from.set) return this.#observe?.('lost', from, to, frame)
    this.#observe?.('delivered', from, to, frame)
    const { isChecked, offload } = slot
    if (isChecked && to.hasDeclined) return this.#handPieces(frame, offload, to)
    to.receive(frame, isChecked, isChecked && offload.isUdp ? offload.segmentSize || undefined : undefined)
  }

  #handPieces(frame: Uint8Array, offload: Readonly<Offload>, to: Port): void {
    const buffer = (this.#wire ??= allocate(this.#mtu + HEADER_SIZE))
    cut(frame, offload, buffer, (length) => to.receive(buffer.subarray(0, length), false, undefined))
  }
}

/** 32 bits, signed, which is what a machine compares. */
function wordAt(frame: Uint8Array, at: number): number {
  return (frame[at]! << 24) | (frame[at + 1]! << 16) | (frame[at + 2]! << 8) | frame[at + 3]!
}

/** Whether `frame` carries IPv4 or IPv6. */
function isIp(frame: Uint8Array): boolean {
  const type = getU16(frame, TYPE_OFFSET)
  return type === 0x0800 || type === 0x86dd
}

/** A device of the switch. */
class Port implements Net {
  readonly mac: mac.Mac
  readonly mtu: number
  readonly offloads: Offloads
  readonly counters: Counters = { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 }
  /** What its frames meet on their way to the switch; nothing where there are no faults. */
  line: Line | undefined
  /** Whom it sent to last in its own name, and the addresses of that frame. */
  lastTo: Port | undefined
  #first = 0
  #second = 0
  #third = 0
  isConnected = true
  /** It hears the devices of the same set. */
  set = 0
  /** What it hands over is as on a wire. */
  hasDeclined = false
  readonly #fabric: Fabric
  readonly #slots: Slots<Port>
  /** The largest frame that need not be cut. */
  readonly #wholeMax: number
  #listener: Receive | undefined

  constructor(fabric: Fabric, address: mac.Mac, mtu: number, queue: number, offloads: Offloads) {
    this.#fabric = fabric
    this.mac = address
    this.mtu = mtu
    this.offloads = offloads
    this.#wholeMax = Math.max(mtu, offloads.segmentation) + HEADER_SIZE
    this.#slots = new Slots(this, this.#wholeMax, queue)
  }

  write(
    size: number,
    fill: Fill,
    offload?: Readonly<Offload>,
    isFilled: boolean = false,
  ): Result<void, NetError> {
    const isCut = offload !== undefined && offload.segmentSize > 0
    const onWire = this.mtu + HEADER_SIZE
    assert(
      size >= 0 && size <= (isCut ? this.#wholeMax : onWire),
      'a frame is not larger than the MTU and its header',
    )
    assert(!isCut || offload.headerSize + offload.segmentSize <= onWire, 'nor is what it is cut into')
    if (!this.isConnected) return err('disconnected')
    const slot = this.#slots.take()
    if (slot === undefined) return err('busy')
    const length = fill(slot.lend(size, isFilled))
    assert(length >= 0 && length <= size, 'fill does not count more bytes than it was lent')
    slot.hold(length)
    slot.leave(offload)
    this.counters.txFrames++
    this.counters.txBytes += length
    this.#fabric.send(slot)
    return done
  }

  /**
   * Whether `frame` has the addresses of the frame that went to `lastTo`, as most have: three comparisons, where reading
   * two addresses and looking one up costs a quarter of what the switch needs for a frame.
   */
  isAsBefore(frame: Uint8Array): boolean {
    return (
      wordAt(frame, 0) === this.#first &&
      wordAt(frame, 4) === this.#second &&
      wordAt(frame, 8) === this.#third &&
      this.lastTo?.isConnected === true
    )
  }

  remember(frame: Uint8Array, to: Port): void {
    this.lastTo = to
    this.#first = wordAt(frame, 0)
    this.#second = wordAt(frame, 4)
    this.#third = wordAt(frame, 8)
  }

  receive(frame: Uint8Array, isChecked: boolean, segmentSize: number | undefined): void {
    if (this.#listener === undefined) return
    this.counters.rxFrames++
    this.counters.rxBytes += frame.length
    this.#listener(frame, isChecked, segmentSize)
  }

  takeBack(slot: Slot<Port>): void {
    this.#slots.give(slot)
  }

  listen(receive: Receive): void {
    if (this.isConnected) this.#listener = receive
  }

  declineOffloads(): void {
    this.hasDeclined = true
  }

  resetCounters(): void {
    const { counters } = this
    counters.rxFrames = counters.rxBytes = counters.txFrames = counters.txBytes = 0
  }

  disconnect(): void {
    this.isConnected = false
    this.#listener = undefined
    this.#fabric.disconnect(this)
  }
}
