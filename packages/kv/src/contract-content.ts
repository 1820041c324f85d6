/** Content for the tests of stores: what fills a store, and how it is read back. */
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { type WallTime, compare } from '@mirage/clock'
import * as utf8 from '@mirage/bytes/utf8'
import { type Result, ok } from '@mirage/result'
import * as Key from './key.ts'
import type { Kv, KvReader } from './kv.ts'

/** The content of a store: values by their paths. */
export type Content = Readonly<Record<string, Uint8Array>>

/** The instants between which something happened, both included. */
export interface Span {
  readonly from: WallTime
  readonly to: WallTime
}

export const key = Key.parse
export const bytes = utf8.encode
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, i) => i)
/** Values at every depth: of text, of none and of all bytes. */
export const TREE: Content = {
  '/a': bytes('foo\n'),
  '/empty': new Uint8Array(0),
  '/every': EVERY_BYTE,
  '/d/e': bytes('below'),
  '/d/f/g': bytes('deep'),
}

/** `kv`, with `content` set. */
export async function filled(kv: Kv, content: Content): Promise<Kv> {
  for (const [path, each] of Object.entries(content))
    assert.deepEqual(await kv.set(key(path), each), ok(undefined))
  return kv
}

/** The entries of a dictionary, each as its name and kind, sorted. */
export async function names(kv: KvReader, path: string): Promise<string[]> {
  return value(await kv.list(key(path)))
    .map((entry) => `${entry.name} ${entry.kind}`)
    .sort()
}

/** The digests of `paths`, to be compared with `===`. */
export async function digests(kv: KvReader, ...paths: string[]): Promise<string[]> {
  return Promise.all(paths.map(async (path) => value(await kv.digest(key(path))).join()))
}

/** The value of a result that has to be one. */
export function value<T>(result: Result<T, unknown>): T {
  assert.ok(result.ok, result.ok ? '' : `unexpected ${inspect(result.error)}`)
  return result.value
}

/** Whether an instant lies in a span. */
export function isWithin(instant: WallTime, { from, to }: Span): boolean {
  return compare(from, instant) <= 0 && compare(instant, to) <= 0
}

/** Bytes that differ from one sector, and from one page, to the next. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13 + (i >> 16)) & 255)
}
