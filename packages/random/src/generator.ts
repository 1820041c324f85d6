/**
 * The generator of Fortuna: a key stream, whose key is replaced by its beginning at every request.
 *
 * Ferguson, Schneier and Kohno, Cryptography Engineering (2010), §9.4, which has a block cipher in counter mode
 * there. Here it is ChaCha20, RFC 8439: the nonce counts requests, and the blocks are counted by the cipher.
 */
import { KEY_SIZE, NONCE_SIZE, xor } from '@mirage/crypto/chacha20'
import * as sha256 from '@mirage/crypto/sha256'
import { assert } from '@mirage/result'

/** The most bytes of one key: who sees it learns no more than the rest of one request (§9.4.4). */
export const REQUEST_SIZE_MAX = 65_536

export class Generator {
  readonly #key: Uint8Array = new Uint8Array(KEY_SIZE)
  /** The number of the next request, most significant byte first. Zero until the first seed, and never again. */
  readonly #nonce: Uint8Array = new Uint8Array(NONCE_SIZE)
  #isSeeded = false

  get isSeeded(): boolean {
    return this.#isSeeded
  }

  /** Mixes `seed` into the key: who knows only one of the two does not know the result. */
  reseed(seed: Uint8Array): void {
    const joined = new Uint8Array(KEY_SIZE + seed.length)
    joined.set(this.#key)
    joined.set(seed, KEY_SIZE)
    this.#key.set(sha256d(joined))
    joined.fill(0)
    this.#count()
    this.#isSeeded = true
  }

  /**
   * Fills `output`, at most `REQUEST_SIZE_MAX` bytes, and takes a new key, so that who sees the key later
   * does not learn what was generated. Throws before the first seed.
   */
  generate(output: Uint8Array): void {
    assert(this.#isSeeded, 'a random generator is seeded before it is used')
    assert(output.length <= REQUEST_SIZE_MAX, `a request is at most ${REQUEST_SIZE_MAX} bytes`)
    const stream = new Uint8Array(KEY_SIZE + output.length)
    xor(this.#key, 0, this.#nonce, stream)
    this.#key.set(stream.subarray(0, KEY_SIZE))
    output.set(stream.subarray(KEY_SIZE))
    stream.fill(0)
    this.#count()
  }

  #count(): void {
    for (let i = NONCE_SIZE - 1; i >= 0; i--) {
      const next = (this.#nonce[i]! + 1) & 0xff
      this.#nonce[i] = next
      if (next !== 0) return
    }
  }
}

/** SHAd-256: the hash of the hash, which does not let a hash be continued. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return sha256.of(sha256.of(bytes))
}
