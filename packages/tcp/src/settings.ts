/** What TCP is told when it is made, and what it tells of itself. */
import type { Clock } from '@mirage/clock'
import type { Ip } from '@mirage/ip'
import type { DeliveryErrors } from '@mirage/ip/errors'
import type { Random } from '@mirage/random'
import type { SegmentError } from './segment.ts'

/** What TCP is made on. */
export interface Needs {
  readonly ip: Ip
  /** Without it, nobody tells of segments that are too big for a link, or that do not arrive. */
  readonly icmp?: DeliveryErrors
  readonly clock: Clock
  readonly random: Random
}

/** How much of everything there may be. */
export interface Options {
  /** How far the receive window of a connection may grow in bytes, up to 65,535 · 2^14; 6,291,456 unless told. */
  readonly receiveSize?: number
  /** How many bytes a connection accepts, at most, before the peer acknowledges them; 4,194,304 unless told. */
  readonly sendSize?: number
  /** Connections in all; a SYN for one more is ignored, and `connect` is `no-port`. 131,072 unless told. */
  readonly connectionsMax?: number
  /**
   * Connections of one listener whose handshake is not over; further SYNs are answered with cookies, and nothing is kept
   * of them. So many may wait for a decision, too; then the oldest goes. 256 unless told.
   */
  readonly backlogMax?: number
  /** Connections in TIME-WAIT; then the oldest goes. 4096 unless told. */
  readonly timeWaitMax?: number
  /**
   * Bytes that wait in all connections together, to be sent, to be read, or for what comes before them. When there are
   * more, SYNs are ignored and text out of order is dropped until a quarter is free again, and a connection that holds
   * more than its share gets no more: its writes wait, and what its peer sends is dropped, to come again. Its share is
   * half of this, divided by their number, and 4 KiB at least. Text to be sent counts as the chunks that hold it, of 4 or
   * of 64 KiB; text that arrived, by its length: what is slow to be read may keep more, as `text.ts` says. 128 MiB unless
   * told.
   */
  readonly memoryMax?: number
}

/** What has happened since `connect`. */
export interface Counters {
  readonly segmentsIn: number
  readonly segmentsOut: number
  readonly resetsOut: number
  /** Segments with urgent data, which is read like any other: RFC 6093 §6. */
  readonly urgentsIn: number
  /** SYNs that were answered with a cookie, because the backlog was full. */
  readonly cookiesOut: number
  /** Connections that began with one. */
  readonly cookiesIn: number
  /** SYNs that were ignored: there were too many connections, or too much memory was used. */
  readonly synsIgnored: number
  /** Half-open connections that were given up for newer ones. */
  readonly halfOpenDropped: number
  /** How often more memory was used than `memoryMax`, and the texts that were dropped meanwhile. */
  readonly exhaustions: number
  readonly textsDropped: number
  /** Segments that were dropped unread, by why. */
  readonly drops: Readonly<Record<SegmentError, number>>
}

/** What is in use now. */
export interface Usage {
  readonly connections: number
  /** Bytes of text that wait in all of them, as `memoryMax` counts them. */
  readonly memory: number
}
