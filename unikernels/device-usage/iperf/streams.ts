/** How the bytes of a test are carried: TCP by blocks, UDP by datagrams at a rate. Nothing is allocated for each. */
import type { Endpoint } from '@mirage/address/endpoint'
import { type Clock, sleep } from '@mirage/clock'
import type { TcpFlow } from '@mirage/tcp'
import type { Datagram, Udp } from '@mirage/udp'
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
/** Milliseconds until the next look where nothing is to be sent, or nothing can be. */
const REST = 1

/** Sends datagrams from `srcPort` to `dst` until the test is over. */
export function sendDatagrams(load: Load, meter: Meter, udp: Udp, dst: Endpoint, srcPort: number): void {
  const { clock, parameters } = load
  const pace = new Pace(clock, parameters.bandwidth)
  const datagram = new Uint8Array(parameters.blockSize)
  const options = { srcPort }
  const burst = (): void => {
    let rest = 0
    for (let count = 0; count < BURST && !load.isOver; count++) {
      rest = pace.wait()
      if (rest > 0) break
      const number = meter.packets + 1
      protocol.emitDatagram(datagram, Math.floor(clock.now() * 1000), number, parameters.hasLongCounters)
      if (!udp.write(dst, datagram, options).ok) {
        rest = REST
        break
      }
      meter.packets = number
      meter.bytes += datagram.length
      pace.sent(datagram.length)
      load.carried(datagram.length)
    }
    if (!load.isOver) clock.at(clock.now() + Math.min(rest, REST), burst)
  }
  burst()
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
}
