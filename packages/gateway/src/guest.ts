/** The unikernel as its gateway sees it: the first machine on the link that says which address it has. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Cidr, Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import type { Mac } from '@mirage/address/mac'
import type { Cancel, Clock, Millis } from '@mirage/clock'
import { getU16 } from '@mirage/bytes'
import { ARP } from '@mirage/ethernet'
import type { Net } from '@mirage/net'

const TYPE_OFFSET = 12
const SENDER_MAC_OFFSET = 22
const SENDER_OFFSET = 28
const ARP_FRAME_SIZE = 42

export class Guest {
  /** Asks the link for whoever has the first address, where a machine that says nothing by itself may be. */
  find: () => void = () => {}
  readonly #cidr: Cidr
  #mac: Mac | undefined
  #address: Ipv4 | undefined
  readonly #waiting: Set<(address: Ipv4) => void> = new Set()

  constructor(cidr: Cidr) {
    this.#cidr = cidr
  }

  /** Where it is; nothing before it has said so. */
  get address(): Ipv4 | undefined {
    return this.#address
  }

  /** Calls `notify` with the address once there is one, which may be during this call. */
  onUp(notify: (address: Ipv4) => void): Cancel {
    if (this.#address === undefined) this.#waiting.add(notify)
    else notify(this.#address)
    return () => void this.#waiting.delete(notify)
  }

  /**
   * `net`, seen through. An address is announced by ARP when it is given, by a lease or by a person, and is the
   * sender of every request for the gateway; so nothing but ARP has to be looked at.
   */
  observe(net: Net): Net {
    return {
      mac: net.mac,
      mtu: net.mtu,
      counters: net.counters,
      write: (size, fill, offload, isFilled) => net.write(size, fill, offload, isFilled),
      listen: (receive) =>
        net.listen((frame) => {
          if (frame.length >= ARP_FRAME_SIZE && getU16(frame, TYPE_OFFSET) === ARP) this.#input(frame)
          receive(frame)
        }),
      resetCounters: () => net.resetCounters(),
      disconnect: () => net.disconnect(),
    }
  }

  #input(frame: Uint8Array): void {
    const sender = mac.read(frame, SENDER_MAC_OFFSET)
    const address = ipv4.read(frame, SENDER_OFFSET)
    if (address === this.#cidr.address || !ipv4.contains(this.#cidr, address)) return
    if (this.#mac !== undefined && this.#mac !== sender) return
    this.#mac = sender
    this.#address = address
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const notify of waiting) notify(address)
  }
}

/** The guest's address, or nothing if it has none for `patience`. */
export function upWithin(guest: Guest, clock: Clock, patience: Millis): Promise<Ipv4 | undefined> {
  const { address } = guest
  if (address !== undefined) return Promise.resolve(address)
  guest.find()
  return new Promise((resolve) => {
    const cancel = guest.onUp((address) => {
      cancelTimeout()
      resolve(address)
    })
    const cancelTimeout = clock.at(clock.now() + patience, () => {
      cancel()
      resolve(undefined)
    })
  })
}
