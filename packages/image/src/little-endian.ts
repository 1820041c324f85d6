/** Little-endian fields of an image. The caller has checked that the field lies inside `bytes`. */

/** A 16-bit field. */
export function getU16(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | (bytes[offset + 1]! << 8)
}

/** A 32-bit field. */
export function getU32(bytes: Uint8Array, offset: number): number {
  return (getU16(bytes, offset) | (getU16(bytes, offset + 2) << 16)) >>> 0
}

/** A 64-bit field. From 2^53 on the number is only near it, and larger than anything that an image may say. */
export function getU64(bytes: Uint8Array, offset: number): number {
  return getU32(bytes, offset + 4) * 2 ** 32 + getU32(bytes, offset)
}

/** Writes a 32-bit field. */
export function setU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value
  bytes[offset + 1] = value >>> 8
  bytes[offset + 2] = value >>> 16
  bytes[offset + 3] = value >>> 24
}

/** Writes a 64-bit field: a natural number below 2^53. */
export function setU64(bytes: Uint8Array, offset: number, value: number): void {
  setU32(bytes, offset, value % 2 ** 32)
  setU32(bytes, offset + 4, Math.floor(value / 2 ** 32))
}
