/** Packets that wait for the MAC address of their next hop: RFC 1122 §2.3.2.2. */
import type { IpAddress } from '@mirage/address/ip'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Offload } from '@mirage/net'

/** Next hops that are waited for at once: for one more, the oldest wait ends, so that nobody who asks for many stops others. */
export const HOPS_MAX = 64
/** Packets that wait for one of them: the fragments of a 65,507-byte datagram at an MTU of 576, and some more. */
export const PACKETS_MAX = 128
/** Bytes that wait for one of them: packets that a device cuts are as long as many. */
export const BYTES_MAX = 262_144
/** Bytes that wait for all of them, likewise: whoever asks from addresses of neighbours that are not there has answers wait. */
export const BYTES_TOTAL_MAX = 1_048_576

export interface WaitingPacket<Address extends IpAddress = Ipv4> {
  readonly dst: Address
  /** The packet from its header on: a copy. */
  readonly bytes: Uint8Array
  /** What is left to the device. */
  readonly offload: Offload | undefined
  /** Whom to give it back to if it waited in vain. */
  readonly lost: ((packet: Uint8Array) => void) | undefined
}

export class Waiting<Address extends IpAddress = Ipv4> {
  #packets: Map<Address, WaitingPacket<Address>[]> = new Map()
  /** Bytes of all of them. */
  #size = 0

  /** Whether `size` more bytes may wait for `hop`. */
  hasRoom(hop: Address, size: number): boolean {
    const packets = this.#packets.get(hop)
    return packets === undefined || (packets.length < PACKETS_MAX && sizeOf(packets) + size <= BYTES_MAX)
  }

  /** Keeps a packet, for which there is room, and says whether it is the first that waits for `hop`. */
  add(hop: Address, packet: WaitingPacket<Address>): boolean {
    const packets = this.#packets.get(hop)
    this.#size += packet.bytes.length
    if (packets === undefined) this.#packets.set(hop, [packet])
    else packets.push(packet)
    return packets === undefined
  }

  /** While too much waits: the hop that was asked for first, if it is not `hop`; else the next. */
  excess(hop: Address): Address | undefined {
    if (this.#packets.size <= HOPS_MAX && this.#size <= BYTES_TOTAL_MAX) return undefined
    const [first, second] = this.#packets.keys()
    return first === hop ? second : first
  }

  /** What waited for `hop`, oldest first, and waits no longer. */
  take(hop: Address): readonly WaitingPacket<Address>[] {
    const packets = this.#packets.get(hop) ?? []
    this.#packets.delete(hop)
    this.#size -= sizeOf(packets)
    return packets
  }
}

function sizeOf(packets: readonly WaitingPacket<IpAddress>[]): number {
  return packets.reduce((sum, { bytes }) => sum + bytes.length, 0)
}
