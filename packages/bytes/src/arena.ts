/**
 * Memory that the platform copies and sums faster than JavaScript can.
 *
 * What packets pass through on their way, the frames of devices and the text that waits to be sent, lies here where a
 * platform has such memory. Everything works without it.
 */
import { assert } from '@mirage/result'

/** Such memory, and what is done in it. Places are in bytes from its beginning; who calls has checked them. */
export interface Arena {
  /** All of it; it stays the same. */
  readonly buffer: ArrayBuffer
  /** Copies `length` bytes. The two parts may overlap. */
  copy(to: number, from: number, length: number): void
  /**
   * The sum of the 16-bit words, their low byte first, from `start` up to `end`; an odd byte at the end is the low half
   * of a word. Below 2^17, for up to `SUM_MAX` bytes.
   */
  sum(start: number, end: number): number
  /** `sum` of the bytes from `start` up to `end`, which are copied to `distance` bytes behind where they are. */
  copySum(start: number, end: number, distance: number): number
}

/** The most bytes that an arena sums at once: of all ones, their words add up to less than 2^32. */
export const SUM_MAX = 0x1_0000

/** The arena of this program. None is as good as an empty one. */
export let arena: Arena = { buffer: new ArrayBuffer(0), copy: absent, sum: absent, copySum: absent }
/** Bytes of it that are taken. */
let used = 0

/** What is taken begins where a line of the processor's cache does. */
const ALIGNMENT = 64
/** Arrays that begin in the same 512 bytes displace each other from `noted`. */
const GRAIN_SHIFT = 9
/** The arrays that were noted to lie in the arena, by where they begin. */
const noted: (Uint8Array | undefined)[] = []

function absent(): never {
  throw new Error('nothing lies in an empty arena')
}

/** Makes `chosen` the arena, from which `allocate` takes from now on. Once, before anything is taken. */
export function install(chosen: Arena): void {
  assert(used === 0, 'an arena is installed before anything is taken from it')
  arena = chosen
}

/**
 * `length` bytes, zeroed: of the arena while it lasts, then of the engine's memory. What is the arena's is never given
 * back, so this is for what is kept and used again.
 */
export function allocate(length: number): Uint8Array {
  const start = Math.ceil(used / ALIGNMENT) * ALIGNMENT
  if (start + length > arena.buffer.byteLength) return new Uint8Array(length)
  used = start + length
  const bytes = new Uint8Array(arena.buffer, start, length)
  note(bytes)
  return bytes
}

/** Whether `bytes` lies in the arena. Asking an array for its buffer is a call into the engine, 12 ns: noted ones are not. */
export function isInArena(bytes: Uint8Array): boolean {
  return noted[bytes.byteOffset >>> GRAIN_SHIFT] === bytes || bytes.buffer === arena.buffer
}

/** Notes where `bytes` lies, which will be copied and summed often: a part of what was allocated that begins elsewhere. */
export function note(bytes: Uint8Array): void {
  if (bytes.buffer !== arena.buffer) return
  const grain = bytes.byteOffset >>> GRAIN_SHIFT
  while (noted.length <= grain) noted.push(undefined)
  noted[grain] = bytes
}
