/**
 * UTF-8, RFC 3629, as the Encoding standard reads and writes it: what is no text becomes U+FFFD, and nothing
 * fails. A byte order mark is kept.
 */

const REPLACEMENT = 0xfffd

/** The bytes of `text`. A surrogate without its other half becomes U+FFFD. */
export function encode(text: string): Uint8Array {
  const bytes = new Uint8Array(length(text))
  let offset = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) {
      bytes[offset++] = unit
      continue
    }
    const point = pointAt(text, i)
    if (point > 0xffff) i++
    offset = put(bytes, offset, point)
  }
  return bytes
}

/** How many bytes `encode(text)` has. */
export function length(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    const isPair = pointAt(text, i) > 0xffff
    // Two units become four bytes; one unit becomes two or three.
    count += unit < 0x800 ? 1 : 2
    if (isPair) i++
  }
  return count
}

/** The text of `bytes`, with one U+FFFD for each longest run that begins a character and does not end it. */
export function decode(bytes: Uint8Array): string {
  const units = new Uint16Array(Math.min(bytes.length, CHUNK) + 2)
  let text = ''
  let count = 0
  let i = 0
  while (i < bytes.length) {
    const byte = bytes[i]!
    if (byte < 0x80) {
      units[count++] = byte
      i++
    } else {
      const size = sizeAt(bytes, i)
      const point = size > 0 ? read(bytes, i, size) : REPLACEMENT
      if (point > 0xffff) units[count++] = 0xd7c0 + (point >>> 10)
      units[count++] = point > 0xffff ? 0xdc00 | (point & 0x3ff) : point
      i += Math.abs(size)
    }
    if (count >= CHUNK) {
      text += String.fromCharCode.apply(null, units.subarray(0, count) as unknown as number[])
      count = 0
    }
  }
  return text + String.fromCharCode.apply(null, units.subarray(0, count) as unknown as number[])
}

/** So many units become text at once: an engine may limit the arguments of a call. */
const CHUNK = 4096

/** The code point that begins at unit `i`. */
function pointAt(text: string, i: number): number {
  const point = text.codePointAt(i)!
  return point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point
}

/** Writes a code point of two to four bytes; returns the offset behind it. */
function put(bytes: Uint8Array, offset: number, point: number): number {
  let at = offset
  if (point < 0x800) {
    bytes[at++] = 0xc0 | (point >>> 6)
  } else {
    if (point < 0x1_0000) {
      bytes[at++] = 0xe0 | (point >>> 12)
    } else {
      bytes[at++] = 0xf0 | (point >>> 18)
      bytes[at++] = 0x80 | ((point >>> 12) & 0x3f)
    }
    bytes[at++] = 0x80 | ((point >>> 6) & 0x3f)
  }
  bytes[at++] = 0x80 | (point & 0x3f)
  return at
}

/**
 * How many bytes the character at `i`, which is not ASCII, has; negated, how many to skip where it is broken.
 * The ranges are those of Unicode's table 3-7: no character longer than it must be, no surrogate, none above
 * U+10FFFF.
 */
function sizeAt(bytes: Uint8Array, i: number): number {
  const lead = bytes[i]!
  if (lead < 0xc2 || lead > 0xf4) return -1
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  let low = 0x80
  let high = 0xbf
  if (lead === 0xe0) low = 0xa0
  if (lead === 0xed) high = 0x9f
  if (lead === 0xf0) low = 0x90
  if (lead === 0xf4) high = 0x8f
  for (let k = 1; k < size; k++) {
    const byte = bytes[i + k]
    if (byte === undefined || byte < low || byte > high) return -k
    low = 0x80
    high = 0xbf
  }
  return size
}

function read(bytes: Uint8Array, i: number, size: number): number {
  let point = bytes[i]! & (0x7f >>> size)
  for (let k = 1; k < size; k++) point = (point << 6) | (bytes[i + k]! & 0x3f)
  return point
}
