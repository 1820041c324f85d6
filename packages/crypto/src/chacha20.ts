/**
 * ChaCha20, RFC 8439 §2.4: a key stream, and nothing that tells whether a message was changed. Messages are
 * sealed with `@mirage/crypto/chacha20-poly1305`; this is for what needs the stream alone.
 */
import { assert } from '@mirage/result'
import { chacha20 } from '@noble/ciphers/chacha.js'

/** Bytes of a key. */
export const KEY_SIZE = 32
/** Bytes of a nonce. */
export const NONCE_SIZE = 12

/**
 * Encrypts or decrypts `bytes` in place, with the key stream from its block `counter` on, of 64 bytes each.
 * One key and nonce have 2^32 - 1 blocks: numbers and messages that go beyond throw, and so do keys and nonces
 * of another size.
 */
export function xor(key: Uint8Array, counter: number, nonce: Uint8Array, bytes: Uint8Array): void {
  checkSizes(key, counter, nonce, bytes)
  chacha20(key, nonce, bytes, bytes, counter)
}

/** Throws on what `xor` does not take. */
export function checkSizes(key: Uint8Array, counter: number, nonce: Uint8Array, bytes: Uint8Array): void {
  assert(key.length === KEY_SIZE, `a key of ChaCha20 has ${KEY_SIZE} bytes`)
  assert(nonce.length === NONCE_SIZE, `a nonce of ChaCha20 has ${NONCE_SIZE} bytes`)
  const last = counter + Math.ceil(bytes.length / 64)
  assert(Number.isInteger(counter) && counter >= 0 && last < 2 ** 32, 'ChaCha20 has 2^32 - 1 blocks')
}
