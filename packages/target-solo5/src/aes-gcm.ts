/** AES-GCM by the processor's instructions, in place of `@mirage/crypto/aes-gcm`, which it is where there are none. */
import { NONE, type OpenError, checkSizes } from '@mirage/crypto/aead'
import type * as portable from '@mirage/crypto/aes-gcm'
import type { Result } from '@mirage/result'
import { opened, sealed } from './aead.ts'
import { solo5 } from './solo5.ts'

export { NONCE_SIZE, type OpenError, TAG_SIZE } from '@mirage/crypto/aead'

/** As there. */
export const KEY_SIZES: readonly number[] = [16, 32]

/**
 * The bundler runs a module that is required when it is, not when the image starts: its tables take an
 * interpreter 15 ms, and most processors have the instructions.
 */
declare const require: (name: '@mirage/crypto/aes-gcm') => typeof portable

/** As there. */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
  data: Uint8Array = NONE,
): Uint8Array {
  checkSizes(KEY_SIZES, key, nonce)
  const { aesGcmSeal } = solo5()
  if (aesGcmSeal === undefined) return require('@mirage/crypto/aes-gcm').seal(key, nonce, message, data)
  return sealed(aesGcmSeal, key, nonce, message, data)
}

/** As there. */
export function open(
  key: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
  data: Uint8Array = NONE,
): Result<Uint8Array, OpenError> {
  checkSizes(KEY_SIZES, key, nonce)
  const { aesGcmOpen } = solo5()
  if (aesGcmOpen === undefined) return require('@mirage/crypto/aes-gcm').open(key, nonce, message, data)
  return opened(aesGcmOpen, key, nonce, message, data)
}
