/**
 * The chunked transfer coding as it is read: RFC 9112 §7.1.
 *
 *      size in hexadecimal [";" extensions] CR LF
 *      that many bytes CR LF                          any number of times
 *      "0" [";" extensions] CR LF
 *      trailer fields, each with CR LF
 *      CR LF
 *
 * Extensions and trailers are checked and dropped. No line is held: the state is what the next byte may be.
 */
import { COLON, CR, HEX, LF, TOKEN, VALUE } from './grammar.ts'

/** Bytes of extensions and trailers in one body; what nobody reads need not be long. */
const DROPPED_MAX = 8192
/** Digits of a size: more of them, which are zeros or too much, are not sent by anyone in earnest. */
const DIGITS_MAX = 13

/** What is no chunk, or is one too many. */
export type ChunkError = 'malformed' | 'too-large'

type State =
  | 'size'
  | 'extension'
  | 'size-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'line'
  | 'name'
  | 'value'
  | 'trailer-lf'
  | 'last-lf'
  | 'end'

/** One body as it is read. */
export class Chunked {
  /** After `step`: the bytes up to here are read. */
  at = 0
  /** After `step` said `data`: where it begins. It ends at `at`. */
  dataStart = 0
  private state: State = 'size'
  private digits = 0
  /** Bytes of this chunk that are still to come. */
  private remaining = 0
  private dropped = 0
  /** Bytes of data that may still come. */
  private allowance: number

  /** A body of at most `sizeMax` bytes of data. */
  constructor(sizeMax: number) {
    this.allowance = sizeMax
  }

  /** Reads `bytes` from `start` to the end of a run of data, of the body, or of what there is. */
  step(bytes: Uint8Array, start: number, end: number): 'more' | 'data' | 'end' | ChunkError {
    this.at = start
    while (this.state !== 'end') {
      if (this.at === end) return 'more'
      if (this.state === 'data') {
        this.dataStart = this.at
        this.at = Math.min(end, this.at + this.remaining)
        this.remaining -= this.at - this.dataStart
        if (this.remaining === 0) this.state = 'data-cr'
        return 'data'
      }
      const next = this.next(bytes[this.at]!)
      if (next === 'malformed' || next === 'too-large') return next
      this.state = next
      this.at++
    }
    return 'end'
  }

  /** The state after `byte`, which is none of the data. */
  private next(byte: number): State | ChunkError {
    switch (this.state) {
      case 'size':
        return this.size(byte)
      case 'extension':
        return byte === CR ? 'size-lf' : this.drop(VALUE[byte]!, 'extension')
      case 'size-lf':
        if (byte !== LF) return 'malformed'
        if (this.remaining === 0) return 'line'
        this.allowance -= this.remaining
        return this.allowance < 0 ? 'too-large' : 'data'
      case 'data-cr':
        return byte === CR ? 'data-lf' : 'malformed'
      case 'data-lf':
        this.digits = 0
        return byte === LF ? 'size' : 'malformed'
      case 'line':
        return byte === CR ? 'last-lf' : this.drop(TOKEN[byte]!, 'name')
      case 'name':
        return byte === COLON ? 'value' : this.drop(TOKEN[byte]!, 'name')
      case 'value':
        return byte === CR ? 'trailer-lf' : this.drop(VALUE[byte]!, 'value')
      case 'trailer-lf':
        return byte === LF ? 'line' : 'malformed'
      case 'last-lf':
        return byte === LF ? 'end' : 'malformed'
      case 'data':
      case 'end':
        return 'malformed'
    }
  }

  private size(byte: number): State | ChunkError {
    const digit = HEX[byte]!
    if (digit !== 255) {
      this.remaining = this.remaining * 16 + digit
      return ++this.digits > DIGITS_MAX ? 'malformed' : 'size'
    }
    if (this.digits === 0) return 'malformed'
    return byte === CR ? 'size-lf' : byte === 0x3b ? 'extension' : 'malformed'
  }

  private drop(isAllowed: number, state: State): State | ChunkError {
    if (isAllowed === 0) return 'malformed'
    return ++this.dropped > DROPPED_MAX ? 'too-large' : state
  }
}
