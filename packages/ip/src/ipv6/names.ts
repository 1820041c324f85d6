/** The addresses of the packets that arrive, each made once while it is in use: a packet of a known host makes none. */
import * as ipv6 from '@mirage/address/ipv6'

/** Addresses that are kept. Two that share a slot take turns: each is then made anew, which is slow and not wrong. */
const SLOTS = 256

/** What was read before. */
export class Names {
  readonly #slots: ipv6.Ipv6[] = Array.from({ length: SLOTS }, () => ipv6.UNSPECIFIED)

  /** `ipv6.read`, of bytes that are there. */
  read(bytes: Uint8Array, offset: number): ipv6.Ipv6 {
    // Neighbours differ in their last bytes, and clients elsewhere in those of their network.
    const slot =
      (bytes[offset + 15]! ^ (bytes[offset + 14]! * 31) ^ (bytes[offset + 7]! * 17) ^ bytes[offset + 5]!) &
      0xff
    const known = this.#slots[slot]!
    if (ipv6.isAt(bytes, offset, known)) return known
    const made = ipv6.read(bytes, offset)
    this.#slots[slot] = made
    return made
  }
}
