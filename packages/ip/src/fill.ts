/** How the payload of a packet is written into what a device lends. */
import type { EthernetError } from '@mirage/ethernet'
import type { Fill } from '@mirage/net'
import { type Result, assert, err } from '@mirage/result'
import type { IpError } from './ip.ts'

/** What `fill` writes to `size` bytes, and then `payloads`; returns how many bytes that is. */
export function join(
  frame: Uint8Array,
  offset: number,
  size: number,
  fill: Fill,
  payloads: readonly Uint8Array[],
): number {
  const lent = frame.subarray(offset, offset + size)
  lent.fill(0)
  const filled = fill(lent)
  assert(filled >= 0 && filled <= size, 'fill does not count more bytes than it was lent')
  let length = filled
  for (const payload of payloads) length += put(frame, offset + length, payload)
  return length
}

/** Copies `bytes`; returns how many they are. */
export function put(frame: Uint8Array, offset: number, bytes: Uint8Array): number {
  frame.set(bytes, offset)
  return bytes.length
}

/** What became of a packet that was made to fit into a frame. */
export function fitting(sent: Result<void, EthernetError>): Result<void, IpError> {
  if (sent.ok) return sent
  assert(sent.error !== 'exceeds-mtu', 'what is larger than a frame is cut or refused')
  return err(sent.error)
}
