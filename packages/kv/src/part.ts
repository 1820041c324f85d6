/** Parts of values, for those who make stores. */
import { assert } from '@mirage/result'

/** Throws unless both are natural numbers. */
export function checkPart(offset: number, length: number): void {
  assert(Number.isSafeInteger(offset) && offset >= 0, 'an offset is a natural number')
  assert(Number.isSafeInteger(length) && length >= 0, 'a length is a natural number')
}

/** A new value: `old` with `bytes` over it from `offset` on, or at its end if that comes first. */
export function overwritten(old: Uint8Array, offset: number, bytes: Uint8Array): Uint8Array {
  const start = Math.min(offset, old.length)
  const value = new Uint8Array(Math.max(old.length, start + bytes.length))
  value.set(old)
  value.set(bytes, start)
  return value
}
