/**
 * Ethernet frames in a stream of bytes: each one after its length.
 *
 *      +-----------------------------------+
 *      |     length, most significant first|   0
 *      +-----------------------------------+
 *      |     frame ...                     |   4
 *      +-----------------------------------+
 *
 * It is the format that QEMU's `-netdev stream` speaks and that passt and others have taken up.
 */
import { type Result, assert, done, err } from '@mirage/result'

/** The length in front of every frame. */
export const PREFIX_SIZE = 4

/** What reads frames from a stream that is cut anywhere. */
export interface Parser {
  /**
   * Hands every frame that `chunk` completes to `receive`, in order, which may read it until it returns. A
   * frame that lies in the chunk is not copied. After a length of zero or above the size that the parser was
   * made for, nothing more can be understood: this call and all later ones are `bad-length`.
   */
  input(chunk: Uint8Array, receive: (frame: Uint8Array) => void): Result<void, 'bad-length'>
}

/** Frames have at most `sizeMax` bytes. It holds one incomplete frame and nothing else. */
export function createParser(sizeMax: number): Parser {
  return new FrameParser(sizeMax)
}

class FrameParser implements Parser {
  readonly #sizeMax: number
  /** The frame that chunks so far have begun, with its length in front. */
  readonly #begun: Uint8Array
  #begunLength = 0
  #isBroken = false

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
    this.#begun = new Uint8Array(PREFIX_SIZE + sizeMax)
  }

  input(chunk: Uint8Array, receive: (frame: Uint8Array) => void): Result<void, 'bad-length'> {
    let offset = this.#begunLength > 0 ? this.#complete(chunk, receive) : 0
    while (!this.#isBroken && offset + PREFIX_SIZE <= chunk.length) {
      const end = offset + PREFIX_SIZE + this.#lengthAt(chunk, offset)
      if (this.#isBroken || end > chunk.length) break
      receive(chunk.subarray(offset + PREFIX_SIZE, end))
      offset = end
    }
    if (this.#isBroken) return err('bad-length')
    if (offset < chunk.length) this.#keep(chunk, offset, chunk.length)
    return done
  }

  /** Adds to the frame that was begun. Returns how many bytes of `chunk` that took. */
  #complete(chunk: Uint8Array, receive: (frame: Uint8Array) => void): number {
    let offset = 0
    if (this.#begunLength < PREFIX_SIZE) {
      offset = Math.min(PREFIX_SIZE - this.#begunLength, chunk.length)
      this.#keep(chunk, 0, offset)
      if (this.#begunLength < PREFIX_SIZE) return offset
    }
    const length = PREFIX_SIZE + this.#lengthAt(this.#begun, 0)
    if (this.#isBroken) return offset
    const end = Math.min(chunk.length, offset + length - this.#begunLength)
    this.#keep(chunk, offset, end)
    if (this.#begunLength === length) {
      this.#begunLength = 0
      receive(this.#begun.subarray(PREFIX_SIZE, length))
    }
    return end
  }

  #keep(chunk: Uint8Array, offset: number, end: number): void {
    this.#begun.set(chunk.subarray(offset, end), this.#begunLength)
    this.#begunLength += end - offset
  }

  #lengthAt(bytes: Uint8Array, offset: number): number {
    const high = (bytes[offset]! << 8) | bytes[offset + 1]!
    const length = high * 0x1_0000 + ((bytes[offset + 2]! << 8) | bytes[offset + 3]!)
    if (length === 0 || length > this.#sizeMax) this.#isBroken = true
    return length
  }
}

/** Appends `frame` with its length to `batch` at `offset`, where the caller has checked that it fits. Returns its end. */
export function emit(batch: Uint8Array, offset: number, frame: Uint8Array, length: number): number {
  assert(offset + PREFIX_SIZE + length <= batch.length, 'a frame fits into its batch')
  batch[offset] = length >>> 24
  batch[offset + 1] = length >>> 16
  batch[offset + 2] = length >>> 8
  batch[offset + 3] = length
  batch.set(length === frame.length ? frame : frame.subarray(0, length), offset + PREFIX_SIZE)
  return offset + PREFIX_SIZE + length
}
