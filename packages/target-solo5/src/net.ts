/** A network of an image: the frames that the host carries for it, read until none waits. */
import * as mac from '@mirage/address/mac'
import { type Counters, type Fill, HEADER_SIZE, type Net, type NetError, type Offload } from '@mirage/net'
import { type Result, assert, done, err, ok } from '@mirage/result'
import { type Loop, loop } from './loop.ts'
import { type Handle, type NetInfo, RESULT, type Solo5, solo5 } from './solo5.ts'

/** Frames that are read in one turn of the main loop, so that a flood leaves time for everything else. */
const FRAMES_PER_TURN = 64

/** Opens the network that the manifest calls `name`. */
export function connect({ name }: { readonly name: string }): Result<Net, string> {
  const platform = solo5()
  const info = platform.netAcquire(name)
  if (info === undefined) return err(`the manifest of this image has no network ${name}`)
  return ok(new Solo5Net(platform, loop(), info))
}

/** A network that was opened. */
export class Solo5Net implements Net {
  readonly mac: mac.Mac
  readonly mtu: number
  readonly counters: Counters = { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 }
  readonly #solo5: Solo5
  readonly #loop: Loop
  readonly #handle: Handle
  readonly #received: Uint8Array
  /** The part of `#received` that was handed out last, since most frames are as large as one of the two before. */
  #receivedView: Uint8Array
  #receivedFormer: Uint8Array
  readonly #lent: Uint8Array
  /** Likewise of `#lent`. */
  #lentView: Uint8Array
  #lentFormer: Uint8Array
  #listener: ((frame: Uint8Array) => void) | undefined
  #isConnected = true

  constructor(platform: Solo5, itsLoop: Loop, { handle, mac: address, mtu }: NetInfo) {
    this.#solo5 = platform
    this.#loop = itsLoop
    this.#handle = handle
    this.mac = mac.read(address, 0)
    this.mtu = mtu
    this.#received = new Uint8Array(mtu + HEADER_SIZE)
    this.#receivedView = this.#receivedFormer = this.#received
    this.#lent = new Uint8Array(mtu + HEADER_SIZE)
    this.#lentView = this.#lentFormer = this.#lent
  }

  write(size: number, fill: Fill, _?: Readonly<Offload>, isFilled: boolean = false): Result<void, NetError> {
    assert(size >= 0 && size <= this.mtu + HEADER_SIZE, 'a frame is not larger than the MTU and its header')
    if (!this.#isConnected) return err('disconnected')
    const view = this.#lend(size)
    if (!isFilled) view.fill(0)
    const length = fill(view)
    assert(length >= 0 && length <= size, 'fill does not count more bytes than it was lent')
    if (length === 0) return done
    if (this.#solo5.netWrite(this.#handle, this.#lent, 0, length) !== RESULT.ok) return err('busy')
    this.counters.txFrames += 1
    this.counters.txBytes += length
    return done
  }

  listen(receive: (frame: Uint8Array) => void): void {
    if (!this.#isConnected) return
    this.#listener = receive
    this.#loop.watch(this.#handle, this.#read)
  }

  resetCounters(): void {
    Object.assign(this.counters, { rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0 })
  }

  disconnect(): void {
    this.#isConnected = false
    this.#listener = undefined
    this.#loop.watch(this.#handle, undefined)
  }

  readonly #read = (): void => {
    const { counters } = this
    const buffer = this.#received
    for (let left = FRAMES_PER_TURN; left > 0 && this.#listener !== undefined; left--) {
      const length = this.#solo5.netRead(this.#handle, buffer, 0, buffer.length)
      if (length === RESULT.again) return
      // The other end is gone, and so is the reason to look again.
      if (length < 0) return this.disconnect()
      counters.rxFrames += 1
      counters.rxBytes += length
      this.#listener(this.#viewOf(length))
    }
  }

  #lend(size: number): Uint8Array {
    if (this.#lentView.length === size) return this.#lentView
    const found = this.#lentFormer.length === size ? this.#lentFormer : this.#lent.subarray(0, size)
    this.#lentFormer = this.#lentView
    this.#lentView = found
    return found
  }

  #viewOf(length: number): Uint8Array {
    if (this.#receivedView.length === length) return this.#receivedView
    const isFormer = this.#receivedFormer.length === length
    const found = isFormer ? this.#receivedFormer : this.#received.subarray(0, length)
    this.#receivedFormer = this.#receivedView
    this.#receivedView = found
    return found
  }
}
