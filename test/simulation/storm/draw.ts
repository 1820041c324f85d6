/** What a seed decides, in words. */
import { type Random, below } from '@mirage/random'

/** Choices from one stream of random numbers. */
export class Draw {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + below(this.#random, max - min + 1)
  }

  /** One of `choices`; one that is there twice is twice as likely. */
  one<T>(...choices: readonly T[]): T {
    return choices[below(this.#random, choices.length)]!
  }

  /** True `percent` times in a hundred. */
  happens(percent: number): boolean {
    return below(this.#random, 100) < percent
  }

  /** `count` times what `make` makes. */
  many<T>(count: number, make: (index: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => make(index))
  }
}
