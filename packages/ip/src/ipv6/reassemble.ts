/** What joins fragments of IPv6: RFC 8200 §4.5. The packets that wait are `Reassembly`'s. */
import { getU16, setU16 } from '@mirage/bytes'
import type { Fragment, Whole } from '../reassembly.ts'
import { FRAGMENT } from './extension.ts'
import * as fragment from './fragment.ts'
import { HEADER_SIZE, type MutablePacket, PAYLOAD_SIZE_MAX } from './wire.ts'

/** What all fragments of a packet have in common, and those of no other sent at the time. */
export function keyOf({ frame, offset, src, dst }: MutablePacket): string {
  return src + dst + String.fromCharCode(getU16(frame, offset + 4), getU16(frame, offset + 6))
}

/** The fragment whose fragment header is at `packet.offset`. That header is kept with the others in front of it. */
export function fragmentOf({ frame, header, offset, end }: MutablePacket): Fragment {
  const headerEnd = offset + fragment.HEADER_SIZE
  return {
    frame,
    header,
    headerEnd,
    offset: headerEnd,
    end,
    position: fragment.fragmentOffset(frame, offset),
    hasMore: fragment.hasMore(frame, offset),
    sizeMax: PAYLOAD_SIZE_MAX - (offset - header - HEADER_SIZE),
  }
}

/**
 * Whether the fragment header at `packet.offset` is of a packet that was not cut: RFC 6946. Nothing of others with its
 * key is its concern.
 */
export function isAtomic({ frame, offset }: MutablePacket): boolean {
  return fragment.fragmentOffset(frame, offset) === 0 && !fragment.hasMore(frame, offset)
}

/** Takes the fragment header out of a packet that was joined, and returns where in its bytes it begins then. */
export function restore({ bytes, offset }: Whole): number {
  const size = fragment.HEADER_SIZE
  const next = bytes[offset - size]!
  bytes[lastNext(bytes)] = next
  bytes.copyWithin(size, 0, offset - size)
  setU16(bytes, size + 4, bytes.length - size - HEADER_SIZE)
  return size
}

/** Where the number of the fragment header stands: the headers in front of it have been walked over before. */
function lastNext(bytes: Uint8Array): number {
  let at = 6
  for (let offset = HEADER_SIZE; bytes[at] !== FRAGMENT; ) {
    at = offset
    offset += 8 * (bytes[offset + 1]! + 1)
  }
  return at
}
