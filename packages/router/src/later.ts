/** Where later fragments go: only the first has the ports that decide. RFC 4787 §11. */
import type { IpAddress } from '@mirage/address/ip'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Millis } from '@mirage/clock'

/** Packets in parts that are known at a time; the oldest gives its place to another. */
export const PACKETS_MAX = 256
/** For how long: what a host waits for the rest, RFC 791 §3.2. */
export const TIMEOUT: Millis = 15_000

interface First<Address> {
  readonly src: Address
  readonly dst: Address
  readonly at: Millis
}

/** The first fragments that came, by what all of a packet have in common. */
export class Later<Address extends IpAddress = Ipv4> {
  readonly #firsts: Map<string, First<Address>> = new Map()

  /** The first fragment of the packet with this key goes from `src` to `dst` from here. */
  learn(key: string, src: Address, dst: Address, now: Millis): void {
    this.#firsts.delete(key)
    for (const [oldest] of this.#firsts) {
      if (this.#firsts.size < PACKETS_MAX) break
      this.#firsts.delete(oldest)
    }
    this.#firsts.set(key, { src, dst, at: now })
  }

  /** The ends that the first fragment got. A later one that came before it is lost. */
  find(key: string, now: Millis): First<Address> | undefined {
    const first = this.#firsts.get(key)
    return first === undefined || now - first.at > TIMEOUT ? undefined : first
  }
}
