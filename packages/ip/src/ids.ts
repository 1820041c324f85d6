/** The numbers that tell the fragments of one packet from those of others: RFC 791 §3.2, RFC 6864. */
import type { Random } from '@mirage/random'

/** Bytes of chance that are asked for at once. */
const BATCH_SIZE = 64

/** Numbers of 16 bits that nobody foresees. */
export class Ids {
  #random: Random
  #bytes: Uint8Array = new Uint8Array(0)
  #used = 0

  constructor(random: Random) {
    this.#random = random
  }

  next(): number {
    if (this.#used >= this.#bytes.length) {
      this.#bytes = this.#random.generate(BATCH_SIZE)
      this.#used = 0
    }
    const id = (this.#bytes[this.#used]! << 8) | this.#bytes[this.#used + 1]!
    this.#used += 2
    return id
  }
}
