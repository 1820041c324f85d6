/** IPv4 packets to neighbours, whose MAC addresses ARP finds: until it has, they wait. RFC 1122 §2.3.2.2. */
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import type { Arp } from '@mirage/arp'
import { IPV4, type Ethernet } from '@mirage/ethernet'
import type { FillAt } from '@mirage/net'
import { type Result, done, err } from '@mirage/result'
import { put } from './fill.ts'
import type { IpError } from './ip.ts'
import { Waiting, type WaitingPacket } from './waiting.ts'

/** What it counts: packets whose next hop did not answer. */
export interface Drops {
  unresolved: number
}

/** The hosts on the link. */
export class Neighbours {
  #ethernet: Ethernet
  #arp: Arp
  #drops: Drops
  #waiting: Waiting = new Waiting()
  #unreachable: ((dst: Ipv4) => void)[] = []

  constructor(ethernet: Ethernet, arp: Arp, drops: Drops) {
    this.#ethernet = ethernet
    this.#arp = arp
    this.#drops = drops
  }

  onUnreachable(notify: (dst: Ipv4) => void): void {
    this.#unreachable.push(notify)
  }

  /** Keeps the packet of at most `size` bytes that `make` returns, if there is room, until `hop` is known. */
  keep(hop: Ipv4, size: number, make: (bytes: Uint8Array) => WaitingPacket): Result<void, IpError> {
    if (!this.#waiting.hasRoom(hop, size)) return err('busy')
    const isFirst = this.#waiting.add(hop, make(new Uint8Array(size)))
    if (isFirst) void this.#arp.query(hop).then((answer) => this.#resolved(hop, answer))
    return done
  }

  #resolved(hop: Ipv4, answer: Result<Mac, 'timeout'>): void {
    const packets = this.#waiting.take(hop)
    if (answer.ok) {
      for (const packet of packets) this.#send(answer.value, packet)
      return
    }
    this.#drops.unresolved += packets.length
    const own = packets.filter(({ lost }) => lost === undefined)
    for (const dst of new Set(own.map((packet) => packet.dst))) {
      for (const notify of this.#unreachable) notify(dst)
    }
    for (const { lost, bytes } of packets) lost?.(bytes)
  }

  #send(mac: Mac, { bytes, offload }: WaitingPacket): void {
    // What the device does not take now is lost, as any packet may be: its writer was told that it waits.
    const fill: FillAt = (frame, offset) => put(frame, offset, bytes)
    this.#ethernet.writeAt(mac, IPV4, bytes.length, fill, offload)
  }
}
