/** How long the peer's answer takes, and how long to wait for it: RFC 6298. */
import type { Millis } from '@mirage/clock'

/** Whole microseconds, so that they need no box. Instants are counted modulo 2^32, like sequence numbers. */
export type Micros = number

/** RFC 6298 §2.1. */
export const RTO_INITIAL: Millis = 1000
/**
 * Lower than the second of RFC 6298 §2.4: peers delay an acknowledgement by at most 40 to 200 ms, and a second
 * of silence after every lost tail is what people notice. See decisions/0015.
 */
export const RTO_MIN: Millis = 200
/** RFC 6298 §2.5. */
export const RTO_MAX: Millis = 60_000
/** After a lost SYN, until a measurement: RFC 6298 §5.7. */
export const RTO_AFTER_SYN_LOSS: Millis = 3000
/** What a measurement may be at most, so that four times it stays a small integer. */
export const RTT_MAX: Micros = 100_000_000

export interface RoundTrip {
  /** Negative before the first measurement. */
  srtt: Micros
  rttvar: Micros
  /** The shortest so far. */
  rttMin: Micros
  rto: Millis
}

export function unknown(): RoundTrip {
  return { srtt: -1, rttvar: 0, rttMin: RTT_MAX, rto: RTO_INITIAL }
}

/** The instant `now`. */
export function micros(now: Millis): Micros {
  return Math.floor(now * 1000) | 0
}

/** The answer to something took `elapsed`, and it is known to what (Karn). */
export function measured(trip: RoundTrip, elapsed: Micros): void {
  const rtt = Math.min(elapsed, RTT_MAX)
  if (trip.srtt < 0) {
    trip.srtt = rtt
    trip.rttvar = rtt >> 1
  } else {
    trip.rttvar += (Math.abs(trip.srtt - rtt) - trip.rttvar) >> 2
    trip.srtt += (rtt - trip.srtt) >> 3
  }
  restore(trip)
}

/**
 * The timeout that the measurements say, without what it was backed off by. What it allows for variation is never
 * less than `RTO_MIN`: on a long path whose delay hardly varies, the first that is late is not lost.
 */
export function restore(trip: RoundTrip): void {
  if (trip.srtt < 0) return
  const rto = Math.ceil(trip.srtt / 1000) + Math.max(RTO_MIN, Math.ceil(trip.rttvar / 250))
  trip.rto = Math.min(rto, RTO_MAX)
}

/** RFC 6298 §5.5. */
export function backOff(trip: RoundTrip): void {
  trip.rto = Math.min(2 * trip.rto, RTO_MAX)
}
