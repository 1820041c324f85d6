/**
 * Sequence numbers, modulo 2^32: RFC 9293 §3.4.
 *
 * They are held as signed 32-bit integers, which no engine puts into a box. The sign means nothing: two
 * numbers are compared by the way from one to the other, which is never 2^31 or longer inside a window.
 */
export type Sequence = number

export function add(from: Sequence, count: number): Sequence {
  return (from + count) | 0
}

/** How far it is from `from` to `to`; negative if `to` comes before. */
export function distance(from: Sequence, to: Sequence): number {
  return (to - from) | 0
}

export function lessThan(a: Sequence, b: Sequence): boolean {
  return ((a - b) | 0) < 0
}

export function atMost(a: Sequence, b: Sequence): boolean {
  return ((a - b) | 0) <= 0
}

export function later(a: Sequence, b: Sequence): Sequence {
  return lessThan(a, b) ? b : a
}
