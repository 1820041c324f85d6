/** ChaCha20-Poly1305 in the engine's own code, in place of `@mirage/crypto/chacha20-poly1305`. */
import { NONE, type OpenError, checkSizes } from '@mirage/crypto/aead'
import { KEY_SIZE } from '@mirage/crypto/chacha20-poly1305'
import type { Result } from '@mirage/result'
import { opened, sealed } from './aead.ts'
import { solo5 } from './solo5.ts'

export { KEY_SIZE, NONCE_SIZE, type OpenError, TAG_SIZE } from '@mirage/crypto/chacha20-poly1305'

/** As there. */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
  data: Uint8Array = NONE,
): Uint8Array {
  checkSizes([KEY_SIZE], key, nonce)
  return sealed(solo5().chacha20Poly1305Seal, key, nonce, message, data)
}

/** As there. */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
  data: Uint8Array = NONE,
): Result<Uint8Array, OpenError> {
  checkSizes([KEY_SIZE], key, nonce)
  return opened(solo5().chacha20Poly1305Open, key, nonce, message, data)
}
