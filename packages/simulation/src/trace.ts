/** What happened in a simulation, as one number: two runs that did the same have the same digest. */
import type { Millis } from '@mirage/clock'

/** The events of a run, in their order: their number, their digest, and nothing else is kept. */
export class Trace {
  #events = 0
  #high = 0x811c_9dc5
  #low = 0x1000_0193
  #follow: ((now: Millis, event: string) => void) | undefined
  readonly #time: Float64Array = new Float64Array(1)
  readonly #timeBits: Uint32Array = new Uint32Array(this.#time.buffer)

  /** How many events were added. */
  get events(): number {
    return this.#events
  }

  /** 64 bits of every event that was added and of their order, as 16 hexadecimal digits. Not for secrets. */
  get digest(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  /** Every event from now on is also told to `follow`. */
  follow(follow: (now: Millis, event: string) => void): void {
    this.#follow = follow
  }

  /** Adds that `event` happened at `now`, with these bytes. */
  add(now: Millis, event: string, bytes?: Uint8Array): void {
    this.#events++
    this.#time[0] = now
    this.#mix(this.#timeBits[0]!)
    this.#mix(this.#timeBits[1]!)
    for (let i = 0; i < event.length; i++) this.#mix(event.charCodeAt(i))
    if (bytes !== undefined) this.#mixBytes(bytes)
    this.#follow?.(now, bytes === undefined ? event : `${event}, ${bytes.length} bytes`)
  }

  #mixBytes(bytes: Uint8Array): void {
    this.#mix(bytes.length)
    const whole = bytes.length & ~3
    for (let i = 0; i < whole; i += 4) {
      this.#mix(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    }
    for (let i = whole; i < bytes.length; i++) this.#mix(bytes[i]!)
  }

  // Two multiplicative hashes with different constants (those of MurmurHash3), so that 64 bits must collide.
  #mix(word: number): void {
    const high = Math.imul(this.#high ^ Math.imul(word, 0xcc9e_2d51), 0x1b87_3593)
    const low = Math.imul(this.#low ^ Math.imul(word, 0x85eb_ca6b), 0xc2b2_ae35)
    this.#high = high ^ (high >>> 15)
    this.#low = low ^ (low >>> 13)
  }
}
