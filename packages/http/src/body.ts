/** The body of a request, read as it arrives: RFC 9112 §6. */
import type { FlowError } from '@mirage/flow'
import { type Result, assert, err, ok } from '@mirage/result'
import { type ChunkError, Chunked } from './chunked.ts'
import type { Filled, Input } from './input.ts'

/** Why a body did not arrive whole. */
export type BodyError =
  | ChunkError
  /** The peer said that it sends no more, or the response was complete before the body was read. */
  | 'truncated'
  | FlowError

/** Waits for more input, for as long as the connection has patience. */
export type Wait = () => Promise<Filled>

const EOF = ok('eof' as const)

/** One body, read once, from its first byte to its last. */
export class Body {
  /** Whether every byte was read, also of what follows the data. True from the start without a body. */
  isComplete: boolean
  /** How the body broke, if it did: what was read before is good. */
  error: BodyError | undefined = undefined
  private readonly input: Input
  private readonly wait: Wait
  private readonly chunked: Chunked | undefined
  /** Bytes still to come, of a body that is not chunked. */
  private remaining: number
  private reading: Promise<unknown> | undefined
  private isOver = false

  /** A body of `length` bytes; chunked, of `sizeMax` bytes at most, if `length` is `'chunked'`. */
  constructor(input: Input, wait: Wait, length: number | 'chunked', sizeMax: number) {
    this.input = input
    this.wait = wait
    this.chunked = length === 'chunked' ? new Chunked(sizeMax) : undefined
    this.remaining = length === 'chunked' ? 0 : length
    this.isComplete = length === 0
  }

  /** Bytes that are known to be still to come; of a chunked body, 0. */
  get rest(): number {
    return this.remaining
  }

  /**
   * The next bytes, at least one, which are the caller's; `'eof'` after the last. What is not asked for is
   * not taken from the peer, but for a little. A second read before the first resolved throws.
   */
  read(): Promise<Result<Uint8Array | 'eof', BodyError>> {
    if (this.isComplete && this.error === undefined) return Promise.resolve(EOF)
    if (this.isOver) return Promise.resolve(err(this.error ?? 'truncated'))
    assert(this.reading === undefined, 'a body has one read at a time')
    const reading = this.next().finally(() => (this.reading = undefined))
    this.reading = reading
    return reading
  }

  /** All that is left, in one buffer; `too-large` if that is more than `sizeMax` bytes. */
  async bytes(sizeMax: number = Number.POSITIVE_INFINITY): Promise<Result<Uint8Array, BodyError>> {
    const pieces: Uint8Array[] = []
    let length = 0
    for (;;) {
      const piece = await this.read()
      if (!piece.ok) return piece
      if (piece.value === 'eof') return ok(joined(pieces, length))
      length += piece.value.length
      if (length > sizeMax) return err((this.error = 'too-large'))
      pieces.push(piece.value)
    }
  }

  /**
   * For the connection, when it has answered: reads over at most `sizeMax` bytes that the handler left, and
   * says whether the body ended with them. The handler reads `truncated` from now on.
   */
  async discard(sizeMax: number): Promise<boolean> {
    this.isOver = true
    await this.reading
    for (let left = sizeMax; left > 0; ) {
      const piece = await this.next()
      if (!piece.ok || piece.value === 'eof') break
      left -= piece.value.length
    }
    return this.isComplete
  }

  private async next(): Promise<Result<Uint8Array | 'eof', BodyError>> {
    for (;;) {
      if (this.error !== undefined) return err(this.error)
      if (this.isComplete) return EOF
      const taken = this.take()
      if (typeof taken === 'object') return ok(taken)
      if (taken !== 'more') continue
      const filled = await this.wait()
      if (filled !== 'bytes') {
        this.error = filled === 'eof' ? 'truncated' : filled === 'expired' ? 'timed-out' : filled
      }
    }
  }

  /** What the input has of the body; how it ended is in `isComplete` and `error`. */
  private take(): Uint8Array | 'more' | 'ended' {
    const { input } = this
    if (this.chunked !== undefined) return this.takeChunk(this.chunked)
    if (input.start === input.end) return 'more'
    const end = Math.min(input.end, input.start + this.remaining)
    const piece = input.bytes.subarray(input.start, end)
    input.start = end
    this.remaining -= piece.length
    this.isComplete = this.remaining === 0
    return piece
  }

  private takeChunk(chunked: Chunked): Uint8Array | 'more' | 'ended' {
    const { input } = this
    const state = chunked.step(input.bytes, input.start, input.end)
    input.start = chunked.at
    if (state === 'more') return 'more'
    if (state === 'data') return input.bytes.subarray(chunked.dataStart, chunked.at)
    if (state === 'end') this.isComplete = true
    else this.error = state
    return 'ended'
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  const whole = new Uint8Array(length)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}
