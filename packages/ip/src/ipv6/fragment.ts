/**
 * Fragment headers: RFC 8200 §4.5.
 *
 *       0       1       2             4               8
 *      +-------+-------+------------+-+---------------+
 *      | next  |   0   | offset     |M|      id       |   offset: in units of 8 bytes; M: more follow
 *      +-------+-------+------------+-+---------------+
 */
import { getU16, getU32, setU16, setU32 } from '@mirage/bytes'

/** In bytes. */
export const HEADER_SIZE = 8

/** How many bytes of the packet's fragmentable part come before this fragment. */
export function fragmentOffset(frame: Uint8Array, offset: number): number {
  return getU16(frame, offset + 2) & 0xfff8
}

/** Whether another fragment follows this one. */
export function hasMore(frame: Uint8Array, offset: number): boolean {
  return (frame[offset + 3]! & 1) === 1
}

/** Which packet, of those from one host to another, it is a part of. */
export function id(frame: Uint8Array, offset: number): number {
  return getU32(frame, offset + 4)
}

/** Writes a header in front of a fragment of a payload of `protocol`, which is not the last if it has `more`. */
export function emit(
  frame: Uint8Array,
  offset: number,
  protocol: number,
  fragmentOffset: number,
  more: boolean,
  id: number,
): void {
  frame[offset] = protocol
  frame[offset + 1] = 0
  setU16(frame, offset + 2, fragmentOffset | (more ? 1 : 0))
  setU32(frame, offset + 4, id)
}
