/** Conditional requests and ranges: RFC 9110 §13 and §14. Pure: what was asked, of what there is. */
import * as date from './date.ts'
import type { Headers } from './headers.ts'

/** What is known of the value that a request is about. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string
  /** Milliseconds since 1970, a whole second. */
  readonly lastModifiedMs: number
}

/** What the conditions of a request say: go on, 304 or 412. */
export type Precondition = 'met' | 'not-modified' | 'failed'

/** The order is that of RFC 9110 §13.2.2, for GET and HEAD. */
export function precondition(headers: Headers, of: Validators): Precondition {
  const ifMatch = headers.get('if-match')
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, of.etag, false)) return 'failed'
  } else {
    const since = dateOf(headers.get('if-unmodified-since'))
    if (since !== undefined && of.lastModifiedMs > since) return 'failed'
  }
  const ifNoneMatch = headers.get('if-none-match')
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, of.etag, true) ? 'not-modified' : 'met'
  const since = dateOf(headers.get('if-modified-since'))
  return since !== undefined && of.lastModifiedMs <= since ? 'not-modified' : 'met'
}

/** Bytes from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * The part that is asked for; `whole` also where the request is to be answered as if it asked for none:
 * another unit, several ranges, which we do not join, a syntax that is wrong, or an `If-Range` that fails.
 */
export function range(headers: Headers, of: Validators, size: number): Range | 'whole' | 'unsatisfiable' {
  const asked = headers.get('range')
  if (asked === undefined || !isCurrent(headers.get('if-range'), of)) return 'whole'
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(asked)
  if (match === null) return 'whole'
  const [first, last] = [match[1]!, match[2]!]
  if (first === '') {
    if (last === '') return 'whole'
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'whole'
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) }
}

/** Whether the range is of the value that the client has: RFC 9110 §13.1.5, by strong comparison. */
function isCurrent(ifRange: string | undefined, of: Validators): boolean {
  if (ifRange === undefined) return true
  return ifRange.startsWith('"') ? ifRange === of.etag : dateOf(ifRange) === of.lastModifiedMs
}

/** A list of entity tags, or `*`, which is any. A tag may hold a comma, but ours never does. */
function matches(list: string, etag: string, isWeak: boolean): boolean {
  for (const each of list.split(',')) {
    const tag = each.trim()
    if (tag === '*' || tag === etag || (isWeak && tag === `W/${etag}`)) return true
  }
  return false
}

function dateOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : date.parse(text)
}
