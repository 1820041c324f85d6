/**
 * How many errors may be sent: a bucket of tokens, as RFC 1812 §4.3.2.8 and RFC 4443 §2.4 f suggest.
 *
 * Nobody can count them: whoever has somebody else told of closed ports, in that one's name, would see by what is left for
 * himself how many were open (CVE-2020-25705). An error takes no token, one or two, by chance.
 */
import type { Millis } from '@mirage/clock'
import { type Random, below } from '@mirage/random'

/** Errors that may follow each other at once, about. */
export const BURST = 50
/** Errors a second in the long run. */
export const RATE = 100
/** Tokens that an error takes are fewer: one on average. */
const COSTS = 3

/** A bucket: what is left in it, and since when it fills. */
export interface Limit {
  /** One may be owed. */
  tokens: number
  /** When `tokens` was right. */
  at: Millis
}

/** A full bucket. */
export function create(now: Millis): Limit {
  return { tokens: BURST, at: now }
}

/** Whether one more error may be sent, which counts then. `now` never decreases. */
export function take(limit: Limit, now: Millis, random: Random): boolean {
  limit.tokens = Math.min(BURST, limit.tokens + ((now - limit.at) * RATE) / 1000)
  limit.at = now
  if (limit.tokens < 1) return false
  limit.tokens -= below(random, COSTS)
  return true
}
