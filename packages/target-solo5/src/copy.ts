/** Copies by offsets in the engine's own code, in place of `@mirage/bytes/copy`. */
import { solo5 } from './solo5.ts'

/** As there. */
export function copy(
  to: Uint8Array,
  toOffset: number,
  from: Uint8Array,
  fromOffset: number,
  length: number,
): void {
  solo5().copy(to, toOffset, from, fromOffset, length)
}
