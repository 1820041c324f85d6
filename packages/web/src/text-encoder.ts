/** Text to UTF-8, Encoding standard §7.4. */
import { encode, length } from '@mirage/bytes/utf8'

/** Encodes texts; it has no state. */
export class TextEncoder {
  get encoding(): string {
    return 'utf-8'
  }

  /** The bytes of `text`. */
  encode(text: unknown = ''): Uint8Array {
    return encode(String(text))
  }

  /** Writes as many whole characters of `text` as `bytes` has room for: the units read, the bytes written. */
  encodeInto(text: unknown, bytes: Uint8Array): { read: number; written: number } {
    let [read, written] = [0, 0]
    for (const character of String(text)) {
      const size = length(character)
      if (written + size > bytes.length) break
      bytes.set(encode(character), written)
      written += size
      read += character.length
    }
    return { read, written }
  }

  get [Symbol.toStringTag](): string {
    return 'TextEncoder'
  }
}
