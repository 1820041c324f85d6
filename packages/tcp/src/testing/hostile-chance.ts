/** What happens next in an attack: told by a seed alone. */
import { type Random, below } from '@mirage/random'

/** Numbers of `random`, as an attack asks for them. */
export class Chance {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** From 0 up to, not including, `count`. */
  below(count: number): number {
    return below(this.#random, count)
  }

  /** One in `count` times. */
  rarely(count: number): boolean {
    return this.below(count) === 0
  }
}
