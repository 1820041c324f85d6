/**
 * The key of a store: an immutable list of segments.
 *
 * A segment is any text without a slash, and not empty. `.` and `..` are segments like others here; a store
 * on a medium where they mean something else refuses them.
 */
import { type Result, err, ok } from '@mirage/result'

declare const brand: unique symbol
/** Segments, outermost first. Frozen; only the functions here make one. */
export type Key = readonly string[] & { readonly [brand]: 'key' }

/** The key with no segments: the root of every store. */
export const empty: Key = key([])

/** Splits `path` at its slashes and drops empty segments: `/a//b` and `a/b` are the same key. */
export function parse(path: string): Key {
  return key(path.split('/').filter((segment) => segment !== ''))
}

/** `parent` and one segment more. */
export function add(parent: Key, segment: string): Result<Key, 'bad-segment'> {
  if (segment === '' || segment.includes('/')) return err('bad-segment')
  return ok(key([...parent, segment]))
}

/** `parent` and then all segments of `child`. */
export function append(parent: Key, child: Key): Key {
  return key([...parent, ...child])
}

/** The last segment; the empty text of the empty key. */
export function basename(of: Key): string {
  return of.at(-1) ?? ''
}

/** All segments but the last; the empty key of the empty key. */
export function parent(of: Key): Key {
  return key(of.slice(0, -1))
}

/** Whether both have the same segments. */
export function equal(a: Key, b: Key): boolean {
  return a.length === b.length && isPrefix(a, b)
}

/** Whether `key` is `prefix` or lies below it. */
export function isPrefix(prefix: Key, of: Key): boolean {
  return prefix.length <= of.length && prefix.every((segment, index) => segment === of[index])
}

/** `/a/b`; `/` for the empty key. `parse` gives the key back. */
export function format(of: Key): string {
  return `/${of.join('/')}`
}

function key(segments: readonly string[]): Key {
  return Object.freeze([...segments]) as unknown as Key
}
