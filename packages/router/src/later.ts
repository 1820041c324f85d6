/** Where later fragments go: only the first has the ports that decide. RFC 4787 §11. */
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Millis } from '@mirage/clock'
import { fragmentKey } from '@mirage/ip/wire'
import type { Ipv4Packet } from './forward.ts'

/** Packets in parts that are known at a time; the oldest gives its place to another. */
export const PACKETS_MAX = 256
/** For how long: what a host waits for the rest, RFC 791 §3.2. */
export const TIMEOUT: Millis = 15_000

interface First {
  readonly src: Ipv4
  readonly dst: Ipv4
  readonly at: Millis
}

export class Later {
  readonly #firsts: Map<string, First> = new Map()

  /** The first fragment of the packet that `packet` is of goes from `src` to `dst` from here. */
  learn(packet: Ipv4Packet, src: Ipv4, dst: Ipv4, now: Millis): void {
    const key = fragmentKey(packet)
    this.#firsts.delete(key)
    for (const [oldest] of this.#firsts) {
      if (this.#firsts.size < PACKETS_MAX) break
      this.#firsts.delete(oldest)
    }
    this.#firsts.set(key, { src, dst, at: now })
  }

  /** The ends that the first fragment got. A later one that came before it is lost. */
  find(packet: Ipv4Packet, now: Millis): First | undefined {
    const first = this.#firsts.get(fragmentKey(packet))
    return first === undefined || now - first.at > TIMEOUT ? undefined : first
  }
}
