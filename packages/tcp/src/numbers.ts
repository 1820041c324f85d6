/** Numbers that nobody outside can guess: initial sequence numbers (RFC 6528) and local ports (RFC 6056). */
import * as ip from '@mirage/address/ip'
import { setU16 } from '@mirage/bytes'
import type { Millis } from '@mirage/clock'
import type { Sequence } from './sequence.ts'
import * as siphash from './siphash.ts'
import type { Ends } from './tcb.ts'

export const KEY_SIZE: number = siphash.KEY_SIZE

/** Ephemeral ports: RFC 6056 §3.2 wants all that are not the system's. */
export const PORT_MIN = 1024
const PORT_MAX = 65_535

/** RFC 6528 counts in steps of 4 microseconds. */
const TICKS_PER_MS = 250

export class Numbers {
  /** The least of local ports. */
  portMin: number = PORT_MIN
  #key: Uint8Array
  /** Addresses and ports, of either family. */
  #input4: Uint8Array = new Uint8Array(12)
  #input6: Uint8Array = new Uint8Array(36)
  #next = 0

  /** `key` is `KEY_SIZE` random bytes, which stay secret. */
  constructor(key: Uint8Array) {
    this.#key = key.slice()
  }

  /** ISN = M + F(localip, localport, remoteip, remoteport, secretkey). */
  initialSequence(ends: Ends, now: Millis): Sequence {
    const ticks = Math.floor(now * TICKS_PER_MS)
    return (ticks + this.#hash(ends.localAddr, ends.localPort, ends.remoteAddr, ends.remotePort)) | 0
  }

  /**
   * The first port from a place that differs for each peer (RFC 6056 §3.3.3) that `isFree` agrees to, if any.
   * It asks once about each at most.
   */
  localPort(
    localAddr: ip.IpAddress,
    remoteAddr: ip.IpAddress,
    remotePort: number,
    isFree: (port: number) => boolean,
  ): number | undefined {
    const offset = this.#hash(localAddr, 0, remoteAddr, remotePort)
    const count = PORT_MAX + 1 - this.portMin
    for (let i = 0; i < count; i++) {
      const port = this.portMin + ((offset + this.#next) % count)
      this.#next = (this.#next + 1) % count
      if (isFree(port)) return port
    }
    return undefined
  }

  #hash(localAddr: ip.IpAddress, localPort: number, remoteAddr: ip.IpAddress, remotePort: number): number {
    const size = ip.sizeOf(localAddr)
    const input = size === 4 ? this.#input4 : this.#input6
    ip.write(input, 0, localAddr)
    ip.write(input, size, remoteAddr)
    setU16(input, 2 * size, localPort)
    setU16(input, 2 * size + 2, remotePort)
    return siphash.low32(this.#key, input) >>> 0
  }
}
