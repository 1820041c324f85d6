/** Bytes that no two places of a transfer share, so that none can be lost, doubled or moved without notice. */
import { createHash } from 'node:crypto'

/** How much is made at a time. */
const BLOCK_SIZE = 65_536

/** The blocks of `length` bytes that belong to `seed`. A block is good until the next one is asked for. */
export function* content(length: number, seed: number): Generator<Uint8Array> {
  const words = new Uint32Array(BLOCK_SIZE / 4)
  const bytes = new Uint8Array(words.buffer)
  let state = (seed ^ 0x9e37_79b9) >>> 0 || 1
  for (let left = length; left > 0; left -= BLOCK_SIZE) {
    for (let i = 0; i < words.length; i++) {
      // Xorshift: Marsaglia, "Xorshift RNGs", 2003.
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      words[i] = state
    }
    yield left < BLOCK_SIZE ? bytes.subarray(0, left) : bytes
  }
}

/** What the receiver of `length` bytes of `seed` must have. */
export function digestOf(length: number, seed: number): string {
  const hash = createHash('sha256')
  for (const block of content(length, seed)) hash.update(block)
  return hash.digest('hex')
}

/** What a receiver saw: how much, from the first byte to the end how long, and which bytes. */
export interface Seen {
  readonly length: number
  readonly seconds: number
  readonly digest: string
}

/** Sums up what arrives. */
export class Receipt {
  #hash = createHash('sha256')
  #length = 0
  #since = 0

  add(bytes: Uint8Array): void {
    if (this.#length === 0) this.#since = performance.now()
    this.#length += bytes.length
    this.#hash.update(bytes)
  }

  end(): Seen {
    const seconds = (performance.now() - this.#since) / 1000
    return { length: this.#length, seconds, digest: this.#hash.digest('hex') }
  }
}
