/** Bytes with a type, and files, which are that with a name: File API §3 and §4. */
import { decode, encode } from '@mirage/bytes/utf8'
import { type BytesLike, bytesOf, isBytesLike } from './bytes-like.ts'
import { concat } from './concat.ts'
import { ReadableStream } from './streams.ts'

/** What a blob is made of, one after the other. */
export type BlobPart = BytesLike | Blob | { toString(): string }

let bytesOfBlob: (blob: Blob) => Uint8Array

/** Bytes that do not change. */
export class Blob {
  readonly type: string
  readonly #bytes: Uint8Array

  static {
    bytesOfBlob = (blob) => blob.#bytes
  }

  constructor(parts: Iterable<BlobPart> = [], { type = '' }: { readonly type?: string } = {}) {
    // oxlint-disable-next-line no-control-regex -- it is the standard's range
    this.type = /[^\x20-\x7e]/.test(type) ? '' : type.toLowerCase()
    this.#bytes = concat(Array.from(parts, bytesOfPart))
  }

  get size(): number {
    return this.#bytes.length
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer
  }

  async bytes(): Promise<Uint8Array> {
    return this.#bytes.slice()
  }

  async text(): Promise<string> {
    return decode(this.#bytes)
  }

  /** The bytes from `start` to `end`, which count from the end where they are negative. */
  slice(start?: number, end?: number, type = ''): Blob {
    return new Blob([this.#bytes.subarray(start, end)], { type })
  }

  stream(): ReadableStream<Uint8Array> {
    const bytes = this.#bytes.slice()
    return new ReadableStream({
      type: 'bytes',
      start(controller) {
        if (bytes.length > 0) controller.enqueue(bytes)
        controller.close()
      },
    })
  }

  get [Symbol.toStringTag](): string {
    return 'Blob'
  }
}

/** A blob with a name. */
export class File extends Blob {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly lastModified: number

  constructor(
    parts: Iterable<BlobPart>,
    name: string,
    options: { readonly type?: string; readonly lastModified?: number } = {},
  ) {
    super(parts, options)
    this.name = name
    this.lastModified = options.lastModified ?? Date.now()
  }

  override get [Symbol.toStringTag](): string {
    return 'File'
  }
}

/** The bytes of `blob`, which nobody may change. */
export function contentOf(blob: Blob): Uint8Array {
  return bytesOfBlob(blob)
}

function bytesOfPart(part: BlobPart): Uint8Array {
  if (part instanceof Blob) return bytesOfBlob(part)
  return isBytesLike(part) ? bytesOf(part) : encode(String(part))
}
