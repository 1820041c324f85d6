/**
 * The largest packets that paths carry, as far as routers on them told: RFC 1191, RFC 8201. Time is an argument.
 *
 * Whether to believe them is for the protocol whose packet was too large (RFC 5927 §7): nothing is checked here.
 */
import type { Millis } from '@mirage/clock'

/** What is known of one path. */
export interface Path {
  /** Bytes of the largest packet, IP header included. */
  readonly mtu: number
  /** It is narrower still, but not believed to be: its routers are to cut what is sent (IPv4 alone lets them). */
  readonly isNarrow: boolean
}

/** Destinations of which something is remembered; the one that was told of first goes. */
export const PATHS_MAX = 1024
/** How long a path is taken to be as narrow as it was: RFC 1191 §6.3. Then it may have become wider. */
export const PATH_AGE_MS: Millis = 600_000

/**
 * IPv4: below this nobody is believed. RFC 1191 §3 would go down to 68 bytes, at which who can forge one message
 * makes every segment carry 28; a link that is narrower than 552 bytes carries fragments.
 */
export const IPV4_MTU_MIN = 552
/** RFC 8201 §4: no link of IPv6 carries less. */
export const IPV6_MTU_MIN = 1280

interface Known extends Path {
  readonly until: Millis
}

/** What is known of paths to addresses of one family. `now` never decreases from one call to the next. */
export class Paths<Address> {
  /** The link's, which no path exceeds. */
  readonly mtu: number
  /** The least that is believed. */
  readonly #mtuMin: number
  /** In the order of `until`, because that is how they are set. */
  #known: Map<Address, Known> = new Map()

  constructor(mtu: number, mtuMin: number) {
    this.mtu = mtu
    this.#mtuMin = mtuMin
  }

  /** Of how many destinations something is remembered: while it is 0 nobody needs to ask. */
  get count(): number {
    return this.#known.size
  }

  /** What is known of the path to `dst`, if it differs from the link. */
  get(dst: Address, now: Millis): Path | undefined {
    const known = this.#known.get(dst)
    if (known === undefined || now < known.until) return known
    this.#forget(now)
    return undefined
  }

  /** Remembers that packets of more than `mtu` bytes do not reach `dst`. Returns whether that is news, and narrower. */
  reduce(dst: Address, mtu: number, now: Millis): boolean {
    this.#forget(now)
    const floor = Math.min(this.#mtuMin, this.mtu)
    const path = { mtu: Math.max(mtu, floor), isNarrow: mtu < floor }
    const { mtu: before, isNarrow } = this.#known.get(dst) ?? { mtu: this.mtu, isNarrow: false }
    if (path.mtu > before || (path.mtu === before && (isNarrow || !path.isNarrow))) return false
    this.#known.delete(dst)
    this.#known.set(dst, { ...path, until: now + PATH_AGE_MS })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= PATHS_MAX) break
      this.#known.delete(oldest)
    }
    return true
  }

  #forget(now: Millis): void {
    for (const [dst, { until }] of this.#known) {
      if (now < until) return
      this.#known.delete(dst)
    }
  }
}
