/**
 * RACK, RFC 8985: text is lost when something that was sent sufficiently later has arrived. How much later grows with
 * the reordering that a path has been seen to do. The tail loss probe of its §7 is with the timers.
 *
 * Only for peers that send blocks (SACK); without them `recovery.ts` counts duplicates.
 */
import type { Millis } from '@mirage/clock'
import { type Micros, micros } from './round-trip.ts'
import { AGAIN, type Delivered, LOST, SACKED, isSentAfter, lose } from './scoreboard.ts'
import { type Sequence, atMost, distance, lessThan } from './sequence.ts'
import type { Tcb } from './tcb.ts'

/** Segments that were held out of order which mean a loss where nothing was ever reordered: RFC 8985 §6.2. */
const DUP_THRESH = 3
/** Recoveries for which a path that was seen to duplicate what it reordered is given more time: RFC 8985 §6.2. */
const PERSISTS = 16
/** Quarters of a round trip that text may be late, at most: the smoothed round trip bounds it before. */
const QUARTERS_MAX = 255

/** What is made when a peer's first block arrives. */
export interface Rack {
  /** Of all that has arrived, what was sent last. */
  hasNewest: boolean
  newestAt: Micros
  newestEnd: Sequence
  /** How long that took. */
  rtt: Micros
  /** The end of all that has arrived: what comes in before it was reordered. */
  fack: Sequence
  isReordered: boolean
  /** The reordering window, in quarters of the shortest round trip. */
  quarters: number
  /** Recoveries until it is one again. */
  persists: number
  /** Until this is acknowledged, further duplicates are of the same round trip. */
  roundEnd: Sequence
}

export function start(una: Sequence): Rack {
  return {
    hasNewest: false,
    newestAt: 0,
    newestEnd: una,
    rtt: 0,
    fack: una,
    isReordered: false,
    quarters: 1,
    persists: PERSISTS,
    roundEnd: una,
  }
}

/** Steps 2 and 3 of RFC 8985 §6.2, for what arrived up to `highest`. */
export function arrived(rack: Rack, delivered: Delivered, highest: Sequence, now: Millis): void {
  if (delivered.hasClean && lessThan(delivered.firstEnd, rack.fack)) rack.isReordered = true
  if (lessThan(rack.fack, highest)) rack.fack = highest
  if (!delivered.hasNewest) return
  rack.rtt = distance(delivered.newestAt, micros(now))
  if (rack.hasNewest && !isSentAfter(delivered.newestAt, delivered.newestEnd, rack.newestAt, rack.newestEnd))
    return
  rack.hasNewest = true
  rack.newestAt = delivered.newestAt
  rack.newestEnd = delivered.newestEnd
}

/** The peer had what was sent again (RFC 2883): the window was too short for this path. Once in a round trip. */
export function duplicated(rack: Rack, { snd }: Tcb): void {
  if (lessThan(snd.una, rack.roundEnd)) return
  rack.roundEnd = snd.nxt
  rack.quarters = Math.min(rack.quarters + 1, QUARTERS_MAX)
  rack.persists = PERSISTS
}

/** A recovery is over. */
export function recovered(rack: Rack): void {
  if (rack.persists > 0) rack.persists -= 1
  if (rack.persists === 0) rack.quarters = 1
}

/** Step 4. */
function reorderingWindow({ flight, rttMin, srtt, snd }: Tcb, rack: Rack, isRecovering: boolean): Micros {
  if (!rack.isReordered && (isRecovering || flight.sacked >= DUP_THRESH * snd.mss)) return 0
  return Math.min((rack.quarters * rttMin) >> 2, Math.max(srtt, 0))
}

/**
 * Step 5: marks as lost what was sent sufficiently before the newest that arrived, and returns how long it takes until
 * that is true of the next; -1 if there is nothing to wait for.
 */
export function detect(tcb: Tcb, rack: Rack, isRecovering: boolean, now: Millis): Micros {
  if (!rack.hasNewest) return -1
  const patience = rack.rtt + reorderingWindow(tcb, rack, isRecovering)
  const at = micros(now)
  let wait = -1
  for (const run of tcb.flight.runs) {
    if ((run.fate & (SACKED | LOST)) !== 0) continue
    // Without what was sent again, all behind this was sent later.
    if (!isSentAfter(rack.newestAt, rack.newestEnd, run.sentAt, run.end)) {
      if ((run.fate & AGAIN) === 0) break
      continue
    }
    const left = patience - distance(run.sentAt, at)
    if (left <= 0) lose(tcb.flight, run)
    else wait = Math.max(wait, left)
  }
  return wait
}

/** Whether the first block says that the peer had this text already: RFC 2883 §4. */
export function isDuplicateBlock(sacks: Int32Array, count: number, ack: Sequence): boolean {
  if (count === 0) return false
  const [left, right] = [sacks[0]!, sacks[1]!]
  if (atMost(right, ack)) return true
  return count > 1 && atMost(sacks[2]!, left) && atMost(right, sacks[3]!)
}

/** Whether a block lies in what was sent. */
export function isPlausibleBlock({ snd }: Tcb, left: Sequence, right: Sequence): boolean {
  const length = distance(left, right)
  return (
    length > 0 && distance(snd.una, left) >= 0 && distance(right, snd.nxt) >= 0 && lessThan(left, snd.nxt)
  )
}
