/** Copies between arrays by offsets. The engine of an image does it without a view, in half the time. */

/** Copies `length` bytes, which lie inside of both arrays. The two parts may overlap. */
export function copy(
  to: Uint8Array,
  toOffset: number,
  from: Uint8Array,
  fromOffset: number,
  length: number,
): void {
  to.set(from.subarray(fromOffset, fromOffset + length), toOffset)
}
