/**
 * The generator of Fortuna: a block cipher in counter mode that forgets its key after every request.
 *
 * Ferguson, Schneier and Kohno, Cryptography Engineering (2010), §9.4. The counter counts as AES-CTR does,
 * most significant byte first.
 */
import { assert } from '@mirage/result'
import { ctr } from '@noble/ciphers/aes.js'
import { sha256 } from '@noble/hashes/sha2.js'

const KEY_SIZE = 32
const BLOCK_SIZE = 16
/** The most bytes of one key: beyond, the absence of equal blocks would tell it from chance (§9.4.2). */
export const REQUEST_SIZE_MAX = 65_536

export class Generator {
  #key: Uint8Array = new Uint8Array(KEY_SIZE)
  /** The first block of the next output. Zero until the first seed, and never again. */
  readonly #counter: Uint8Array = new Uint8Array(BLOCK_SIZE)
  #isSeeded = false

  get isSeeded(): boolean {
    return this.#isSeeded
  }

  /** Mixes `seed` into the key: who knows only one of the two does not know the result. */
  reseed(seed: Uint8Array): void {
    const joined = new Uint8Array(KEY_SIZE + seed.length)
    joined.set(this.#key)
    joined.set(seed, KEY_SIZE)
    this.#key = sha256d(joined)
    joined.fill(0)
    this.#advance(1)
    this.#isSeeded = true
  }

  /**
   * Fills `output`, at most `REQUEST_SIZE_MAX` bytes, and takes a new key, so that who sees the key later
   * does not learn what was generated. Throws before the first seed.
   */
  generate(output: Uint8Array): void {
    assert(this.#isSeeded, 'a random generator is seeded before it is used')
    assert(output.length <= REQUEST_SIZE_MAX, `a request is at most ${REQUEST_SIZE_MAX} bytes`)
    const blocks = Math.ceil(output.length / BLOCK_SIZE)
    const stream = new Uint8Array(blocks * BLOCK_SIZE + KEY_SIZE)
    const encrypted = ctr(this.#key, this.#counter).encrypt(stream)
    output.set(encrypted.subarray(0, output.length))
    this.#key = encrypted.slice(blocks * BLOCK_SIZE)
    encrypted.fill(0)
    this.#advance(blocks + KEY_SIZE / BLOCK_SIZE)
  }

  #advance(blocks: number): void {
    let carry = blocks
    for (let i = BLOCK_SIZE - 1; i >= 0 && carry > 0; i--) {
      const sum = this.#counter[i]! + carry
      this.#counter[i] = sum
      carry = Math.floor(sum / 256)
    }
  }
}

/** SHAd-256: the hash of the hash, which does not let a hash be continued. */
export function sha256d(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes))
}
