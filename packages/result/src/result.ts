/**
 * The outcome of an operation that may fail in a way its caller must handle.
 * Broken invariants are not outcomes: they throw, and nobody catches them.
 */
export type Result<T, E> = Ok<T> | Err<E>

/** It succeeded, with `value`. */
export interface Ok<T> {
  readonly ok: true
  readonly value: T
}

/** It failed, for the reason `error`. */
export interface Err<E> {
  readonly ok: false
  readonly error: E
}

/** A success with `value`. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value }
}

/** A failure for the reason `error`: a member of the closed union that the operation names. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error }
}

/** The outcome of every operation that succeeded and has nothing to say: shared, so that it costs nothing. */
export const done: Ok<void> = Object.freeze({ ok: true, value: undefined })

/** Stops the program if `condition`, which only we can break, does not hold. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${invariant}`)
}

/** The end of a `switch` that handles every case; a new case makes this a type error. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
