/**
 * Which port leads to which address: what a switch has learnt from the frames it carried (IEEE 802.1Q §8.7, §8.8).
 *
 * What is learnt is forgotten when it was not heard of for a while. There is room for so many: what comes when all is
 * taken is not learnt, so that a flood of addresses displaces nobody.
 */
import type { Mac } from '@mirage/address/mac'
import type { Millis } from '@mirage/clock'

/** How long an address is known that is not heard of: the default of IEEE 802.1Q §8.8.3. */
const AGE_MAX: Millis = 300_000
/** A station that was heard of so recently is not noted again, which costs more than what it carries. */
const FRESH: Millis = 1000

interface Station<Port> {
  port: Port
  heard: Millis
}

/** Addresses, each with the port that leads there. */
export class Stations<Port> {
  readonly #countMax: number
  /** Those that were heard of longest ago first, to within `FRESH`. */
  readonly #stations: Map<Mac, Station<Port>> = new Map()

  /** `countMax` stations are known at most. */
  constructor(countMax: number) {
    this.#countMax = countMax
  }

  get count(): number {
    return this.#stations.size
  }

  /** Notes that a frame of `address` came through `port`. */
  learn(address: Mac, port: Port, now: Millis): void {
    const known = this.#stations.get(address)
    if (known === undefined) {
      if (this.#stations.size >= this.#countMax) this.#forgetOld(now)
      if (this.#stations.size < this.#countMax) this.#stations.set(address, { port, heard: now })
      return
    }
    known.port = port
    if (now - known.heard < FRESH) return
    known.heard = now
    this.#stations.delete(address)
    this.#stations.set(address, known)
  }

  /** The port that leads to `address`, if that is known. */
  find(address: Mac, now: Millis): Port | undefined {
    const known = this.#stations.get(address)
    return known !== undefined && now - known.heard < AGE_MAX ? known.port : undefined
  }

  /** Forgets what `port` led to. */
  forget(port: Port): void {
    for (const [address, station] of this.#stations) if (station.port === port) this.#stations.delete(address)
  }

  #forgetOld(now: Millis): void {
    for (const [address, { heard }] of this.#stations) {
      if (now - heard < AGE_MAX) return
      this.#stations.delete(address)
    }
  }
}
