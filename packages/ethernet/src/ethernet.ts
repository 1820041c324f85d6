/** Ethernet on a device: the 14 bytes in front of every payload are written and read here, and seen nowhere above. */
import type { Mac } from '@mirage/address/mac'
import type { Fill, FillAt, NetError } from '@mirage/net'
import type { Result } from '@mirage/result'

/** What the payload is: the EtherType of IEEE 802.3. */
export type EtherType = number
export const IPV4: EtherType = 0x0800
export const ARP: EtherType = 0x0806
export const IPV6: EtherType = 0x86dd

export type EthernetError = NetError | 'exceeds-mtu'

/**
 * A payload that arrived: the bytes of `frame` from `offset` on. It may end in padding of the link. It is
 * lent until the call returns, and must not be changed.
 */
export type Receive = (frame: Uint8Array, offset: number, src: Mac, dst: Mac) => void

export interface Ethernet {
  readonly mac: Mac
  /** The most bytes of payload in a frame. */
  readonly mtu: number

  /**
   * Sends a frame with at most `size` bytes of payload. `fill` is lent those bytes alone, zeroed, as `Net.write`
   * lends them, and returns how many count. `src` is the device's own address unless given.
   */
  write(dst: Mac, type: EtherType, size: number, fill: Fill, src?: Mac): Result<void, EthernetError>

  /** The same without a view of the payload: `fill` writes into the whole frame from the offset it is given. */
  writeAt(dst: Mac, type: EtherType, size: number, fill: FillAt, src?: Mac): Result<void, EthernetError>

  /** Hands every payload of `type` that is for this device, or for a group, to `receive`; one listener a type. */
  listen(type: EtherType, receive: Receive): void
}
