/** ChaCha20-Poly1305, RFC 8439 §2.8. `@mirage/crypto/aes-gcm` has the same two functions, and `aead.ts` the rules. */
import type { Result } from '@mirage/result'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { NONE, type OpenError, checkSizes, opened } from './aead.ts'

export { NONCE_SIZE, type OpenError, TAG_SIZE } from './aead.ts'

/** Bytes of a key. */
export const KEY_SIZE = 32

/** The ciphertext of `message` and its tag, which also covers `data`. Throws on keys and nonces of another size. */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
  data: Uint8Array = NONE,
): Uint8Array {
  checkSizes([KEY_SIZE], key, nonce)
  return chacha20poly1305(key, nonce, data).encrypt(message)
}

/** The message that was sealed so. Nothing of it is told when the tag is wrong. */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  data: Uint8Array = NONE,
): Result<Uint8Array, OpenError> {
  checkSizes([KEY_SIZE], key, nonce)
  return opened(chacha20poly1305(key, nonce, data), sealed)
}
