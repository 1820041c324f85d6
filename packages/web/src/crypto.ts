/** `crypto`, as far as it is random: the Web Cryptography standard §10. Its `subtle` is not here. */
import { format } from '@mirage/bytes/hex'
import type { Random } from '@mirage/random'
import { DOMException } from './dom-exception.ts'

/** The part of `crypto` that is random. */
export interface WebCrypto {
  /** Fills integers of at most 65,536 bytes, and gives them back. */
  readonly getRandomValues: <Integers extends ArrayBufferView>(integers: Integers) => Integers
  /** A version 4 UUID, RFC 9562 §5.4. */
  readonly randomUUID: () => string
}

const SIZE_MAX = 65_536

/** The functions, on `random`. */
export function cryptoOn(random: Random): WebCrypto {
  return {
    getRandomValues(integers) {
      if (!/^(Big)?(Int|Uint)/.test(Object.prototype.toString.call(integers).slice(8)))
        throw new DOMException('what is to be random is no array of integers', 'TypeMismatchError')
      const { buffer, byteOffset, byteLength } = integers
      if (byteLength > SIZE_MAX)
        throw new DOMException(`${byteLength} bytes are more than ${SIZE_MAX}`, 'QuotaExceededError')
      new Uint8Array(buffer, byteOffset, byteLength).set(random.generate(byteLength))
      return integers
    },
    randomUUID() {
      const bytes = random.generate(16)
      bytes[6] = (bytes[6]! & 0x0f) | 0x40
      bytes[8] = (bytes[8]! & 0x3f) | 0x80
      return format(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    },
  }
}
