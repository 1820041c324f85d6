/** Fragments of IPv4 packets that arrive, and the packets that they are parts of: RFC 791 §3.2. */
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Clock } from '@mirage/clock'
import { assert } from '@mirage/result'
import type { Packet } from './ip.ts'
import { Reassembler } from './reassembler.ts'
import type { FragmentDrop } from './reassembly.ts'
import * as wire from './wire.ts'

/** What waits for others. */
export class Fragments {
  /** Who is told of the first fragment of each packet of which not all came in time. It is lent. */
  readonly timeouts: ((first: Packet<Ipv4>) => void)[] = []
  #reassembler: Reassembler

  /** `sizeMax` is how many bytes of payload are kept of all packets together; 262,144 unless told. */
  constructor(clock: Clock, drops: Record<FragmentDrop, number>, sizeMax: number | undefined) {
    const timedOut = (first: Uint8Array): void => this.#timedOut(first)
    this.#reassembler = new Reassembler({ clock, drops, timedOut, sizeMax })
  }

  /** Bytes of payload that are kept. */
  get size(): number {
    return this.#reassembler.size
  }

  /** Takes the fragment that `packet` is. If nothing is missing any more `packet` becomes the whole one: true. */
  input(packet: wire.MutablePacket): boolean {
    const whole = this.#reassembler.input(wire.fragmentKey(packet), wire.fragmentOf(packet))
    if (whole === undefined) return false
    wire.emitWhole(whole.bytes)
    const parsed = wire.parse(whole.bytes, 0, packet)
    assert(parsed.ok, 'what is joined is a packet')
    packet.isChecked = false
    packet.segmentSize = undefined
    return true
  }

  /** Waits for nothing any more. */
  disconnect(): void {
    this.#reassembler.disconnect()
  }

  #timedOut(first: Uint8Array): void {
    const packet = wire.create()
    const parsed = wire.parse(first, 0, packet)
    assert(parsed.ok, 'the first fragment was a packet')
    for (const notify of this.timeouts) notify(packet)
  }
}
