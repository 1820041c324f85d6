/** ChaCha20 in the engine's own code, in place of `@mirage/crypto/chacha20`. */
import { checkSizes } from '@mirage/crypto/chacha20'
import { solo5 } from './solo5.ts'

export { KEY_SIZE, NONCE_SIZE, checkSizes } from '@mirage/crypto/chacha20'

/** As there. */
export function xor(key: Uint8Array, counter: number, nonce: Uint8Array, bytes: Uint8Array): void {
  checkSizes(key, counter, nonce, bytes)
  solo5().chacha20(key, counter, nonce, bytes, 0, bytes.length)
}
