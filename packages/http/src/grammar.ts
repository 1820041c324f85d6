/** The characters that HTTP allows where: RFC 9110 §5.5 and §5.6.2, RFC 3986 §2. One table lookup a byte. */
export const HT = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20
export const COLON = 0x3a

/** `token`: methods and field names. */
export const TOKEN: Uint8Array = table(
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
)

/**
 * A request target: every visible ASCII character but the `#` of a fragment, which is never sent. RFC 3986
 * allows fewer; browsers send some of the rest, such as `|`, as they are.
 */
export const TARGET: Uint8Array = range(0x21, 0x7e)
TARGET['#'.charCodeAt(0)] = 0

/** A field value: visible characters, space, tab, and bytes above ASCII, which are opaque. */
export const VALUE: Uint8Array = range(0x20, 0xff)
VALUE[0x7f] = 0
VALUE[HT] = 1

/** `uri-host [ ":" port ]`, also of an IPv6 literal: RFC 3986 §3.2.2. User information is not part of it. */
export const HOST: Uint8Array = table(
  "-._~%!$&'()*+;=:[]0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
)

/** Every byte, with the letters A to Z made small. */
export const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte,
)

/** The value of a hexadecimal digit; 255 for every other byte. */
export const HEX: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(LOWER[byte]!))
  return digit < 0 ? 255 : digit
})

/** Whether `bytes` from `start` to `end` are `lower`, which is in small letters, whatever their case. */
export function isText(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false
  for (let i = 0; i < lower.length; i++) {
    if (LOWER[bytes[start + i]!] !== lower.charCodeAt(i)) return false
  }
  return true
}

/** Whether the comma-separated list from `start` to `end` has the member `lower`: RFC 9110 §5.6.1. */
export function listHas(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  for (let from = start; from <= end; ) {
    let to = from
    while (to < end && bytes[to] !== 0x2c) to++
    let first = from
    let last = to
    while (first < last && isBlank(bytes[first]!)) first++
    while (last > first && isBlank(bytes[last - 1]!)) last--
    if (isText(bytes, first, last, lower)) return true
    from = to + 1
  }
  return false
}

/** Optional whitespace, OWS: RFC 9110 §5.6.3. */
export function isBlank(byte: number): boolean {
  return byte === SP || byte === HT
}

function table(characters: string): Uint8Array {
  const allowed = new Uint8Array(256)
  for (let i = 0; i < characters.length; i++) allowed[characters.charCodeAt(i)] = 1
  return allowed
}

function range(first: number, last: number): Uint8Array {
  return new Uint8Array(256).fill(1, first, last + 1)
}
