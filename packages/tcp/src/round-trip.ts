/** How long the peer's answer takes, and how long to wait for it: RFC 6298. */
import type { Millis } from '@mirage/clock'

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
/** The clock's granularity. */
const GRANULARITY: Millis = 1

export interface RoundTrip {
  /** Negative before the first measurement. */
  srtt: Millis
  rttvar: Millis
  rto: Millis
}

export function unknown(): RoundTrip {
  return { srtt: -1, rttvar: 0, rto: RTO_INITIAL }
}

/** The answer to something that was sent once took `rtt`. What was sent twice is never measured (Karn). */
export function measured(trip: RoundTrip, rtt: Millis): void {
  if (trip.srtt < 0) {
    trip.srtt = rtt
    trip.rttvar = rtt / 2
  } else {
    trip.rttvar = 0.75 * trip.rttvar + 0.25 * Math.abs(trip.srtt - rtt)
    trip.srtt = 0.875 * trip.srtt + 0.125 * rtt
  }
  restore(trip)
}

/** The timeout that the measurements say, without what it was backed off by. */
export function restore(trip: RoundTrip): void {
  if (trip.srtt < 0) return
  const rto = trip.srtt + Math.max(GRANULARITY, 4 * trip.rttvar)
  trip.rto = Math.min(Math.max(rto, RTO_MIN), RTO_MAX)
}

/** RFC 6298 §5.5. */
export function backOff(trip: RoundTrip): void {
  trip.rto = Math.min(2 * trip.rto, RTO_MAX)
}
