/** What a client may ask of a server, and for how long it may take. */
import type { Millis } from '@mirage/clock'
import type { HeadLimits } from './parse.ts'

/** Each is answered, where it is exceeded, as its field says. A head that is too large is 414 or 431. */
export interface Limits extends HeadLimits {
  /** Bytes of a request's body; 413 above. */
  readonly bodySizeMax: number
  /** Connections at a time; one more is reset. */
  readonly connectionsMax: number
  /** Requests on one connection; it is closed after the last. */
  readonly requestsMax: number
  /** Between requests; then the connection is closed. */
  readonly idleTimeout: Millis
  /** From the first byte of a head to its last; then it is 408. */
  readonly headTimeout: Millis
  /** Between two reads of a body; then it is 408. */
  readonly bodyTimeout: Millis
  /** For 64 KiB of a response to be accepted; then the connection is reset. */
  readonly writeTimeout: Millis
}

/** What holds unless told otherwise. */
export const LIMITS: Limits = {
  requestLineMax: 8192,
  headSizeMax: 16384,
  fieldCountMax: 100,
  bodySizeMax: 1048576,
  connectionsMax: 1024,
  requestsMax: Number.POSITIVE_INFINITY,
  idleTimeout: 60_000,
  headTimeout: 10_000,
  bodyTimeout: 30_000,
  writeTimeout: 30_000,
}
