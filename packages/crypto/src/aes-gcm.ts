/**
 * AES-GCM, NIST SP 800-38D, with keys of 128 or 256 bits, nonces of 96 and tags of 128.
 * `@mirage/crypto/chacha20-poly1305` has the same two functions, and `aead.ts` the rules.
 *
 * This one looks bytes up in tables, which take milliseconds to make when the module is loaded, and whose use an
 * attacker on the same processor may watch. Where a protocol leaves the choice, take the other one.
 */
import type { Result } from '@mirage/result'
import { gcm } from '@noble/ciphers/aes.js'
import { NONE, type OpenError, checkSizes, opened } from './aead.ts'

export { NONCE_SIZE, type OpenError, TAG_SIZE } from './aead.ts'

/** Bytes of a key, one of: AES-128, AES-256. */
export const KEY_SIZES: readonly number[] = [16, 32]

/** The ciphertext of `message` and its tag, which also covers `data`. Throws on keys and nonces of another size. */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
  data: Uint8Array = NONE,
): Uint8Array {
  checkSizes(KEY_SIZES, key, nonce)
  return gcm(key, nonce, data).encrypt(message)
}

/** The message that was sealed so. Nothing of it is told when the tag is wrong. */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  data: Uint8Array = NONE,
): Result<Uint8Array, OpenError> {
  checkSizes(KEY_SIZES, key, nonce)
  return opened(gcm(key, nonce, data), sealed)
}
