/** Two devices joined by a cable: for tests, which decide themselves when frames arrive. */
import * as mac from '@mirage/address/mac'
import type { Clock } from '@mirage/clock'
import { type Result, assert, done, err } from '@mirage/result'
import { type Counters, type Fill, HEADER_SIZE, type Net, type NetError } from './net.ts'

/** Frames that a cable holds before its devices are `busy`. */
export const FRAMES_MAX = 4096
/** A `deliver` that hands over more frames than this is taken for two listeners that answer each other for ever. */
const DELIVERIES_MAX = 1_000_000

/** What a cable is like. */
export interface Options {
  /** 1500 unless told. */
  readonly mtu?: number
  /** Delivers whatever was written at the clock's next moment, so that `clock.advance` is all a test calls. */
  readonly clock?: Clock
}

/** A cable, and the devices at its ends. */
export interface Pair {
  /** 02:50:00:00:00:01 */
  readonly a: Net
  /** 02:50:00:00:00:02 */
  readonly b: Net

  /**
   * Hands over every frame on the cable, in the order they were written, and then those that the listeners
   * wrote in answer, until the cable is empty. Returns how many it handed over or dropped. What a listener
   * kept of a frame reads 0xa5 afterwards, so that a test fails where a loan was taken for a gift.
   */
  deliver(): number

  /** Drops every frame on the cable, and returns how many there were. */
  drop(): number
}

/** Joins two new devices with a cable that loses nothing. */
export function pair({ mtu = 1500, clock }: Options = {}): Pair {
  return new Cable(mtu, clock)
}

interface InFlight {
  readonly to: End
  readonly frame: Uint8Array
}

class Cable implements Pair {
  readonly a: End
  readonly b: End
  #clock: Clock | undefined
  #inFlight: InFlight[] = []
  #isDue = false

  constructor(mtu: number, clock: Clock | undefined) {
    this.#clock = clock
    this.a = new End(this, mac.local(1), mtu)
    this.b = new End(this, mac.local(2), mtu)
  }

  get isFull(): boolean {
    return this.#inFlight.length >= FRAMES_MAX
  }

  send(from: End, frame: Uint8Array): void {
    this.#inFlight.push({ to: from === this.a ? this.b : this.a, frame })
    if (this.#clock === undefined || this.#isDue) return
    this.#isDue = true
    this.#clock.at(this.#clock.now(), () => {
      this.#isDue = false
      this.deliver()
    })
  }

  deliver(): number {
    let count = 0
    for (let next = this.#inFlight.shift(); next !== undefined; next = this.#inFlight.shift()) {
      assert(++count <= DELIVERIES_MAX, 'the listeners of a pair do not answer each other for ever')
      next.to.receive(next.frame)
    }
    return count
  }

  drop(): number {
    const count = this.#inFlight.length
    this.#inFlight = []
    return count
  }
}

class End implements Net {
  readonly mac: mac.Mac
  readonly mtu: number
  readonly counters: Counters = { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 }
  #cable: Cable
  #listener: ((frame: Uint8Array) => void) | undefined
  #isConnected = true

  constructor(cable: Cable, address: mac.Mac, mtu: number) {
    this.#cable = cable
    this.mac = address
    this.mtu = mtu
  }

  write(size: number, fill: Fill): Result<void, NetError> {
    assert(size >= 0 && size <= this.mtu + HEADER_SIZE, 'a frame is not larger than the MTU and its header')
    if (!this.#isConnected) return err('disconnected')
    if (this.#cable.isFull) return err('busy')
    const buffer = new Uint8Array(size)
    const length = fill(buffer)
    assert(length >= 0 && length <= size, 'fill does not count more bytes than it was lent')
    this.counters.txFrames++
    this.counters.txBytes += length
    this.#cable.send(this, buffer.subarray(0, length))
    return done
  }

  receive(frame: Uint8Array): void {
    if (!this.#isConnected || this.#listener === undefined) return
    this.counters.rxFrames++
    this.counters.rxBytes += frame.length
    this.#listener(frame)
    frame.fill(0xa5)
  }

  listen(receive: (frame: Uint8Array) => void): void {
    this.#listener = receive
  }

  resetCounters(): void {
    Object.assign(this.counters, { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 })
  }

  disconnect(): void {
    this.#isConnected = false
    this.#listener = undefined
  }
}
