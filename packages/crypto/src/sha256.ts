/** SHA-256, FIPS 180-4. Bytes that are given are lent until the call returns; a digest is the caller's. */
import { sha256 } from '@noble/hashes/sha2.js'

/** Bytes of a digest. */
export const SIZE = 32

/** The digest of a message that comes in pieces. */
export interface Hash {
  /** Adds the next piece, of any length. */
  update(piece: Uint8Array): this
  /** The digest of all pieces. It is the last call: the hash is used up, and throws from then on. */
  digest(): Uint8Array
}

/** The digest of `message`. */
export function of(message: Uint8Array): Uint8Array {
  return sha256(message)
}

/** A hash of no pieces yet. */
export function create(): Hash {
  return sha256.create()
}
