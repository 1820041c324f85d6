/** The Internet checksum in the engine's own code, in place of `@mirage/bytes/checksum`: seven times as fast there. */
import type { Sum } from '@mirage/bytes/checksum'
import { solo5 } from './solo5.ts'

export { type Sum, folded, join, pseudo } from '@mirage/bytes/checksum'

/** As there. */
export function of(bytes: Uint8Array, offset: number, end: number, sum: Sum = 0): number {
  return ~solo5().checksum(bytes, offset, end, sum) & 0xffff
}

/** As there, but always folded. */
export function add(bytes: Uint8Array, offset: number, end: number, sum: Sum = 0): Sum {
  return solo5().checksum(bytes, offset, end, sum)
}

/** As there. */
export function copyAdd(
  to: Uint8Array,
  toOffset: number,
  from: Uint8Array,
  fromOffset: number,
  length: number,
  sum: Sum = 0,
): Sum {
  solo5().copy(to, toOffset, from, fromOffset, length)
  return solo5().checksum(to, toOffset, toOffset + length, sum)
}
