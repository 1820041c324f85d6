/**
 * Fortuna: random bytes from events that are partly predictable, in the order of Ferguson, Schneier and
 * Kohno, Cryptography Engineering (2010), §9.5.
 *
 * Events go round 32 pools. Pool 0 is used at every reseed, pool i at every 2^i-th, so that whoever controls
 * most events, and once knew the state, still loses track as soon as one pool holds enough that they do not
 * know. The guarantees are no better than the entropy that is added.
 */
import * as sha256 from '@mirage/crypto/sha256'
import { assert } from '@mirage/result'
import { Generator, REQUEST_SIZE_MAX } from './generator.ts'
import type { Random } from './random.ts'

/** So many reseeds go by before the last pool is used that nobody sees it: 2^31. */
export const POOL_COUNT = 32
/** Pool 0 holds at least this many bytes before a reseed. */
const POOL_SIZE_MIN = 64
/** Milliseconds: no two reseeds are closer, so that the higher pools are not used up in a burst. */
const RESEED_INTERVAL = 1000
/** The most bytes of one event: longer ones are to be hashed by their source. */
export const EVENT_SIZE_MAX = 32
/**
 * Small requests are served from a request of this size, and what was handed out is overwritten: a draw of
 * four bytes costs 0.05 µs so, and 3 µs with a new key of its own. The bytes that wait are as secret as the key.
 */
const BUFFER_SIZE = 1024

interface Pool {
  hash: sha256.Hash
  length: number
}

/** A generator that has to be seeded once, and gets better with every event. */
export class Fortuna implements Random {
  readonly #generator: Generator = new Generator()
  readonly #pools: Pool[] = Array.from({ length: POOL_COUNT }, emptyPool)
  /** The pool that takes the next event of each source. */
  readonly #nextPool: Uint8Array = new Uint8Array(256)
  readonly #now: () => number
  #reseeds = 0
  #lastReseed = -Infinity
  readonly #buffer: Uint8Array = new Uint8Array(BUFFER_SIZE)
  #used = BUFFER_SIZE

  /** `now` tells monotonic milliseconds: a clock's. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether `generate` may be called: `seed` was, or the pools have reseeded it. */
  get isSeeded(): boolean {
    return this.#generator.isSeeded || this.#mayReseed()
  }

  /** How often the pools have been used. */
  get reseeds(): number {
    return this.#reseeds
  }

  /** Mixes in entropy at once, as a boot does with what the host or the last run gives it. */
  seed(entropy: Uint8Array): void {
    this.#generator.reseed(entropy)
    this.#forget()
  }

  /**
   * Adds an event of `source`, 0 to 255, whose 1 to 32 bytes are hard to predict as a whole. It counts from
   * some later reseed on. Each source goes round the pools by itself.
   */
  add(source: number, event: Uint8Array): void {
    assert(Number.isInteger(source) && source >= 0 && source <= 255, 'an entropy source is a byte')
    assert(event.length > 0 && event.length <= EVENT_SIZE_MAX, `an event is 1 to ${EVENT_SIZE_MAX} bytes`)
    const index = this.#nextPool[source]!
    this.#nextPool[source] = (index + 1) % POOL_COUNT
    const pool = this.#pools[index]!
    pool.hash.update(Uint8Array.of(source, event.length)).update(event)
    pool.length += 2 + event.length
  }

  /** Throws before the generator is seeded, and on a negative or fractional count. */
  generate(count: number): Uint8Array {
    assert(Number.isInteger(count) && count >= 0, 'a count of random bytes is a natural number')
    if (this.#mayReseed()) this.#reseed()
    const output = new Uint8Array(count)
    if (count <= BUFFER_SIZE) this.#draw(output)
    else this.#fill(output)
    return output
  }

  #draw(output: Uint8Array): void {
    const count = output.length
    if (this.#used + count > BUFFER_SIZE) {
      this.#generator.generate(this.#buffer)
      this.#used = 0
    }
    const buffer = this.#buffer
    for (let i = 0, j = this.#used; i < count; i++, j++) {
      output[i] = buffer[j]!
      buffer[j] = 0
    }
    this.#used += count
  }

  #fill(output: Uint8Array): void {
    for (let offset = 0; offset < output.length; offset += REQUEST_SIZE_MAX) {
      this.#generator.generate(output.subarray(offset, offset + REQUEST_SIZE_MAX))
    }
  }

  #mayReseed(): boolean {
    return this.#pools[0]!.length >= POOL_SIZE_MIN && this.#now() - this.#lastReseed >= RESEED_INTERVAL
  }

  #reseed(): void {
    this.#reseeds++
    this.#lastReseed = this.#now()
    const seed = new Uint8Array(POOL_COUNT * 32)
    let length = 0
    for (let i = 0; i < POOL_COUNT && this.#reseeds % 2 ** i === 0; i++) {
      seed.set(sha256.of(this.#pools[i]!.hash.digest()), length)
      length += 32
      this.#pools[i] = emptyPool()
    }
    this.#generator.reseed(seed.subarray(0, length))
    seed.fill(0)
    this.#forget()
  }

  /** What the old key made is not handed out under the new one. */
  #forget(): void {
    this.#buffer.fill(0)
    this.#used = BUFFER_SIZE
  }
}

function emptyPool(): Pool {
  return { hash: sha256.create(), length: 0 }
}
