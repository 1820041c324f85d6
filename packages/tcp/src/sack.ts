/**
 * What a receiver says of text that comes out of order: the blocks of RFC 2018, of text that came twice those of RFC 2883,
 * and for a while it says at once what else arrives.
 */
import { type Options, addSack } from './options.ts'
import { type Sequence, atMost, lessThan } from './sequence.ts'
import type { Receive } from './tcb.ts'

/** Blocks that are told, the one that changed last first: what an option has room for beside timestamps, and one more. */
const RECENT_MAX = 4

/**
 * Segments in order that are acknowledged at once after the last that was not. A peer that recovers may have a window of
 * one segment, and would wait for the delay of each acknowledgement. RFC 5681 §4.2 asks it for the hole itself.
 */
export const QUICK_ACKS = 16

/** What is made when text arrives out of order or twice, and forgotten when all was in order for a while. */
export interface Holes {
  /** Segments that are yet to be acknowledged at once. */
  quickLeft: number
  /** Where text arrived last, latest first: each lies in a block. */
  recent: readonly Sequence[]
  /** Text that came twice, to be told once; empty if there is none. */
  twiceFrom: Sequence
  twiceTo: Sequence
}

/** What a connection without holes keeps of where they were. */
const NOWHERE: readonly Sequence[] = []

/** Text came out of order or twice: something was lost, or overtaken. */
export function disturbed(rcv: Receive): Holes {
  const holes = (rcv.holes ??= { quickLeft: 0, recent: NOWHERE, twiceFrom: 0, twiceTo: 0 })
  holes.quickLeft = QUICK_ACKS
  return holes
}

/** Whether a segment that arrived in order is to be acknowledged at once; there is one less of those then. */
export function isQuick(rcv: Receive, holes: Holes): boolean {
  if (holes.quickLeft === 0) return false
  holes.quickLeft -= 1
  forget(rcv, holes)
  return true
}

/** Whether there are blocks to tell. */
export function isTelling({ assembler }: Receive, { twiceFrom, twiceTo }: Holes): boolean {
  return !assembler.isEmpty || twiceFrom !== twiceTo
}

function forget(rcv: Receive, holes: Holes): void {
  if (holes.quickLeft === 0 && !isTelling(rcv, holes)) rcv.holes = undefined
}

/** Text from `seq` was kept out of order. */
export function kept(rcv: Receive, seq: Sequence): void {
  const holes = disturbed(rcv)
  const others = holes.recent.filter((other) => other !== seq)
  holes.recent = [seq, ...others.slice(0, RECENT_MAX - 1)]
}

/** Text from `from` to `to` was here already. */
export function twice(rcv: Receive, from: Sequence, to: Sequence): void {
  const holes = disturbed(rcv)
  holes.twiceFrom = from
  holes.twiceTo = to
}

/** Adds to `out` as many blocks as there is room for. */
export function tell(rcv: Receive, out: Options, sacksMax: number): void {
  const { holes, assembler } = rcv
  if (holes === undefined) return
  if (holes.twiceFrom !== holes.twiceTo) addSack(out, holes.twiceFrom, holes.twiceTo, sacksMax)
  holes.twiceTo = holes.twiceFrom
  const { runs } = assembler
  if (runs.length === 0) {
    holes.recent = NOWHERE
    return forget(rcv, holes)
  }
  const first = out.sackCount
  for (const seq of holes.recent) {
    for (const { start, text } of runs) {
      const end = (start + text.length) | 0
      if (atMost(start, seq) && lessThan(seq, end)) addNew(out, first, start, end, sacksMax)
    }
  }
  for (const { start, text } of runs) {
    if (out.sackCount >= sacksMax) return
    addNew(out, first, start, (start + text.length) | 0, sacksMax)
  }
}

/** Adds a block that is not among those from `first` on. */
function addNew(out: Options, first: number, left: Sequence, right: Sequence, sacksMax: number): void {
  for (let i = first; i < out.sackCount; i++) if (out.sacks[2 * i] === left) return
  addSack(out, left, right, sacksMax)
}
