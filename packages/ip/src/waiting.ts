/** Packets that wait for the MAC address of their next hop: RFC 1122 §2.3.2.2. */
import type { Ipv4 } from '@mirage/address/ipv4'

/** Next hops that are waited for at once. */
export const HOPS_MAX = 64
/** Packets that wait for one of them: the fragments of a 65,507-byte datagram at an MTU of 1500, and some more. */
export const PACKETS_MAX = 64

export interface WaitingPacket {
  readonly dst: Ipv4
  /** The packet from its header on: a copy. */
  readonly bytes: Uint8Array
}

export class Waiting {
  #packets: Map<Ipv4, WaitingPacket[]> = new Map()

  /** Whether there is room for another packet to `hop`. */
  hasRoom(hop: Ipv4): boolean {
    const packets = this.#packets.get(hop)
    return packets === undefined ? this.#packets.size < HOPS_MAX : packets.length < PACKETS_MAX
  }

  /** Keeps a packet, for which there is room, and says whether it is the first that waits for `hop`. */
  add(hop: Ipv4, packet: WaitingPacket): boolean {
    const packets = this.#packets.get(hop)
    if (packets === undefined) this.#packets.set(hop, [packet])
    else packets.push(packet)
    return packets === undefined
  }

  /** What waited for `hop`, oldest first, and waits no longer. */
  take(hop: Ipv4): readonly WaitingPacket[] {
    const packets = this.#packets.get(hop) ?? []
    this.#packets.delete(hop)
    return packets
  }
}
