/** The last datagrams that were sent: an error about another is somebody's invention, or too late. */
import type { IpAddress } from '@mirage/address/ip'

/** Datagrams that are remembered: a power of two. */
export const SENT_MAX = 256

/** A ring of where datagrams went to, and between which ports. */
export class Sent {
  // Two arrays of numbers and addresses rather than one of records: every datagram writes here.
  #dst: (IpAddress | undefined)[] = []
  #ports: number[] = []
  #next = 0

  /** Remembers a datagram, and forgets the one that was sent `SENT_MAX` before. */
  add(dst: IpAddress, srcPort: number, dstPort: number): void {
    this.#dst[this.#next] = dst
    this.#ports[this.#next] = (srcPort << 16) | dstPort
    this.#next = (this.#next + 1) & (SENT_MAX - 1)
  }

  /** Whether such a datagram is among the last. */
  has(dst: IpAddress, srcPort: number, dstPort: number): boolean {
    const ports = (srcPort << 16) | dstPort
    return this.#ports.some((each, i) => each === ports && this.#dst[i] === dst)
  }
}
