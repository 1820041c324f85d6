/** Inputs for whatever reads bytes: random ones, and ones that are almost right, the same for the same seed. */

/** The largest input. */
export const SIZE_MAX = 2048

/** Numbers at which programs break. */
const EDGES: readonly number[] = [0, 1, 2, 4, 8, 16, 20, 28, 40, 60, 63, 64, 65, 127, 128, 129, 254, 255]

/** Inputs from a corpus, one after the other. */
export class Inputs {
  readonly #corpus: readonly Uint8Array[]
  readonly #bytes: Uint8Array = new Uint8Array(SIZE_MAX)
  #state: number

  /** Corpus entries above `SIZE_MAX` bytes are cut. */
  constructor(corpus: readonly Uint8Array[], seed: number) {
    this.#corpus = corpus.map((each) => each.subarray(0, SIZE_MAX))
    // A state of zero would stay zero.
    this.#state = Math.imul(seed, 0x9e37_79b1) | 1
  }

  /** The next input, until the next call. */
  next(): Uint8Array {
    const length = this.#corpus.length === 0 || this.below(16) === 0 ? this.#random() : this.#mutated()
    return this.#bytes.subarray(0, length)
  }

  /** From 0 up to, not including, `bound`. */
  below(bound: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % bound
  }

  #random(): number {
    const length = this.below(this.below(8) === 0 ? SIZE_MAX : 100)
    for (let i = 0; i < length; i++) this.#bytes[i] = this.below(256)
    return length
  }

  /** An entry of the corpus with up to eight changes; one in eight stays as it is. */
  #mutated(): number {
    const entry = this.#corpus[this.below(this.#corpus.length)]!
    this.#bytes.set(entry)
    let length = entry.length
    for (let changes = this.below(8); changes > 0; changes--) length = this.#change(length)
    return length
  }

  #change(length: number): number {
    const bytes = this.#bytes
    if (length === 0) return this.#random()
    // Headers are in front, and most depends on them.
    const at = this.below(this.below(2) === 0 ? Math.min(length, 64) : length)
    switch (this.below(8)) {
      case 0:
        bytes[at]! ^= 1 << this.below(8)
        return length
      case 1:
        bytes[at] = this.below(256)
        return length
      case 2:
        bytes[at] = EDGES[this.below(EDGES.length)]!
        return length
      case 3:
        bytes[at]! += this.below(3) - 1
        return length
      case 4:
        return at
      case 5:
        return this.#splice(at)
      case 6:
        return this.#repeat(at, length)
      default:
        bytes.copyWithin(at, at + 1 + this.below(8), length)
        return length
    }
  }

  /** The rest of another entry from here on. */
  #splice(at: number): number {
    const other = this.#corpus[this.below(this.#corpus.length)]!
    if (at >= other.length) return at
    this.#bytes.set(other.subarray(at), at)
    return other.length
  }

  /** Some bytes from here on once more. */
  #repeat(at: number, length: number): number {
    const count = Math.min(1 + this.below(64), length - at, SIZE_MAX - length)
    this.#bytes.copyWithin(at + count, at, length)
    return length + count
  }
}
