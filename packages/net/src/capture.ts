/** A recording of what devices carry, in the format that Wireshark and tcpdump open. */
import type { Mac } from '@mirage/address/mac'
import type { Clock } from '@mirage/clock'
import { toEpochMs } from '@mirage/clock'
import { type Result, assert } from '@mirage/result'
import {
  type Counters,
  type Fill,
  NO_OFFLOADS,
  type Net,
  type NetError,
  type Offload,
  type Offloads,
  type Receive,
} from './net.ts'
import {
  type Direction,
  emitInterface,
  emitPacket,
  emitSection,
  emitStatistics,
  packetSize,
} from './pcapng.ts'

/** Where a recording goes: whole blocks, one after the other. The bytes are lent until the call returns. */
export type Sink = (bytes: Uint8Array) => void

/** What is told of a device that is recorded. */
export interface TapOptions {
  /** What a person knows the device by. */
  readonly name: string
  readonly mac?: Mac
  /** The most bytes of a frame that are kept; all, up to 262,144, unless told. */
  readonly snapLength?: number
}

/** One interface of a recording. */
export interface Tap {
  /**
   * Records a frame that the interface sent; now, or at `time`, in nanoseconds since 1970, where somebody else has seen
   * it. It is only read.
   */
  sent(frame: Uint8Array, time?: bigint): void
  /** Likewise a frame that the interface received. */
  received(frame: Uint8Array, time?: bigint): void
  /** Says how many frames were recorded, and how many more were lost. */
  count(lost: number): void
}

/** A recording that grows. */
export interface Capture {
  /** Another interface, which is told to the sink at once. */
  add(options: TapOptions): Tap
}

/** What tcpdump keeps of a frame unless told; more than any frame has. */
const SNAP_LENGTH = 262_144
const NANOSECONDS_PER_MS = 1_000_000

/**
 * Begins a recording into `sink`. Its times are those of `clock`, by its date at the beginning and its monotonic time
 * from then on: to a nanosecond, never backwards.
 */
export function capture(sink: Sink, clock: Clock, application: string = 'Mirage'): Capture {
  sink(emitSection(application))
  return new Recording(sink, clock)
}

class Recording implements Capture {
  readonly #sink: Sink
  readonly #clock: Clock
  readonly #epoch: bigint
  readonly #begun: number
  #count = 0
  #block: Uint8Array = new Uint8Array(packetSize(2048))

  constructor(sink: Sink, clock: Clock) {
    this.#sink = sink
    this.#clock = clock
    this.#epoch = BigInt(toEpochMs(clock.wall())) * BigInt(NANOSECONDS_PER_MS)
    this.#begun = clock.now()
  }

  add({ name, mac, snapLength = SNAP_LENGTH }: TapOptions): Tap {
    assert(snapLength > 0 && snapLength <= SNAP_LENGTH, 'something is kept of a frame')
    const id = this.#count++
    this.#sink(emitInterface({ name, snapLength, ...(mac === undefined ? {} : { mac }) }))
    let count = 0
    const record = (frame: Uint8Array, direction: Direction, time: bigint = this.#now()): void => {
      count += 1
      this.#record(id, time, frame, Math.min(frame.length, snapLength), direction)
    }
    return {
      sent: (frame, time) => record(frame, 'out', time),
      received: (frame, time) => record(frame, 'in', time),
      count: (lost) => {
        const counts = { received: BigInt(count + lost), dropped: BigInt(lost) }
        this.#sink(emitStatistics(id, this.#now(), counts))
      },
    }
  }

  #now(): bigint {
    const elapsed = Math.round((this.#clock.now() - this.#begun) * NANOSECONDS_PER_MS)
    return this.#epoch + BigInt(elapsed)
  }

  #record(id: number, time: bigint, frame: Uint8Array, captured: number, direction: Direction): void {
    const size = packetSize(captured)
    if (size > this.#block.length) this.#block = new Uint8Array(2 * size)
    emitPacket(this.#block, id, time, frame, captured, direction)
    this.#sink(this.#block.subarray(0, size))
  }
}

/**
 * `net`, with everything that it carries recorded by `tap`: what is sent as it is handed over (a checksum that is left
 * to the device is not complete yet), what is received before its listener sees it.
 */
export function captured(net: Net, tap: Tap): Net {
  return new Captured(net, tap)
}

/** The other end of an interface: what it receives, the interface sent. */
export function mirrored(tap: Tap): Tap {
  return {
    sent: (frame, time) => tap.received(frame, time),
    received: (frame, time) => tap.sent(frame, time),
    count: (lost) => tap.count(lost),
  }
}

class Captured implements Net {
  readonly #net: Net
  readonly #tap: Tap
  // The frame being written: one closure, made once, takes it from here.
  #fill: Fill = () => 0

  constructor(net: Net, tap: Tap) {
    this.#net = net
    this.#tap = tap
  }

  get mac(): Mac {
    return this.#net.mac
  }

  get mtu(): number {
    return this.#net.mtu
  }

  get counters(): Readonly<Counters> {
    return this.#net.counters
  }

  get offloads(): Offloads {
    return this.#net.offloads ?? NO_OFFLOADS
  }

  write(size: number, fill: Fill, offload?: Readonly<Offload>, isFilled?: boolean): Result<void, NetError> {
    this.#fill = fill
    return this.#net.write(size, this.#fillAndRecord, offload, isFilled)
  }

  readonly #fillAndRecord: Fill = (buffer) => {
    const length = this.#fill(buffer)
    // A count outside the buffer is for the device to find.
    if (length > 0 && length <= buffer.length) this.#tap.sent(buffer.subarray(0, length))
    return length
  }

  listen(receive: Receive): void {
    this.#net.listen((frame, isChecked, segmentSize) => {
      this.#tap.received(frame)
      receive(frame, isChecked, segmentSize)
    })
  }

  declineOffloads(): void {
    this.#net.declineOffloads?.()
  }

  resetCounters(): void {
    this.#net.resetCounters()
  }

  disconnect(): void {
    this.#net.disconnect()
  }
}
