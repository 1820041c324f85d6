/** A source of random bytes that nobody outside can predict. */
export interface Random {
  /** Exactly `count` new bytes, which are the caller's. A negative or fractional `count` throws. */
  generate(count: number): Uint8Array
}

/** A uniform integer from 0 up to, not including, `bound` (1 to 2^32). */
export function below(random: Random, bound: number): number {
  // Values at or above the largest multiple of `bound` would favour small results, so they are drawn again.
  const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound)
  for (;;) {
    const value = u32(random)
    if (value < limit) return value % bound
  }
}

/** 32 random bits, unsigned. */
export function u32(random: Random): number {
  const [a, b, c, d] = random.generate(4) as Uint8Array & [number, number, number, number]
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
}
