/** What requests and responses have in common: a body that is read once, Fetch standard §5.3. */
import { decode, encode } from '@mirage/bytes/utf8'
import { Blob, contentOf } from './blob.ts'
import { type BytesLike, bytesOf, isBytesLike } from './bytes-like.ts'
import { concat } from './concat.ts'
import type { FormData } from './form-data.ts'
import { parseForm } from './form-parse.ts'
import type { Headers } from './headers.ts'
import { ReadableStream, TransformStream, isDisturbed } from './streams.ts'
import { URLSearchParams } from './url.ts'

/** What a body is made from. Anything else is made a text. */
export type BodyInit = string | BytesLike | Blob | ReadableStream<Uint8Array> | URLSearchParams

/** Bytes that are there already, or a stream of them. */
export type Source = Uint8Array | ReadableStream<Uint8Array> | null

/** A body, and the type that its init implies. */
export interface Extracted {
  readonly source: Source
  readonly type: string | undefined
}

/** The body that `init` means. */
export function extract(init: unknown): Extracted {
  if (init === null || init === undefined) return { source: null, type: undefined }
  if (isStream(init)) {
    if (init.locked || isDisturbed(init)) throw new TypeError('the stream was read, or is being read')
    return { source: init, type: undefined }
  }
  if (isBytesLike(init)) return { source: bytesOf(init).slice(), type: undefined }
  if (init instanceof Blob) return { source: contentOf(init), type: init.type === '' ? undefined : init.type }
  if (init instanceof URLSearchParams)
    return { source: encode(String(init)), type: 'application/x-www-form-urlencoded;charset=UTF-8' }
  // What has no text of its own is text all the same: the standard says so.
  // oxlint-disable-next-line no-base-to-string
  return { source: encode(String(init)), type: 'text/plain;charset=UTF-8' }
}

function isStream(value: unknown): value is ReadableStream<Uint8Array> {
  return value instanceof ReadableStream
}

/** Whether there is a body, used or not. */
export let hasBody: (owner: Body) => boolean
/** Takes the body from `owner`, which is used from then on: for requests that are made of requests. */
export let take: (owner: Body) => Source
/** A body like that of `owner`, which keeps its own. */
export let share: (owner: Body) => Source

/** Owns a body. */
export abstract class Body {
  abstract readonly headers: Headers
  #source: Source
  /** The bytes were taken at once, without a stream. */
  #isTaken = false

  constructor(source: Source) {
    this.#source = source
  }

  /** The body as a stream, or `null` if there is none. */
  get body(): ReadableStream<Uint8Array> | null {
    if (this.#source instanceof Uint8Array) this.#source = streamOf(this.#source, this.#isTaken)
    return this.#source
  }

  /** Whether it was read, or cancelled, as a whole or in part. */
  get bodyUsed(): boolean {
    return this.#isTaken || (isStream(this.#source) && isDisturbed(this.#source))
  }

  /** All of it. The bytes are the caller's. */
  async bytes(): Promise<Uint8Array> {
    this.#mustBeUnused()
    if (this.#source === null) return new Uint8Array(0)
    if (isStream(this.#source)) return readAll(this.#source)
    this.#isTaken = true
    const bytes = this.#source
    this.#source = new Uint8Array(0)
    return bytes
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = await this.bytes()
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
  }

  /** All of it as UTF-8, without a byte order mark. */
  async text(): Promise<string> {
    const text = decode(await this.bytes())
    return text.startsWith('\ufeff') ? text.slice(1) : text
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.headers.get('content-type') ?? '' })
  }

  /** The fields of a form, where the type of the body says that it is one. */
  async formData(): Promise<FormData> {
    const form = parseForm(await this.bytes(), this.headers.get('content-type') ?? '')
    if (form === undefined) throw new TypeError('the body is no form')
    return form
  }

  static {
    hasBody = (owner) => owner.#source !== null
    take = (owner) => {
      owner.#mustBeUnused()
      const source = owner.#source
      // Reading through a pipe is what makes the owner's stream locked and used.
      if (isStream(source)) return source.pipeThrough(new TransformStream())
      owner.#isTaken = source !== null
      owner.#source = source && new Uint8Array(0)
      return source
    }
    share = (owner) => {
      owner.#mustBeUnused()
      const source = owner.#source
      if (!isStream(source)) return source
      const [kept, given] = source.tee()
      owner.#source = kept
      return given
    }
  }

  #mustBeUnused(): void {
    if (this.bodyUsed || (isStream(this.#source) && this.#source.locked))
      throw new TypeError('the body was read, or is being read')
  }
}

function streamOf(bytes: Uint8Array, isTaken: boolean): ReadableStream<Uint8Array> {
  const stream = new ReadableStream({
    type: 'bytes',
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
  if (isTaken) void stream.cancel()
  return stream
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = stream.getReader()
  const pieces: Uint8Array[] = []
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (!(value instanceof Uint8Array)) {
      const error = new TypeError('the body is no stream of bytes')
      void reader.cancel(error).catch(() => {})
      throw error
    }
    pieces.push(value)
  }
  return concat(pieces)
}
