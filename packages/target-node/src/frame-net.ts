/**
 * A device on a descriptor of which every read and every write is one frame: a TAP device, or a socket of datagrams.
 *
 * What arrives is read in batches, into one slab; what is written goes to the kernel before `write` returns. In front
 * of a frame there may be a `virtio_net_hdr` (virtio 1.2 §5.1.6), in the byte order of the host, which is little-endian:
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
/** The most bytes of a frame that is cut, or was put together, after its Ethernet header. */
const UNCUT_MAX = 65_535
/** A tag of a virtual LAN, which frames may have besides. */
const TAG_SIZE = 4

/** Bytes that a batch is read into. More would leave the processor's second cache; measured at 64 KiB a frame. */
const SLAB_SIZE = 0x8_0000
/** Frames of a batch. */
const FRAMES_MAX = 256
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

  readonly #out: Uint8Array
  /** The part of `#out` that was lent last, since most frames are as large as the one before. */
  #lent: Uint8Array
  #isHeaderClear = true

  readonly #in: Uint8Array
  readonly #frames = new Int32Array(2 * FRAMES_MAX)
  /** The frames of the last batch: where the next one has the same, its views are there. */
  readonly #views: Uint8Array[] = []
  #reader: Reader | undefined
  #listener: ((frame: Uint8Array, isChecked?: boolean) => void) | undefined

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
    this.#out = new Uint8Array(sizeMax)
    this.#lent = this.#out.subarray(this.#vnetSize)
    this.#in = new Uint8Array(Math.max(SLAB_SIZE, this.#readSize))
  }

  /** The largest frame to read: with checksums comes that the kernel leaves segments uncut. */
  get #readSize(): number {
    const payloadMax = this.offloads === undefined ? this.mtu : UNCUT_MAX
    return this.#vnetSize + HEADER_SIZE + TAG_SIZE + payloadMax
  }

  write(size: number, fill: Fill, offload?: Readonly<Offload>): Result<void, NetError> {
    const payloadMax = offload !== undefined && offload.segmentSize > 0 ? this.#cutMax : this.mtu
    assert(size >= 0 && size <= payloadMax + HEADER_SIZE, 'a frame is not larger than the MTU and its header')
    if (!this.#isConnected) return err('disconnected')
    const start = this.#vnetSize
    if (this.#lent.length !== size) this.#lent = this.#out.subarray(start, start + size)
    this.#lent.fill(0)
    const length = fill(this.#lent)
    assert(length >= 0 && length <= size, 'fill does not count more bytes than it was lent')
    // What has no header is no frame: it is lost, as any frame may be.
    if (length < HEADER_SIZE) return done
    this.#leave(offload)
    const written = this.#addon.write(this.#descriptor, this.#out, 0, start + length)
    if (written < 0) return err(this.#failed(written))
    this.counters.txFrames += 1
    this.counters.txBytes += length
    return done
  }

  /** Says in the header what is left to the device. */
  #leave(offload: Readonly<Offload> | undefined): void {
    const header = this.#out
    if (offload === undefined || offload.checksumStart === 0) {
      if (!this.#isHeaderClear) header.fill(0, 0, VNET_SIZE)
      this.#isHeaderClear = true
      return
    }
    assert(this.offloads !== undefined, 'only what a device does is left to it')
    const { checksumStart, checksumOffset, segmentSize, headerSize, isIpv6 } = offload
    this.#isHeaderClear = false
    header[0] = NEEDS_CHECKSUM
    header[1] = segmentSize === 0 ? 0 : isIpv6 ? CUT_TCP6 : CUT_TCP4
    header[2] = headerSize
    header[3] = headerSize >>> 8
    header[4] = segmentSize
    header[5] = segmentSize >>> 8
    header[6] = checksumStart
    header[7] = checksumStart >>> 8
    header[8] = checksumOffset
    header[9] = checksumOffset >>> 8
  }

  #failed(failure: number): NetError {
    const name = reason(failure)
    if (!GONE.includes(name)) return 'busy'
    this.#end(name)
    return 'disconnected'
  }

  listen(receive: (frame: Uint8Array, isChecked?: boolean) => void): void {
    if (!this.#isConnected) return
    this.#listener = receive
    if (this.#reader !== undefined) return
    const reader = this.#addon.read(this.#descriptor, this.#in, this.#frames, this.#readSize, this.#receive)
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
      const start = this.#frames[2 * i]!
      const frame = this.#view(i, start + this.#vnetSize, start + this.#frames[2 * i + 1]!)
      this.counters.rxFrames += 1
      this.counters.rxBytes += frame.length
      this.#listener(frame, this.#vnetSize > 0 && (this.#in[start]! & (NEEDS_CHECKSUM | IS_VALID)) !== 0)
    }
  }

  #view(index: number, start: number, end: number): Uint8Array {
    const view = this.#views[index]
    if (view !== undefined && view.byteOffset === start && view.length === end - start) return view
    return (this.#views[index] = this.#in.subarray(start, Math.max(start, end)))
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
    if (!this.#isConnected) return
    this.#isConnected = false
    this.#listener = undefined
    if (this.#reader === undefined) this.#addon.closeFile(this.#descriptor)
    else this.#addon.stopReading(this.#reader)
  }
}
