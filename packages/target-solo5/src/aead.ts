/** What the engine seals and opens in place, as the messages of `@mirage/crypto`. */
import { type OpenError, TAG_SIZE } from '@mirage/crypto/aead'
import { type Result, err, ok } from '@mirage/result'
import type { Open, Seal } from './solo5.ts'

/** The ciphertext and its tag, in bytes of their own. */
export function sealed(
  seal: Seal,
  key: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
  data: Uint8Array,
): Uint8Array {
  const result = new Uint8Array(message.length + TAG_SIZE)
  result.set(message)
  seal(key, nonce, data, result, 0, message.length, result.subarray(message.length))
  return result
}

/** The message, in bytes of its own. */
export function opened(
  open: Open,
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  data: Uint8Array,
): Result<Uint8Array, OpenError> {
  const end = sealed.length - TAG_SIZE
  if (end < 0) return err('bad-tag')
  const message = sealed.slice(0, end)
  return open(key, nonce, data, message, 0, end, sealed.subarray(end)) ? ok(message) : err('bad-tag')
}
