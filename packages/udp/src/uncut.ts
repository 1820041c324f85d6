/**
 * Where datagrams went that no router may cut: only those can be too big for a link, and only who knows their ends is
 * believed to say so. What is known of a path counts for TCP as well, so that an invention would cost more than datagrams.
 */
import { type IpAddress, isIpv4 } from '@mirage/address/ip'

/** Ends that are remembered: a power of two. Each has one place, which the next that has the same takes. */
export const PLACES = 1024

/** A table of ends, and how large the largest datagram between them was. */
export class Uncut {
  readonly #secret: number
  readonly #dst: (IpAddress | undefined)[] = Array.from({ length: PLACES }, () => undefined)
  readonly #ports: Int32Array = new Int32Array(PLACES)
  readonly #sizes: Uint16Array = new Uint16Array(PLACES)

  /** Peers choose what is hashed: `secret`, 32 bits, keeps them from choosing whom they displace. */
  constructor(secret: number) {
    this.#secret = secret | 1
  }

  /** Remembers a datagram of `size` bytes, with its header. */
  add(dst: IpAddress, srcPort: number, dstPort: number, size: number): void {
    const ports = (srcPort << 16) | dstPort
    const at = this.#place(dst, ports)
    const isKnown = this.#isAt(at, dst, ports)
    if (isKnown && this.#sizes[at]! >= size) return
    this.#dst[at] = dst
    this.#ports[at] = ports
    this.#sizes[at] = size
  }

  /** Whether one of `size` bytes, or a larger one, went between these ends, unless too many others did since. */
  has(dst: IpAddress, srcPort: number, dstPort: number, size: number): boolean {
    const ports = (srcPort << 16) | dstPort
    const at = this.#place(dst, ports)
    return this.#isAt(at, dst, ports) && size <= this.#sizes[at]!
  }

  #isAt(at: number, dst: IpAddress, ports: number): boolean {
    return this.#ports[at] === ports && this.#dst[at] === dst
  }

  #place(dst: IpAddress, ports: number): number {
    let hash = mixed(this.#secret, ports)
    if (isIpv4(dst)) hash = mixed(hash, dst)
    else for (let i = 0; i < 8; i++) hash = mixed(hash, dst.charCodeAt(i))
    return (hash ^ (hash >>> 16)) & (PLACES - 1)
  }
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e37_79b1)
  return Math.imul(product ^ (product >>> 15), 0x85eb_ca77)
}
