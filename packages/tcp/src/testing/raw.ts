/** Segments as bytes, for tests that speak to a stack without one of their own. */
import type { Ipv4 } from '@mirage/address/ipv4'
import * as checksum from '@mirage/bytes/checksum'
import { PROTOCOL, Segment, emit, headerSize, parse } from '../segment.ts'

export type Fields = Partial<
  Pick<Segment, 'srcPort' | 'dstPort' | 'seq' | 'ack' | 'flags' | 'window' | 'mss' | 'scale'>
>

/** A segment without text from `src` to `dst`. */
export function bytesOf(fields: Fields, src: Ipv4, dst: Ipv4): Uint8Array {
  const segment = Object.assign(new Segment(), { srcPort: 4000, dstPort: 80, window: 1000 }, fields)
  const frame = new Uint8Array(headerSize(segment))
  emit(frame, 0, segment, checksum.pseudo(src, dst, PROTOCOL, frame.length))
  return frame
}

export function segmentOf(bytes: Uint8Array, src: Ipv4, dst: Ipv4): Segment {
  const segment = new Segment()
  const parsed = parse(bytes, 0, bytes.length, checksum.pseudo(src, dst, PROTOCOL, bytes.length), segment)
  if (!parsed.ok) throw new Error(parsed.error)
  return segment
}
