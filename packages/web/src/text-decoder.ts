/** UTF-8 to text, Encoding standard §7.2. Other encodings are not here. */
import { decode, encode } from '@mirage/bytes/utf8'
import { type BytesLike, bytesOf } from './bytes-like.ts'

/** The names that the standard's UTF-8 has, §4.2. */
const LABELS: readonly string[] =
  'utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8'.split(' ')

const MARK = '\ufeff'

/** Decodes bytes, at once or as they come. */
export class TextDecoder {
  readonly fatal: boolean
  readonly ignoreBOM: boolean
  /** The bytes of a character that has begun: at most three. */
  #begun: Uint8Array = new Uint8Array(0)
  #isAtStart = true

  constructor(
    label: unknown = 'utf-8',
    { fatal = false, ignoreBOM = false }: { readonly fatal?: boolean; readonly ignoreBOM?: boolean } = {},
  ) {
    if (
      !LABELS.includes(
        String(label)
          .replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '')
          .toLowerCase(),
      )
    )
      throw new RangeError(`The "${String(label)}" encoding is not supported`)
    this.fatal = fatal
    this.ignoreBOM = ignoreBOM
  }

  get encoding(): string {
    return 'utf-8'
  }

  /** The text of `input`; with `stream`, what it begins and does not end is kept for the next call. */
  decode(input?: BytesLike, { stream = false }: { readonly stream?: boolean } = {}): string {
    const bytes = joined(this.#begun, input === undefined ? new Uint8Array(0) : bytesOf(input))
    const end = stream ? bytes.length - unfinished(bytes) : bytes.length
    const whole = bytes.subarray(0, end)
    this.#begun = bytes.slice(end)
    const text = decode(whole)
    if (this.fatal && !isSame(encode(text), whole)) {
      this.#restart()
      throw new TypeError('The encoded data was not valid for encoding utf-8')
    }
    const isMarked = this.#isAtStart && !this.ignoreBOM && text.startsWith(MARK)
    if (text !== '') this.#isAtStart = false
    if (!stream) this.#restart()
    return isMarked ? text.slice(1) : text
  }

  get [Symbol.toStringTag](): string {
    return 'TextDecoder'
  }

  #restart(): void {
    this.#begun = new Uint8Array(0)
    this.#isAtStart = true
  }
}

/** How many bytes at the end begin a character that more bytes may end. */
function unfinished(bytes: Uint8Array): number {
  for (let count = 1; count <= 3 && count <= bytes.length; count++) {
    const byte = bytes[bytes.length - count]!
    if (byte < 0x80) return 0
    if (byte < 0xc0) continue
    // More than one U+FFFD: the bytes are broken already, and what follows cannot mend them.
    const size = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    return size > count &&
      decode(bytes.subarray(bytes.length - count)).length === 1 &&
      byte >= 0xc2 &&
      byte <= 0xf4
      ? count
      : 0
  }
  return 0
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
