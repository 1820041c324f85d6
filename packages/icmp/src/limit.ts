/** How many errors may be sent: a bucket of tokens, as RFC 1812 §4.3.2.8 suggests. */
import type { Millis } from '@mirage/clock'

/** Errors that may follow each other at once. */
export const BURST = 50
/** Errors a second in the long run. */
export const RATE = 100

/** A bucket: what is left in it, and since when it fills. */
export interface Limit {
  tokens: number
  /** When `tokens` was right. */
  at: Millis
}

/** A full bucket. */
export function create(now: Millis): Limit {
  return { tokens: BURST, at: now }
}

/** Takes a token, if there is one. `now` never decreases. */
export function take(limit: Limit, now: Millis): boolean {
  limit.tokens = Math.min(BURST, limit.tokens + ((now - limit.at) * RATE) / 1000)
  limit.at = now
  if (limit.tokens < 1) return false
  limit.tokens -= 1
  return true
}
