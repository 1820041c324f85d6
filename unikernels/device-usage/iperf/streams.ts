/** How the bytes of a test are carried: TCP by blocks, UDP by datagrams at a rate. Nothing is allocated for each. */
import type { Endpoint } from '@mirage/address/endpoint'
import { type Clock, sleep } from '@mirage/clock'
import type { Stack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import type { Datagram } from '@mirage/udp'
import type { Meter } from './meter.ts'
import * as protocol from './protocol.ts'
import type { Parameters } from './protocol.ts'

/** What the streams of a test have in common. */
export interface Load {
  readonly clock: Clock
  readonly parameters: Parameters
  readonly isOver: boolean
  /** What is written by TCP, block after block: the same for all streams. */
  readonly block: Uint8Array
  /** The bytes that are still to be carried, more than none; infinity if the time ends the test. */
  readonly left: number
  /** Says that `length` bytes more were carried: enough of them end the test. */
  carried(length: number): void
}

/** Milliseconds until it is looked again whether the test is over. */
const LOOK = 100

/** Writes blocks until the test is over or the flow is broken. */
export async function sendBlocks(load: Load, meter: Meter, flow: TcpFlow): Promise<void> {
  const { block, clock, parameters } = load
  const pace = new Pace(clock, parameters.bandwidth)
  while (!load.isOver) {
    const wait = pace.wait()
    if (wait > 0) {
      // The other end chose the rate: the next block may be due long after the test.
      await sleep(clock, Math.min(wait, LOOK))
      continue
    }
    const written = await flow.write(block)
    if (!written.ok) return
    pace.sent(block.length)
    meter.bytes += block.length
    load.carried(block.length)
  }
}

/** Counts what arrives until the end of the flow, where it lies: nobody keeps it. */
export function receiveBlocks(load: Load, meter: Meter, flow: TcpFlow): void {
  flow.listen(
    (_, offset, end) => {
      meter.bytes += end - offset
      load.carried(end - offset)
    },
    () => {},
  )
}

/** Datagrams that follow each other at once, before others have their turn. */
const BURST = 64
/** The most bytes of datagrams that are left to a device in one. */
const TRAIN_SIZE_MAX = 64_000
/** Milliseconds until the next look where nothing is to be sent, or nothing can be. */
const REST = 1

/**
 * Sends datagrams from `srcPort` to `dst` until the test is over: where the device cuts them, as many in one write as
 * are due.
 */
export function sendDatagrams(
  load: Load,
  meter: Meter,
  { udp, ip }: Pick<Stack, 'udp' | 'ip'>,
  dst: Endpoint,
  srcPort: number,
): void {
  const { clock, parameters } = load
  const size = parameters.blockSize
  const pace = new Pace(clock, parameters.bandwidth)
  let atOnce = ip.offloads.datagrams === true ? Math.max(1, Math.floor(TRAIN_SIZE_MAX / size)) : 1
  const train = new Uint8Array(Math.min(BURST, atOnce) * size)
  const burst = (): void => {
    let rest = 0
    for (let sent = 0; sent < BURST && !load.isOver; ) {
      rest = pace.wait()
      if (rest > 0) break
      const count = Math.min(atOnce, BURST - sent, pace.due(size), Math.ceil(load.left / size))
      stamp(load, train, count, meter.packets + 1)
      const options = count > 1 ? { srcPort, segmentSize: size } : { srcPort }
      const written = udp.write(dst, train.subarray(0, count * size), options)
      if (!written.ok && written.error === 'would-fragment' && count > 1) atOnce = 1
      else if (!written.ok) {
        rest = REST
        break
      } else {
        sent += count
        meter.packets += count
        meter.bytes += count * size
        pace.sent(count * size)
        load.carried(count * size)
      }
    }
    // What comes due meanwhile goes in one write, if it can.
    const pause = rest > 0 && atOnce > 1 ? REST : Math.min(rest, REST)
    if (!load.isOver) clock.at(clock.now() + pause, burst)
  }
  burst()
}

/** Writes the headers of `count` datagrams, the first of which is number `first`. */
function stamp({ clock, parameters }: Load, train: Uint8Array, count: number, first: number): void {
  const { blockSize, hasLongCounters } = parameters
  const microseconds = Math.floor(clock.now() * 1000)
  for (let i = 0; i < count; i++)
    protocol.emitDatagram(train, microseconds, first + i, hasLongCounters, i * blockSize)
}

/** Counts a datagram of a test, if it is one. */
export function receiveDatagram(load: Load, meter: Meter, { payload }: Pick<Datagram, 'payload'>): void {
  const { clock, parameters } = load
  if (load.isOver || payload.length < protocol.datagramHeaderSize(parameters.hasLongCounters)) return
  const number = protocol.datagramNumber(payload, parameters.hasLongCounters)
  meter.arrived(payload.length, number, clock.now() * 1000 - protocol.datagramTime(payload))
  load.carried(payload.length)
}

/** A rate, kept over the whole test. */
class Pace {
  readonly #clock: Clock
  readonly #bitsPerMs: number
  readonly #start: number
  #bits = 0

  constructor(clock: Clock, bandwidth: number) {
    this.#clock = clock
    this.#bitsPerMs = bandwidth / 1000
    this.#start = clock.now()
  }

  sent(length: number): void {
    this.#bits += length * 8
  }

  /** Milliseconds until the rate allows more. */
  wait(): number {
    if (this.#bitsPerMs === 0) return 0
    return Math.max(0, this.#start + this.#bits / this.#bitsPerMs - this.#clock.now())
  }

  /** How many blocks of `length` bytes the rate allows now: one at least, since nobody has to wait. */
  due(length: number): number {
    if (this.#bitsPerMs === 0) return Infinity
    const bits = (this.#clock.now() - this.#start) * this.#bitsPerMs - this.#bits
    return Math.max(1, Math.floor(bits / (length * 8)) + 1)
  }
}
