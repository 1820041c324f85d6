/** SHA-256 in the engine's own code, in place of `@mirage/crypto/sha256`. What is left is FIPS 180-4 §5: the padding. */
import { setU32 } from '@mirage/bytes'
import { type Hash, SIZE } from '@mirage/crypto/sha256'
import { assert } from '@mirage/result'
import { solo5 } from './solo5.ts'

export { type Hash, SIZE } from '@mirage/crypto/sha256'

const BLOCK_SIZE = 64
/** Bytes of a message's length, in its last block. */
const LENGTH_SIZE = 8
/** The hash value before the first block: §5.3.3. */
const INITIAL: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]

/** As there. */
export function of(message: Uint8Array): Uint8Array {
  return create().update(message).digest()
}

/** As there. */
export function create(): Hash {
  return new EngineHash()
}

class EngineHash implements Hash {
  readonly #state: Uint32Array = Uint32Array.from(INITIAL)
  /** The bytes of a block that is not full yet. */
  readonly #block: Uint8Array = new Uint8Array(BLOCK_SIZE)
  /** Bytes of the message so far. */
  #length = 0
  #isUsedUp = false

  update(piece: Uint8Array): this {
    assert(!this.#isUsedUp, 'nothing is added to a hash after its digest')
    const used = this.#length % BLOCK_SIZE
    this.#length += piece.length
    if (used + piece.length < BLOCK_SIZE) {
      this.#block.set(piece, used)
      return this
    }
    const start = used === 0 ? 0 : BLOCK_SIZE - used
    if (used > 0) this.#fillBlock(piece.subarray(0, start), used)
    const end = piece.length - ((piece.length - start) % BLOCK_SIZE)
    solo5().sha256Blocks(this.#state, piece, start, end)
    this.#block.set(piece.subarray(end))
    return this
  }

  digest(): Uint8Array {
    assert(!this.#isUsedUp, 'a hash has one digest')
    this.#isUsedUp = true
    this.#pad()
    const digest = new Uint8Array(SIZE)
    this.#state.forEach((word, index) => setU32(digest, 4 * index, word))
    this.#state.fill(0)
    return digest
  }

  #fillBlock(rest: Uint8Array, used: number): void {
    this.#block.set(rest, used)
    solo5().sha256Blocks(this.#state, this.#block, 0, BLOCK_SIZE)
  }

  /** §5.1.1: a bit, zeros, and the length in bits. */
  #pad(): void {
    const block = this.#block
    const used = this.#length % BLOCK_SIZE
    block.fill(0, used)
    block[used] = 0x80
    if (used >= BLOCK_SIZE - LENGTH_SIZE) {
      solo5().sha256Blocks(this.#state, block, 0, BLOCK_SIZE)
      block.fill(0)
    }
    setU32(block, BLOCK_SIZE - 8, Math.floor(this.#length / 2 ** 29))
    setU32(block, BLOCK_SIZE - 4, (this.#length * 8) % 2 ** 32)
    solo5().sha256Blocks(this.#state, block, 0, BLOCK_SIZE)
    block.fill(0)
  }
}
