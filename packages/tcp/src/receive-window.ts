/**
 * Our window: how much the peer may send, RFC 9293 §3.8.6.
 *
 * It begins small and grows while the application reads and the peer, within about a round trip, uses all of it: then
 * it is the window that holds the peer back. On short paths the first size is enough for gigabits, if it holds many segments.
 */
import type { Millis } from '@mirage/clock'
import { type Micros, micros } from './round-trip.ts'
import { add, distance, lessThan } from './sequence.ts'
import type { Tcb } from './tcb.ts'

/** Where windows begin. */
export const SIZE_START = 262_144
/** What 256 KiB in less time than this is fast enough: 2 Gbit/s. */
const SHORT: Micros = 1000
/**
 * Segments, of the size in which they arrive, that a window holds on any path: where the device or the peer puts together
 * 64 KiB, four of them would wait for each other's acknowledgements. In memory 32 are 1.3 times as fast as 4; of 1460 bytes
 * 256 KiB are enough, and more of them leave the processor's cache.
 */
const COUNT = 32

/** The window, if all of it were free. Without scaling, the field can say no more than 65535. */
export function sizeOf({ limits, rcv }: Tcb): number {
  const size = Math.min(rcv.size, limits.receiveSize)
  return rcv.scale >= 0 ? size : Math.min(size, 0xffff)
}

/** Moves the edge, in steps that are worth it (RFC 9293 §3.8.6.2.2), and says it as a field. */
export function field(tcb: Tcb): number {
  const { rcv } = tcb
  const gain = gainOf(tcb)
  if (gain >= stepOf(tcb)) rcv.edge = add(rcv.edge, gain)
  return distance(rcv.nxt, rcv.edge) >>> Math.max(rcv.scale, 0)
}

/** How much further the edge could be than the peer was told. */
function gainOf(tcb: Tcb): number {
  const { rcv } = tcb
  return distance(rcv.edge, add(rcv.nxt, sizeOf(tcb) - rcv.ready.length))
}

/** The least step of the edge. */
function stepOf(tcb: Tcb): number {
  return Math.min(sizeOf(tcb) >>> 1, tcb.limits.mss)
}

/** Whether the application has read enough for the peer to be told by a segment of its own. */
export function isUpdateDue(tcb: Tcb): boolean {
  const gain = gainOf(tcb)
  if (gain < stepOf(tcb)) return false
  const isNearlyClosed = distance(tcb.rcv.nxt, tcb.rcv.edge) < 2 * tcb.limits.mss
  return isNearlyClosed || gain >= sizeOf(tcb) >>> 2
}

/** `length` bytes arrived in order: if they end a window that was open a round trip ago, the window doubles. */
export function arrived(tcb: Tcb, length: number, now: Millis): void {
  const { rcv, limits } = tcb
  if (lessThan(rcv.nxt, rcv.roundEnd)) return
  const at = micros(now)
  const elapsed = distance(rcv.roundAt, at)
  rcv.roundAt = at
  rcv.roundEnd = add(rcv.nxt, Math.max(distance(rcv.nxt, rcv.edge), rcv.size >> 1))
  if (rcv.size >= limits.receiveSize || elapsed > 2 * tcb.srtt) return
  if (elapsed < SHORT && rcv.size >= COUNT * length) return
  if (4 * rcv.ready.length < rcv.size) rcv.size = Math.min(2 * rcv.size, limits.receiveSize)
}
