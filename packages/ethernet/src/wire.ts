/**
 * Ethernet II frames: IEEE 802.3 §3.1.
 *
 *      0                    6                    12       14
 *      +--------------------+--------------------+--------+------------------
 *      |    destination     |       source       |  type  |  payload, padding
 *      +--------------------+--------------------+--------+------------------
 *
 * Fields are read one by one: a record per frame would cost more than the fields.
 */
import * as mac from '@mirage/address/mac'
import { getU16, setU16 } from '@mirage/bytes'
import type { EtherType } from './ethernet.ts'

/** Destination, source and type, in bytes. */
export const HEADER_SIZE = 14

/** Whether `frame` has a header; the readers below may be called if it does. */
export function isComplete(frame: Uint8Array): boolean {
  return frame.length >= HEADER_SIZE
}

/** Who the frame is for. */
export function dst(frame: Uint8Array): mac.Mac {
  return mac.read(frame, 0)
}

/** Who it says that it is from. */
export function src(frame: Uint8Array): mac.Mac {
  return mac.read(frame, 6)
}

/** Below 0x0600 it is the length of an IEEE 802.2 payload, which nobody here listens to. */
export function type(frame: Uint8Array): EtherType {
  return getU16(frame, 12)
}

/** Writes the header in front of the payload that fills the rest of `frame`. */
export function emit(frame: Uint8Array, dst: mac.Mac, src: mac.Mac, type: EtherType): void {
  mac.write(frame, 0, dst)
  mac.write(frame, 6, src)
  setU16(frame, 12, type)
}
