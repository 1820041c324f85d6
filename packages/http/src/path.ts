/** Paths of requests as keys of a store: RFC 3986 §2.1 and §3.3. */
import * as utf8 from '@mirage/bytes/utf8'
import * as Key from '@mirage/kv/key'
import { HEX } from './grammar.ts'

const PERCENT = 0x25

/**
 * The key that `path`, which begins with `/`, names: each segment with its percent-encoding undone, once.
 *
 * `undefined` if it can name nothing that is served: an empty segment before the last, `.` or `..`, a slash or
 * backslash that was encoded, a control character, or an encoding of no text. So what comes out has neither
 * a way up nor a second spelling, whatever the store makes of its keys.
 */
export function keyOf(path: string): Key.Key | undefined {
  const segments = path.split('/')
  // The path begins with a slash; one at its end names a dictionary.
  segments.shift()
  if (segments.at(-1) === '') segments.pop()
  let key = Key.empty
  for (const encoded of segments) {
    const segment = encoded.includes('%') ? decoded(encoded) : encoded
    if (segment === undefined || !isSafe(segment)) return undefined
    const longer = Key.add(key, segment)
    if (!longer.ok) return undefined
    key = longer.value
  }
  return key
}

function isSafe(segment: string): boolean {
  if (segment === '' || segment === '.' || segment === '..') return false
  for (let i = 0; i < segment.length; i++) {
    const unit = segment.charCodeAt(i)
    if (unit < 0x20 || unit === 0x7f || unit === 0x2f || unit === 0x5c) return false
  }
  return true
}

function decoded(segment: string): string | undefined {
  const bytes = new Uint8Array(segment.length)
  let length = 0
  for (let i = 0; i < segment.length; i++) {
    let byte = segment.charCodeAt(i)
    if (byte === PERCENT) {
      const high = HEX[segment.charCodeAt(i + 1)] ?? 255
      const low = HEX[segment.charCodeAt(i + 2)] ?? 255
      if (high === 255 || low === 255) return undefined
      byte = high * 16 + low
      i += 2
    }
    bytes[length++] = byte
  }
  const text = utf8.decode(bytes.subarray(0, length))
  // What was no UTF-8 would be a second spelling of a name with the replacement character in it.
  return text.includes('\ufffd') ? undefined : text
}
