/**
 * A device at one end of a byte stream: a socket to a gateway, to a virtual machine monitor, to another device.
 *
 * Frames that are written during one turn leave together, in one write of the stream. While the stream has not
 * taken the last batch, the next one grows, so a slow reader costs fewer and larger writes.
 */
import type { Mac } from '@mirage/address/mac'
import { type Result, assert, done, err } from '@mirage/result'
import { type Counters, type Fill, HEADER_SIZE, type Net, type NetError, type Offload } from './net.ts'
import { PREFIX_SIZE, type Parser, createParser, emit } from './stream-frames.ts'

/** What the device needs of a stream. */
export interface ByteStream {
  /** Sends `bytes` and calls `sent` once they are the caller's again: later, never during this call. */
  write(bytes: Uint8Array, sent: () => void): void
  /**
   * Begins to hand every chunk that arrives to `receive`, which may read it until it returns. Until it is
   * asked, the stream holds what arrives back. It is asked once.
   */
  listen(receive: (chunk: Uint8Array) => void): void
  /** Runs `task` once, when the turn of the event loop is over. */
  defer(task: () => void): void
  /** Ends the stream, after what was written. */
  end(): void
}

/** What the device says of itself: the MTU is the same at both ends. */
export interface Options {
  readonly mac: Mac
  readonly mtu: number
}

const BATCH_SIZE = 0x2_0000
/** Batches on their way: 4 MiB that nobody reads make the device `busy`. */
const BATCHES_MAX = 32
/** Batches that are kept for the next ones. */
const FREE_MAX = 4

/** Connects a device to `stream`. A peer that breaks the format of the frames is disconnected. */
export function connect(stream: ByteStream, { mac, mtu }: Options): Net {
  return new StreamNet(stream, mac, mtu)
}

class StreamNet implements Net {
  readonly mac: Mac
  readonly mtu: number
  readonly counters: Counters = { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 }
  readonly #stream: ByteStream
  readonly #parser: Parser
  readonly #lent: Uint8Array
  /** The part of `#lent` that was lent last, since most frames are as large as the one before. */
  #view: Uint8Array
  #listener: ((frame: Uint8Array) => void) | undefined
  #isListening = false
  #isConnected = true

  /** The batch that grows, and how much of it is in use. */
  #batch: Uint8Array
  #batchLength = 0
  #batchesSent = 0
  #isDue = false
  readonly #free: Uint8Array[] = []

  constructor(stream: ByteStream, mac: Mac, mtu: number) {
    const sizeMax = mtu + HEADER_SIZE
    this.#stream = stream
    this.mac = mac
    this.mtu = mtu
    this.#parser = createParser(sizeMax)
    this.#lent = new Uint8Array(sizeMax)
    this.#view = this.#lent
    this.#batch = new Uint8Array(Math.max(BATCH_SIZE, PREFIX_SIZE + sizeMax))
  }

  write(size: number, fill: Fill, _?: Readonly<Offload>, isFilled: boolean = false): Result<void, NetError> {
    assert(size >= 0 && size <= this.mtu + HEADER_SIZE, 'a frame is not larger than the MTU and its header')
    if (!this.#isConnected) return err('disconnected')
    if (this.#batchLength + PREFIX_SIZE + size > this.#batch.length) {
      if (this.#batchesSent >= BATCHES_MAX) return err('busy')
      this.#flush()
    }
    if (this.#view.length !== size) this.#view = this.#lent.subarray(0, size)
    if (!isFilled) this.#view.fill(0)
    const length = fill(this.#view)
    assert(length >= 0 && length <= size, 'fill does not count more bytes than it was lent')
    if (length === 0) return done
    this.#batchLength = emit(this.#batch, this.#batchLength, this.#view, length)
    this.counters.txFrames += 1
    this.counters.txBytes += length
    if (!this.#isDue && this.#batchesSent === 0) {
      this.#isDue = true
      this.#stream.defer(this.#turnEnds)
    }
    return done
  }

  listen(receive: (frame: Uint8Array) => void): void {
    if (!this.#isConnected) return
    this.#listener = receive
    if (this.#isListening) return
    this.#isListening = true
    this.#stream.listen((chunk) => {
      if (this.#isConnected && !this.#parser.input(chunk, this.#receive).ok) this.disconnect()
    })
  }

  readonly #receive = (frame: Uint8Array): void => {
    if (this.#listener === undefined) return
    this.counters.rxFrames += 1
    this.counters.rxBytes += frame.length
    this.#listener(frame)
  }

  readonly #turnEnds = (): void => {
    this.#isDue = false
    if (this.#batchLength > 0 && this.#batchesSent === 0) this.#flush()
  }

  #flush(): void {
    const batch = this.#batch
    this.#batchesSent += 1
    this.#stream.write(batch.subarray(0, this.#batchLength), () => {
      this.#batchesSent -= 1
      if (this.#free.length < FREE_MAX) this.#free.push(batch)
      if (this.#batchLength > 0 && this.#batchesSent === 0) this.#flush()
    })
    this.#batch = this.#free.pop() ?? new Uint8Array(batch.length)
    this.#batchLength = 0
  }

  resetCounters(): void {
    Object.assign(this.counters, { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 })
  }

  disconnect(): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    this.#listener = undefined
    if (this.#batchLength > 0) this.#flush()
    this.#stream.end()
  }
}
