/** Packets whose next hop has no MAC address yet: until it has one, they wait. RFC 1122 §2.3.2.2, RFC 4861 §7.2.2. */
import type { IpAddress } from '@mirage/address/ip'
import type { Mac } from '@mirage/address/mac'
import type { Ethernet, EtherType } from '@mirage/ethernet'
import type { FillAt } from '@mirage/net'
import { type Result, assert, done, err } from '@mirage/result'
import { put } from './fill.ts'
import type { IpError } from './ip.ts'
import { Waiting, type WaitingPacket } from './waiting.ts'

/** What it is made on. */
export interface Needs<Address> {
  readonly ethernet: Ethernet
  /** Of the packets. */
  readonly type: EtherType
  /** What it counts: packets whose next hop did not answer. */
  readonly drops: { unresolved: number }
  /** Asks for the MAC address of a neighbour: `resolved` or `unresolved` is to be told, perhaps before this returns. */
  readonly ask: (hop: Address) => void
}

/** Those neighbours that are being asked for, for either family. */
export class NextHops<Address extends IpAddress> {
  #needs: Needs<Address>
  #waiting: Waiting<Address> = new Waiting()
  #unreachable: ((dst: Address) => void)[] = []

  constructor(needs: Needs<Address>) {
    this.#needs = needs
  }

  /** Tells `notify` of every destination whose next hop did not answer. */
  onUnreachable(notify: (dst: Address) => void): void {
    this.#unreachable.push(notify)
  }

  /** Keeps the packet of at most `size` bytes that `fill` writes until `hop` is known, if there is room for one more to it. */
  keep(
    hop: Address,
    size: number,
    fill: FillAt,
    { dst, offload, lost }: Omit<WaitingPacket<Address>, 'bytes'>,
  ): Result<void, IpError> {
    if (!this.#waiting.hasRoom(hop, size)) return err('busy')
    const bytes = new Uint8Array(size)
    const length = fill(bytes, 0)
    assert(length <= size, 'fill does not count more bytes than it was lent')
    const packet = { dst, bytes: bytes.subarray(0, length), offload: offload && { ...offload }, lost }
    const isFirst = this.#waiting.add(hop, packet)
    for (let oldest = this.#waiting.excess(hop); oldest !== undefined; oldest = this.#waiting.excess(hop))
      this.unresolved(oldest)
    if (isFirst) this.#needs.ask(hop)
    return done
  }

  /** `hop` has answered: sends what waited for it. */
  resolved(hop: Address, mac: Mac): void {
    const { ethernet, type } = this.#needs
    for (const { bytes, offload } of this.#waiting.take(hop)) {
      // What the device does not take now is lost, as any packet may be: its writer was told that it waits.
      ethernet.writeAt(mac, type, bytes.length, (frame, offset) => put(frame, offset, bytes), offload)
    }
  }

  /** Nobody answers for `hop`, or has not for longest while too many others are waited for: whoever wrote to it is told. */
  unresolved(hop: Address): void {
    const packets = this.#waiting.take(hop)
    this.#needs.drops.unresolved += packets.length
    const own = packets.filter(({ lost }) => lost === undefined)
    for (const dst of new Set(own.map((packet) => packet.dst))) {
      for (const notify of this.#unreachable) notify(dst)
    }
    for (const { lost, bytes } of packets) lost?.(bytes)
  }
}
