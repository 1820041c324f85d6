/** The two kinds of objects that the standards take bytes from. */

/** Bytes, or numbers that consist of them. */
export type BytesLike = ArrayBuffer | ArrayBufferView

/** Whether `value` has bytes. */
export function isBytesLike(value: unknown): value is BytesLike {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer
}

/** A view of the bytes, not a copy. */
export function bytesOf(value: BytesLike): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  throw new TypeError('what is to be decoded is no ArrayBuffer and no view of one')
}
