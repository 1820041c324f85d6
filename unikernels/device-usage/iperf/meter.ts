/** What one end counts of one stream: bytes, and of datagrams those that are missing, late, and how evenly they come. */

export class Meter {
  readonly id: number
  readonly isSender: boolean
  bytes = 0
  /** Datagrams sent; or the highest number that arrived. */
  packets = 0
  lost = 0
  outOfOrder = 0
  /** In seconds: RFC 1889 §6.3.1. */
  jitter = 0
  #transit: number | undefined
  // What the last interval began with.
  #bytesBefore = 0
  #packetsBefore = 0
  #lostBefore = 0

  constructor(id: number, isSender: boolean) {
    this.id = id
    this.isSender = isSender
  }

  /** A datagram of `length` bytes arrived: its number, and how many microseconds after its sender's clock it did. */
  arrived(length: number, number: number, transitMicroseconds: number): void {
    this.bytes += length
    if (number > this.packets) {
      this.lost += number - 1 - this.packets
      this.packets = number
    } else {
      this.outOfOrder += 1
      if (this.lost > 0) this.lost -= 1
    }
    const transit = transitMicroseconds / 1_000_000
    const difference = this.#transit === undefined ? 0 : Math.abs(transit - this.#transit)
    this.#transit = transit
    this.jitter += (difference - this.jitter) / 16
  }

  /** What was counted since the last call. */
  interval(): Counted {
    const counted = {
      bytes: this.bytes - this.#bytesBefore,
      packets: this.packets - this.#packetsBefore,
      lost: this.lost - this.#lostBefore,
      jitter: this.jitter,
    }
    this.#bytesBefore = this.bytes
    this.#packetsBefore = this.packets
    this.#lostBefore = this.lost
    return counted
  }

  /** Forgets what was counted, but not how far the numbers are: what was before does not count. */
  omit(): void {
    this.interval()
    this.#omitted = { bytes: this.bytes, packets: this.packets, lost: this.lost, jitter: 0 }
  }
  #omitted: Counted = { bytes: 0, packets: 0, lost: 0, jitter: 0 }

  /** What was counted in all. */
  get total(): Counted {
    return {
      bytes: this.bytes - this.#omitted.bytes,
      packets: this.packets - this.#omitted.packets,
      lost: Math.max(0, this.lost - this.#omitted.lost),
      jitter: this.jitter,
    }
  }
}

export interface Counted {
  readonly bytes: number
  readonly packets: number
  readonly lost: number
  readonly jitter: number
}
