/**
 * A device on a descriptor of which every read and every write is one frame: a TAP device, or a socket of datagrams.
 *
 * What arrives is read in batches, into one slab; what is written goes to the kernel in batches, from another, when
 * what runs now is over. In front of a frame there may be a `virtio_net_hdr` (virtio 1.2 §5.1.6), in the byte order of
 * the host, which is little-endian:
 *
 *      +-------+-------+---------------+
 *      | flags |  cut  |  header size  |   0
 *      +-------+-------+---------------+
 *      | segment size  |checksum start |   4
 *      +---------------+---------------+
 *      |checksum offset|   8
 *      +---------------+
 */
import type { Mac } from '@mirage/address/mac'
import { allocate, note } from '@mirage/bytes/arena'
import { source } from '@mirage/console/logs'
import { type Addon, type Reader, reason } from '@mirage/native'
import {
  type Counters,
  type Fill,
  HEADER_SIZE,
  type Net,
  type NetError,
  type Offload,
  type Offloads,
  type Receive,
} from '@mirage/net'
import { type Result, assert, done, err } from '@mirage/result'

/** The descriptor, which is the device's from now on. */
export interface FrameFile {
  readonly addon: Addon
  readonly descriptor: number
  /** Whether every frame has a `virtio_net_hdr` in front. */
  readonly hasHeader: boolean
}

/** What the device says of itself. `offloads` need a file with headers. */
export interface Options {
  readonly mac: Mac
  readonly mtu: number
  readonly offloads?: Offloads
}

/** The size of a `virtio_net_hdr`. */
const VNET_SIZE = 10
const NEEDS_CHECKSUM = 1
const IS_VALID = 2
const CUT_TCP4 = 1
const CUT_TCP6 = 4
/** Datagrams, of either family. */
const CUT_UDP = 5
/** The most bytes of a frame that is cut, or was put together, after its Ethernet header. */
const UNCUT_MAX = 65_535
/** A tag of a virtual LAN, which frames may have besides. */
const TAG_SIZE = 4

/** Bytes that a batch is read into. More would leave the processor's second cache; measured at 64 KiB a frame. */
const SLAB_SIZE = 0x8_0000
/** Frames of a batch. */
const FRAMES_MAX = 256
/** Bytes that wait to be written: a frame that was cut goes at once, before it leaves the cache. */
const WAITING_MAX = 0x8000
/** Frames that wait to be written. */
const WAITING_FRAMES_MAX = 64
/** Where frames begin: on a line of the processor's cache. */
const ALIGNMENT = 64
/** Errors after which no frame will ever be sent: the interface or the other end is gone. */
const GONE: readonly string[] = [
  'EBADFD',
  'EBADF',
  'ENODEV',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTCONN',
  'EPIPE',
]

const DISCONNECTED: Result<never, NetError> = err('disconnected')
const BUSY: Result<never, NetError> = err('busy')

const log = source('net')

/** Connects a device to `file`. */
export function connect(file: FrameFile, options: Options): Net {
  return new FrameNet(file, options)
}

class FrameNet implements Net {
  readonly mac: Mac
  readonly mtu: number
  readonly offloads?: Offloads
  readonly counters: Counters = { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 }
  readonly #addon: Addon
  readonly #descriptor: number
  /** Bytes in front of every frame. */
  readonly #vnetSize: number
  readonly #cutMax: number
  #isConnected = true

  /** Where frames wait to be written: `#waiting` of them, in `#used` bytes. */
  readonly #out: Uint8Array
  readonly #outFrames = new Int32Array(2 * WAITING_FRAMES_MAX)
  readonly #outViews: Uint8Array[] = []
  #waiting = 0
  #used = 0
  /** The kernel did not take the last frame: each goes by itself until it takes one, so that who writes it is told. */
  #isRefused = false

  readonly #in: Uint8Array
  readonly #inFrames = new Int32Array(2 * FRAMES_MAX)
  readonly #inViews: Uint8Array[] = []
  #reader: Reader | undefined
  #listener: Receive | undefined

  constructor({ addon, descriptor, hasHeader }: FrameFile, { mac, mtu, offloads }: Options) {
    assert(hasHeader || offloads === undefined, 'what a device does is asked of it in a header')
    this.#addon = addon
    this.#descriptor = descriptor
    this.#vnetSize = hasHeader ? VNET_SIZE : 0
    this.mac = mac
    this.mtu = mtu
    if (offloads !== undefined) this.offloads = offloads
    this.#cutMax = offloads?.segmentation ?? 0
    const sizeMax = this.#vnetSize + HEADER_SIZE + Math.max(mtu, this.#cutMax)
    this.#out = allocate(WAITING_MAX + sizeMax)
    this.#in = allocate(Math.max(SLAB_SIZE, this.#readSize))
  }

  /** The largest frame to read: with checksums comes that the kernel leaves segments uncut. */
  get #readSize(): number {
    const payloadMax = this.offloads === undefined ? this.mtu : UNCUT_MAX
    return this.#vnetSize + HEADER_SIZE + TAG_SIZE + payloadMax
  }

  write(size: number, fill: Fill, offload?: Readonly<Offload>, isFilled = false): Result<void, NetError> {
    const payloadMax = offload !== undefined && offload.segmentSize > 0 ? this.#cutMax : this.mtu
    assert(size >= 0 && size <= payloadMax + HEADER_SIZE, 'a frame is not larger than the MTU and its header')
    if (!this.#isConnected) return DISCONNECTED
    const start = this.#used
    const from = start + this.#vnetSize
    const lent = view(this.#outViews, this.#waiting, this.#out, from, from + size)
    if (!isFilled) lent.fill(0)
    const length = fill(lent)
    assert(length >= 0 && length <= size, 'fill does not count more bytes than it was lent')
    // What has no header is no frame: it is lost, as any frame may be.
    if (length < HEADER_SIZE) return done
    if (offload === undefined || offload.checksumStart === 0) this.#out.fill(0, start, from)
    else this.#leave(start, offload)
    this.counters.txFrames += 1
    this.counters.txBytes += length
    return this.#enqueue(start, this.#vnetSize + length)
  }

  /** Says in the header at `start` what is left to the device. */
  #leave(start: number, offload: Readonly<Offload>): void {
    assert(this.offloads !== undefined, 'only what a device does is left to it')
    const header = this.#out
    const { checksumStart, checksumOffset, segmentSize, headerSize, isIpv6, isUdp } = offload
    assert(!isUdp || segmentSize === 0 || this.offloads.datagrams === true, 'only what it cuts is left uncut')
    header[start] = NEEDS_CHECKSUM
    header[start + 1] = segmentSize === 0 ? 0 : isUdp ? CUT_UDP : isIpv6 ? CUT_TCP6 : CUT_TCP4
    header[start + 2] = headerSize
    header[start + 3] = headerSize >>> 8
    header[start + 4] = segmentSize
    header[start + 5] = segmentSize >>> 8
    header[start + 6] = checksumStart
    header[start + 7] = checksumStart >>> 8
    header[start + 8] = checksumOffset
    header[start + 9] = checksumOffset >>> 8
  }

  #enqueue(start: number, length: number): Result<void, NetError> {
    const number = this.#waiting++
    this.#outFrames[2 * number] = start
    this.#outFrames[2 * number + 1] = length
    this.#used = (start + length + ALIGNMENT - 1) & -ALIGNMENT
    if (this.#used < WAITING_MAX && this.#waiting < WAITING_FRAMES_MAX && !this.#isRefused) {
      if (number === 0) void Promise.resolve().then(this.#flush)
      return done
    }
    this.#flush()
    if (!this.#isConnected) return DISCONNECTED
    return this.#isRefused ? BUSY : done
  }

  /** Writes what waits. A frame that the kernel does not take is lost. */
  #flush = (): void => {
    const end = this.#waiting
    this.#waiting = 0
    this.#used = 0
    for (let next = 0; next < end && this.#isConnected; ) {
      const written = this.#addon.write(this.#descriptor, this.#out, this.#outFrames, next, end)
      this.#isRefused = written < 0
      if (written < 0) this.#refused(written, this.#outFrames[2 * next + 1]! - this.#vnetSize)
      next += Math.max(written, 1)
    }
  }

  #refused(failure: number, length: number): void {
    this.counters.txFrames -= 1
    this.counters.txBytes -= length
    const name = reason(failure)
    if (GONE.includes(name)) this.#end(name)
  }

  listen(receive: Receive): void {
    if (!this.#isConnected) return
    this.#listener = receive
    if (this.#reader !== undefined) return
    const reader = this.#addon.read(this.#descriptor, this.#in, this.#inFrames, this.#readSize, this.#receive)
    if (typeof reader === 'number') return this.#end(reason(reader))
    this.#reader = reader
  }

  declineOffloads(): void {
    if (this.offloads !== undefined && this.#isConnected) this.#addon.setOffload(this.#descriptor, 0)
  }

  readonly #receive = (count: number): void => {
    if (count < 0) return this.#end(reason(count))
    for (let i = 0; i < count; i++) {
      // A listener may disconnect.
      if (this.#listener === undefined) return
      const start = this.#inFrames[2 * i]!
      const end = start + this.#inFrames[2 * i + 1]!
      const frame = view(this.#inViews, i, this.#in, start + this.#vnetSize, end)
      this.counters.rxFrames += 1
      this.counters.rxBytes += frame.length
      if (this.#vnetSize === 0) this.#listener(frame, false)
      else this.#listener(frame, (this.#in[start]! & (NEEDS_CHECKSUM | IS_VALID)) !== 0, this.#sizeIn(start))
    }
  }

  /** The size of the datagrams that the header at `start` says are uncut. */
  #sizeIn(start: number): number | undefined {
    const header = this.#in
    return header[start + 1] === CUT_UDP ? header[start + 4]! | (header[start + 5]! << 8) : undefined
  }

  #end(why: string): void {
    if (!this.#isConnected) return
    log.warning(`the network interface is gone: ${why}`)
    this.disconnect()
  }

  resetCounters(): void {
    Object.assign(this.counters, { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 })
  }

  disconnect(): void {
    if (this.#isConnected) this.#flush()
    this.#close()
  }

  /** The last frames may have shown that the interface is gone: then it is closed already. */
  #close(): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    this.#listener = undefined
    if (this.#reader === undefined) this.#addon.closeFile(this.#descriptor)
    else this.#addon.stopReading(this.#reader)
  }
}

/**
 * The bytes of `slab` from `start` up to `end`, which are the `index`-th frame of a batch. `views` has those of the batch
 * before: most batches are alike, and a view costs 90 ns.
 */
function view(views: Uint8Array[], index: number, slab: Uint8Array, start: number, end: number): Uint8Array {
  const known = views[index]
  if (known !== undefined && known.byteOffset === slab.byteOffset + start && known.length === end - start)
    return known
  const made = slab.subarray(start, Math.max(start, end))
  note(made)
  return (views[index] = made)
}
