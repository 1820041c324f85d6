/**
 * SYN cookies: connections that nothing is kept of until the peer has answered, RFC 4987 §3.6.
 *
 *      31             27 26      24 23                                0
 *      +----------------+----------+----------------------------------+
 *      | period, mod 32 |   MSS    |   hash of ends, their ISN, period |   + nothing: the period is in the hash
 *      +----------------+----------+----------------------------------+
 *
 * It is our initial sequence number. The peer's acknowledgement brings it back, and its sequence number the peer's own,
 * so that both hashes can be compared. What else the peer's SYN said is lost: the window is not scaled.
 */
import * as ip from '@mirage/address/ip'
import { setU16, setU32 } from '@mirage/bytes'
import type { Millis } from '@mirage/clock'
import type { Sequence } from './sequence.ts'
import * as siphash from './siphash.ts'
import type { Ends } from './tcb.ts'

export const KEY_SIZE: number = siphash.KEY_SIZE

/** A cookie is good in the period in which it was made and in the next. */
export const PERIOD: Millis = 64_000

/** What the three bits stand for: the usual sizes of segments, of which the largest is taken that the peer can. */
export const MSS: readonly number[] = [88, 536, 1200, 1360, 1440, 1460, 4312, 8960]

const HASH_BITS = 24
const HASH_MASK = (1 << HASH_BITS) - 1

export class Cookies {
  readonly #key: Uint8Array
  /** Addresses, ports, the peer's sequence number and the period, of either family. */
  readonly #input4: Uint8Array = new Uint8Array(20)
  readonly #input6: Uint8Array = new Uint8Array(44)

  /** `key` is `KEY_SIZE` random bytes, which stay secret. */
  constructor(key: Uint8Array) {
    this.#key = key.slice()
  }

  /** The initial sequence number that answers a SYN with `irs` of a peer that takes segments of `mss`. */
  make(ends: Ends, irs: Sequence, mss: number, now: Millis): Sequence {
    const period = Math.floor(now / PERIOD)
    let size = MSS.length - 1
    while (size > 0 && MSS[size]! > mss) size--
    return ((period & 31) << 27) | (size << HASH_BITS) | this.#hash(ends, irs, period, size)
  }

  /** The segment size that `iss` stands for; `undefined` if it is not a cookie of ours for these ends, or an old one. */
  check(ends: Ends, irs: Sequence, iss: Sequence, now: Millis): number | undefined {
    const current = Math.floor(now / PERIOD)
    const age = (current - (iss >>> 27)) & 31
    if (age > 1) return undefined
    const size = (iss >>> HASH_BITS) & 7
    if (this.#hash(ends, irs, current - age, size) !== (iss & HASH_MASK)) return undefined
    return MSS[size]
  }

  #hash(
    { localAddr, localPort, remoteAddr, remotePort }: Ends,
    irs: Sequence,
    period: number,
    size: number,
  ): number {
    const length = ip.sizeOf(localAddr)
    const input = length === 4 ? this.#input4 : this.#input6
    ip.write(input, 0, localAddr)
    ip.write(input, length, remoteAddr)
    setU16(input, 2 * length, localPort)
    setU16(input, 2 * length + 2, remotePort)
    setU32(input, 2 * length + 4, irs)
    setU32(input, 2 * length + 8, period * MSS.length + size)
    return siphash.low32(this.#key, input) & HASH_MASK
  }
}
