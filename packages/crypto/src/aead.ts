/**
 * Authenticated encryption with associated data, as RFC 5116 has it: what ChaCha20-Poly1305 and AES-GCM share.
 *
 * A sealed message is the ciphertext, as long as the plaintext, and then a tag. Everything that is given is lent
 * until the call returns and stays as it is; what is returned is the caller's. One nonce is never to be used for
 * two messages of one key: that would tell the messages, and let anybody forge more.
 */
import { type Result, assert, err, ok } from '@mirage/result'

/** Bytes of a nonce. */
export const NONCE_SIZE = 12
/** Bytes of a tag: a sealed message is so much longer than its plaintext. */
export const TAG_SIZE = 16

/** Why a message does not open: it, its data, the key or the nonce is not what it was sealed with. */
export type OpenError = 'bad-tag'

/** Data that is not there. */
export const NONE: Uint8Array = new Uint8Array(0)

/** Throws on a key or nonce of another size: they are the program's, and not a peer's. */
export function checkSizes(keySizes: readonly number[], key: Uint8Array, nonce: Uint8Array): void {
  assert(keySizes.includes(key.length), `a key has ${keySizes.join(' or ')} bytes`)
  assert(nonce.length === NONCE_SIZE, `a nonce has ${NONCE_SIZE} bytes`)
}

/** Opens with a library's cipher, which throws when the tag is wrong. */
export function opened(
  cipher: { decrypt(sealed: Uint8Array): Uint8Array },
  sealed: Uint8Array,
): Result<Uint8Array, OpenError> {
  if (sealed.length < TAG_SIZE) return err('bad-tag')
  try {
    return ok(cipher.decrypt(sealed))
  } catch (error) {
    if (error instanceof Error && error.message.endsWith('invalid tag')) return err('bad-tag')
    throw error
  }
}
