/** Bytes as characters of the same code, in the engine's own code, in place of `@mirage/bytes/latin1`. */
import { solo5 } from './solo5.ts'

/** As there. */
export function parse(text: string, offset: number): Uint8Array {
  const bytes = new Uint8Array(text.length - offset)
  solo5().latin1(text, offset, bytes)
  return bytes
}
