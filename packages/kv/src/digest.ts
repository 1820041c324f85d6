/**
 * The digests of stores: SHA-256, over content alone.
 *
 * A value's is that of its bytes, so that it can be compared with what others computed. Every store of the
 * house takes them from here, so that a folder and its copy in an image have the same.
 */
import { setU32 } from '@mirage/bytes'
import * as utf8 from '@mirage/bytes/utf8'
import * as sha256 from '@mirage/crypto/sha256'
import type { Kind } from './kv.ts'

/** Bytes of a digest. */
export const SIZE = 32

/** An entry of a dictionary, whose digest is known. */
export interface DigestedEntry {
  readonly name: string
  readonly kind: Kind
  readonly digest: Uint8Array
}

/** The digest of a value. */
export function ofValue(bytes: Uint8Array): Uint8Array {
  return sha256.of(bytes)
}

/** The digest of a value that comes in pieces: `add` them in order, then `end` once. */
export function pieces(): { add(piece: Uint8Array): void; end(): Uint8Array } {
  const hash = sha256.create()
  return {
    add: (piece) => void hash.update(piece),
    end: () => hash.digest(),
  }
}

/** The digest of a dictionary, whatever the order in which its entries are given. */
export function ofDictionary(entries: readonly DigestedEntry[]): Uint8Array {
  const hash = sha256.create()
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name, kind, digest } of sorted) {
    // Its kind and the length of its name, then the name and the digest: no two lists of entries read alike.
    const text = utf8.encode(name)
    const head = new Uint8Array(5)
    head[0] = kind === 'value' ? 1 : 2
    setU32(head, 1, text.length)
    hash.update(head).update(text).update(digest)
  }
  return hash.digest()
}
