/**
 * What a crunched module holds: files cut into chunks, as literals of JavaScript.
 *
 * A chunk is a text whose first character says how it holds its bytes: `:` as characters of the same code,
 * `=` as base64 (RFC 4648 §4). Of the two it has the one that is shorter in the source.
 */
import * as latin1 from '@mirage/bytes/latin1'
import { assert } from '@mirage/result'

/** Bytes of every chunk but the last of a file. */
export const CHUNK_SIZE = 4096

/** What a module holds. */
export interface Crunched {
  /** When the newest file was changed: milliseconds since 1970-01-01 UTC. */
  readonly modified: number
  readonly chunks: readonly string[]
  /** Sorted by path. A path is segments between slashes, without one at either end. */
  readonly values: readonly CrunchedValue[]
  /** Path and digest in hexadecimal digits; the first has the empty path. */
  readonly dictionaries: readonly (readonly [path: string, digest: string])[]
}

/** `chunks` are indices. */
export type CrunchedValue = readonly [path: string, size: number, digest: string, chunks: readonly number[]]

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** What a chunk is to be: short in a source, or characters, which is as short in bytecode and faster to read. */
export type Form = 'shorter' | 'characters'

/** A chunk of `bytes`. */
export function emitChunk(bytes: Uint8Array, form: Form = 'shorter'): string {
  let text = ':'
  for (const byte of bytes) text += String.fromCharCode(byte)
  if (form === 'characters') return text
  const base64 = `=${emitBase64(bytes)}`
  return costOf(text) <= costOf(base64) ? text : base64
}

/** The bytes of a chunk, which `emitChunk` made. */
export function parseChunk(chunk: string): Uint8Array {
  if (chunk.startsWith('=')) return parseBase64(chunk)
  assert(chunk.startsWith(':'), 'a chunk says how it holds its bytes')
  return latin1.parse(chunk, 1)
}

/** Characters of source that a bundler makes of `text`: it writes everything outside ASCII as `\xff`. */
function costOf(text: string): number {
  let cost = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x20 && code < 0x7f) cost += code === 0x22 || code === 0x5c ? 2 : 1
    else cost += code === 0x0a || code === 0x0d || code === 0x09 ? 2 : 4
  }
  return cost
}

function emitBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += DIGITS[group >> 18]! + DIGITS[(group >> 12) & 63]!
    text += i + 1 < bytes.length ? DIGITS[(group >> 6) & 63]! : '='
    text += i + 2 < bytes.length ? DIGITS[group & 63]! : '='
  }
  return text
}

/** Skips the first character of `chunk`. */
function parseBase64(chunk: string): Uint8Array {
  const padding = chunk.endsWith('==') ? 2 : chunk.length > 1 && chunk.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array(((chunk.length - 1) / 4) * 3 - padding)
  let offset = 0
  for (let i = 1; i < chunk.length; i += 4) {
    const group =
      (digit(chunk, i) << 18) | (digit(chunk, i + 1) << 12) | (digit(chunk, i + 2) << 6) | digit(chunk, i + 3)
    // What lies past the end of the array is padding, and is not stored.
    bytes[offset++] = group >> 16
    bytes[offset++] = group >> 8
    bytes[offset++] = group
  }
  return bytes
}

/** The value of a base64 digit; zero of the padding. */
function digit(text: string, index: number): number {
  const code = text.charCodeAt(index)
  if (code >= 0x61) return code - 0x61 + 26
  if (code >= 0x41) return code - 0x41
  if (code >= 0x30) return code === 0x3d ? 0 : code - 0x30 + 52
  return code === 0x2b ? 62 : 63
}
