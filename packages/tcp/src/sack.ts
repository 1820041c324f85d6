/** What a receiver says of text out of order: the blocks of RFC 2018, and of text that came twice, RFC 2883. */
import { type Options, addSack } from './options.ts'
import { type Sequence, atMost, lessThan } from './sequence.ts'
import type { Receive } from './tcb.ts'

/** Blocks that are told, the one that changed last first: what an option has room for beside timestamps, and one more. */
const RECENT_MAX = 4

/** What is made when text arrives out of order or twice, and forgotten when there is no hole. */
export interface Holes {
  /** Where text arrived last, latest first: each lies in a block. */
  recent: Sequence[]
  /** Text that came twice, to be told once; empty if there is none. */
  twiceFrom: Sequence
  twiceTo: Sequence
}

/** Text from `seq` was kept out of order. */
export function kept(rcv: Receive, seq: Sequence): void {
  const { recent } = (rcv.holes ??= { recent: [], twiceFrom: 0, twiceTo: 0 })
  const at = recent.indexOf(seq)
  if (at >= 0) recent.splice(at, 1)
  recent.unshift(seq)
  if (recent.length > RECENT_MAX) recent.pop()
}

/** Text from `from` to `to` was here already. */
export function twice(rcv: Receive, from: Sequence, to: Sequence): void {
  const holes = (rcv.holes ??= { recent: [], twiceFrom: 0, twiceTo: 0 })
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
    rcv.holes = undefined
    return
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
