/**
 * Random numbers that a seed decides: xoshiro128** 1.1 of Blackman and Vigna, its state filled by SplitMix32.
 * Anybody can predict them. They are for simulations and tests, and for nothing that has a secret.
 */
import { type Random } from '@mirage/random'
import { assert } from '@mirage/result'

export interface Seeded extends Random {
  /** 32 bits, unsigned. */
  u32(): number
}

/** The stream of `seed` with this name. Streams of other names, or of other seeds, have nothing to do with it. */
export function seeded(seed: number, name: string = ''): Seeded {
  const mix = splitMix32(hash(name, seed))
  return new Xoshiro(mix(), mix(), mix(), mix())
}

/** The generator with this state, not all zero. */
export class Xoshiro implements Seeded {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(a: number, b: number, c: number, d: number) {
    assert((a | b | c | d) !== 0, 'the state is not all zero')
    this.#a = a
    this.#b = b
    this.#c = c
    this.#d = d
  }

  u32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotateLeft(this.#d, 11)
    return result
  }

  generate(count: number): Uint8Array {
    assert(Number.isInteger(count) && count >= 0, 'as many bytes as a whole number says')
    const bytes = new Uint8Array(count)
    for (let i = 0; i < count; i += 4) {
      const bits = this.u32()
      // Bytes beyond the end are not written.
      bytes[i] = bits
      bytes[i + 1] = bits >>> 8
      bytes[i + 2] = bits >>> 16
      bytes[i + 3] = bits >>> 24
    }
    return bytes
  }
}

function rotateLeft(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count))
}

function splitMix32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x9e37_79b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}

/** FNV-1a of the seed's 32 bits and the name's characters. */
function hash(name: string, seed: number): number {
  let sum = 0x811c_9dc5
  for (let shift = 0; shift < 32; shift += 8) sum = Math.imul(sum ^ ((seed >>> shift) & 0xff), 0x0100_0193)
  for (let i = 0; i < name.length; i++) sum = Math.imul(sum ^ name.charCodeAt(i), 0x0100_0193)
  return sum
}
