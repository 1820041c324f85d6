/**
 * SipHash-2-4: short inputs to numbers that nobody can tell from random ones without the key (Aumasson and
 * Bernstein, 2012). It takes a fifth of the time of SHA-256.
 *
 * Words have 64 bits, least significant byte first: each is held as its low and its high half.
 */

/** In bytes. */
export const KEY_SIZE = 16

/** "somepseudorandomlygeneratedbytes" */
const START = [
  0x7073_6575, 0x736f_6d65, 0x6e64_6f6d, 0x646f_7261, 0x6e65_7261, 0x6c79_6765, 0x7974_6573, 0x7465_6462,
]

/** The state, v0 to v3: of one hash at a time, since none waits. */
const v = new Int32Array(8)

/** The lower half of the hash of `bytes`, 32 bits with a sign. `key` has `KEY_SIZE` bytes. */
export function low32(key: Uint8Array, bytes: Uint8Array): number {
  for (let i = 0; i < 8; i++) v[i] = START[i]! ^ half(key, (i * 4) % KEY_SIZE)
  let offset = 0
  for (; offset + 8 <= bytes.length; offset += 8) compress(half(bytes, offset), half(bytes, offset + 4))
  compress(half(bytes, offset), half(bytes, offset + 4) | (bytes.length << 24))
  v[4] = v[4]! ^ 0xff
  for (let i = 0; i < 4; i++) round()
  return v[0]! ^ v[2]! ^ v[4] ^ v[6]!
}

/** The four bytes at `offset`; those past the end are 0. */
function half(bytes: Uint8Array, offset: number): number {
  let word = 0
  for (let i = Math.min(offset + 4, bytes.length) - 1; i >= offset; i--) word = (word << 8) | bytes[i]!
  return word
}

function compress(low: number, high: number): void {
  v[6] = v[6]! ^ low
  v[7] = v[7]! ^ high
  round()
  round()
  v[0] = v[0]! ^ low
  v[1] = v[1]! ^ high
}

function round(): void {
  mix(0, 2, 13)
  swap(0)
  mix(4, 6, 16)
  mix(0, 6, 21)
  mix(4, 2, 17)
  swap(4)
}

/** v[a] += v[b]; v[b] = (v[b] rotated left by `count`) ^ v[a] */
function mix(a: number, b: number, count: number): void {
  const [low, high] = [v[b]!, v[b + 1]!]
  const sum = (v[a]! >>> 0) + (low >>> 0)
  v[a] = sum
  v[a + 1] = v[a + 1]! + high + (sum > 0xffff_ffff ? 1 : 0)
  v[b] = ((low << count) | (high >>> (32 - count))) ^ v[a]
  v[b + 1] = ((high << count) | (low >>> (32 - count))) ^ v[a + 1]!
}

/** Rotates v[a] by 32. */
function swap(a: number): void {
  const low = v[a]!
  v[a] = v[a + 1]!
  v[a + 1] = low
}
