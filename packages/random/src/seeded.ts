/**
 * Numbers that look random and repeat: for simulations and tests, whose runs a seed must reproduce.
 *
 * **Not secure.** A few outputs tell all others. Nothing that a peer must not guess may come from here.
 */
import { assert } from '@mirage/result'
import type { Random } from './random.ts'

/** A generator that gives the same bytes for the same `seed`, a number of 32 bits, on every machine. */
export function seeded(seed: number): Random {
  const next = xoshiro128(stateOf(seed))
  return {
    generate(count) {
      assert(Number.isInteger(count) && count >= 0, 'a count of random bytes is a natural number')
      const bytes = new Uint8Array(count)
      for (let i = 0; i < count; i += 4) {
        const word = next()
        for (let j = 0; j < 4 && i + j < count; j++) bytes[i + j] = word >>> (8 * j)
      }
      return bytes
    },
  }
}

/**
 * xoshiro128** 1.1 of David Blackman and Sebastiano Vigna: 32 bits a call, unsigned, period 2^128 - 1.
 * `state` is four words, not all zero, which each call changes.
 */
export function xoshiro128(state: Uint32Array): () => number {
  assert(state.length === 4 && state.some((word) => word !== 0), 'the state is four words, not all zero')
  return () => {
    const [a, b, c, d] = state as Uint32Array & [number, number, number, number]
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    state[0] = a ^ b ^ d
    state[1] = a ^ b ^ c
    state[2] = a ^ c ^ (b << 9)
    state[3] = rotate(b ^ d, 11)
    return result
  }
}

/** Four words from one, by SplitMix32, so that neighbouring seeds have nothing in common. */
function stateOf(seed: number): Uint32Array {
  let word = seed >>> 0
  return Uint32Array.from({ length: 4 }, () => {
    word = (word + 0x9e37_79b9) >>> 0
    const mixed = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b)
    const again = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
    return again ^ (again >>> 16)
  })
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
