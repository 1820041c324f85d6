/**
 * What is in flight, as runs of text that were sent at one time and met one fate: RFC 2018 §5, RFC 8985 §5.
 *
 *     una                                                        nxt
 *      | sent at 3, lost | at 3, sacked | at 3 | at 5, again | at 7 |
 *
 * Text that is sent as one is one run; it is cut where the peer's blocks cut it. The bytes of each fate are counted, so
 * that what the network still holds is known without a walk. Only the list is here: what is lost `rack.ts` decides.
 */
import type { Micros } from './round-trip.ts'
import { type Sequence, add, atMost, distance, lessThan } from './sequence.ts'

/** The peer holds it. */
export const SACKED = 1
/** It is lost, and not yet sent again. */
export const LOST = 2
/** It was sent more than once. */
export const AGAIN = 4

/** Runs of one connection; a block that would need more is not noted. A window of 4 MiB has 2,900 segments. */
export const RUNS_MAX = 4096
/** Of so many, the last grows to `GROWN_MAX` first, whenever what is in it was sent: peers can ask for segments of 76 bytes. */
const RUNS_MANY: number = RUNS_MAX / 2
const GROWN_MAX = 16_384

export interface Run {
  start: Sequence
  end: Sequence
  /** When it was sent last. */
  sentAt: Micros
  fate: number
}

/** Sorted, and without gaps from `una` to `nxt`. */
export interface Flight {
  runs: Run[]
  /** Bytes of each fate. */
  sacked: number
  lost: number
  /** A list of one run that is in flight no more, for what comes next; or an empty one. */
  spare: Run[]
}

/** The runs of every connection that has nothing in flight: one list, which nobody changes. */
const NONE: Run[] = []

/** The flight of every connection that has nothing in flight: one, into which nothing is sent. */
export const NOTHING: Flight = empty()

/** Flights that have landed, and are kept for those that begin; more than these are left to the collector. */
const landed: Flight[] = []
const LANDED_MAX = 1024

export function empty(): Flight {
  return { runs: NONE, sacked: 0, lost: 0, spare: NONE }
}

/**
 * A flight with nothing in it yet: one that has landed, if there is one. Most are one segment; what is new and hung on
 * to what is old is noted by V8, which takes 200 ns where connections are many.
 */
export function begin(): Flight {
  return landed.pop() ?? empty()
}

/** Nothing of `flight` is in flight, and nobody looks at it again. Returns what stands there instead. */
export function land(flight: Flight): Flight {
  if (flight === NOTHING) return NOTHING
  clear(flight)
  if (landed.length < LANDED_MAX) landed.push(flight)
  return NOTHING
}

/** Nothing is known any more of what was sent: all of it is sent anew. */
export function clear(flight: Flight): void {
  flight.runs = NONE
  flight.sacked = 0
  flight.lost = 0
}

/** What one acknowledgement says has arrived. One record serves for all acknowledgements. */
export class Delivered {
  /** Bytes that were not known before to have arrived. */
  count = 0
  /** Of those sent once: when the last of them was sent. */
  hasClean = false
  cleanAt: Micros = 0
  /** Of those sent once: where the first ends. */
  firstEnd: Sequence = 0
  /** The last that was sent, of those whose answer this can be. */
  hasNewest = false
  newestAt: Micros = 0
  newestEnd: Sequence = 0
  /** What came back before this cannot be the answer to what was sent again after it. */
  #ambiguousAfter: Micros = 0

  /** A new acknowledgement: it answers nothing that was sent again later than `ambiguousAfter`. */
  begin(ambiguousAfter: Micros): void {
    this.count = 0
    this.hasClean = false
    this.hasNewest = false
    this.#ambiguousAfter = ambiguousAfter
  }

  note(run: Run, start: Sequence, end: Sequence): void {
    this.count += distance(start, end)
    const { sentAt, fate } = run
    if ((fate & AGAIN) === 0) {
      if (!this.hasClean) this.firstEnd = end
      if (!this.hasClean || distance(this.cleanAt, sentAt) > 0) this.cleanAt = sentAt
      this.hasClean = true
    } else if (distance(this.#ambiguousAfter, sentAt) > 0) return
    if (this.hasNewest && !isSentAfter(sentAt, end, this.newestAt, this.newestEnd)) return
    this.hasNewest = true
    this.newestAt = sentAt
    this.newestEnd = end
  }
}

/** RFC 8985 §6.2: of what was sent at one time, what comes later in the sequence was sent later. */
export function isSentAfter(at: Micros, end: Sequence, thanAt: Micros, thanEnd: Sequence): boolean {
  const after = distance(thanAt, at)
  return after > 0 || (after === 0 && lessThan(thanEnd, end))
}

/** Text from `start`, which is the end of what was sent, to `end` is sent at `sentAt`. */
export function sent(flight: Flight, start: Sequence, end: Sequence, sentAt: Micros, isAgain: boolean): void {
  const fate = isAgain ? AGAIN : 0
  if (flight.runs === NONE) {
    flight.runs = first(flight, start, end, sentAt, fate)
    return
  }
  const last = flight.runs[flight.runs.length - 1]
  if (last !== undefined && last.sentAt === sentAt && last.fate === fate) last.end = end
  else if (last !== undefined && mustGrow(last, flight.runs.length)) {
    last.end = end
    last.sentAt = sentAt
    // Not all of it was sent then, so it measures nothing.
    last.fate |= AGAIN
  } else flight.runs.push({ start, end, sentAt, fate })
}

/** The first run, alone in its list. */
function first(flight: Flight, start: Sequence, end: Sequence, sentAt: Micros, fate: number): Run[] {
  const { spare } = flight
  const run = spare[0]
  if (run === undefined) return [{ start, end, sentAt, fate }]
  flight.spare = NONE
  run.start = start
  run.end = end
  run.sentAt = sentAt
  run.fate = fate
  return spare
}

function mustGrow({ start, end, fate }: Run, count: number): boolean {
  if (count < RUNS_MANY || (fate & (SACKED | LOST)) !== 0) return false
  return count >= RUNS_MAX || distance(start, end) < GROWN_MAX
}

/** The peer has everything before `una`. */
export function acknowledge(flight: Flight, una: Sequence, delivered: Delivered): void {
  const { runs } = flight
  let count = 0
  while (count < runs.length && atMost(runs[count]!.end, una)) take(flight, runs[count++]!, una, delivered)
  if (count === runs.length) {
    if (count === 1) flight.spare = runs
    flight.runs = NONE
  } else {
    if (count === 1) runs.shift()
    else if (count > 1) runs.splice(0, count)
    const first = runs[0]!
    if (lessThan(first.start, una)) take(flight, first, una, delivered)
  }
}

/** Takes what is before `una` off the front of `run`. */
function take(flight: Flight, run: Run, una: Sequence, delivered: Delivered): void {
  const end = lessThan(run.end, una) ? run.end : una
  const length = distance(run.start, end)
  if ((run.fate & LOST) !== 0) flight.lost -= length
  if ((run.fate & SACKED) !== 0) flight.sacked -= length
  else delivered.note(run, run.start, end)
  run.start = end
}

/** The peer holds what is between `left` and `right`, which lie between `una` and `nxt`. */
export function sack(flight: Flight, left: Sequence, right: Sequence, delivered: Delivered): void {
  const { runs } = flight
  for (let i = indexOf(runs, left); i < runs.length && lessThan(runs[i]!.start, right); i++) {
    const run = runs[i]!
    if ((run.fate & SACKED) !== 0) continue
    if (lessThan(run.start, left)) {
      if (!split(flight, i, left)) continue
      i += 1
    }
    if (lessThan(right, runs[i]!.end) && !split(flight, i, right)) continue
    hold(flight, runs[i]!, delivered)
    if (join(runs, i)) i -= 1
  }
}

function hold(flight: Flight, run: Run, delivered: Delivered): void {
  const length = distance(run.start, run.end)
  delivered.note(run, run.start, run.end)
  if ((run.fate & LOST) !== 0) flight.lost -= length
  flight.sacked += length
  run.fate = (run.fate | SACKED) & ~LOST
}

/** Joins run `i`, which the peer holds, to those beside it that it holds too. Says whether it went to the left. */
function join(runs: Run[], i: number): boolean {
  const next = runs[i + 1]
  if (next !== undefined && (next.fate & SACKED) !== 0) {
    runs[i]!.end = next.end
    runs.splice(i + 1, 1)
  }
  const previous = runs[i - 1]
  if (previous === undefined || (previous.fate & SACKED) === 0) return false
  previous.end = runs[i]!.end
  runs.splice(i, 1)
  return true
}

/** The first run that ends after `seq`: a binary search. */
function indexOf(runs: readonly Run[], seq: Sequence): number {
  let [from, to] = [0, runs.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if (atMost(runs[middle]!.end, seq)) from = middle + 1
    else to = middle
  }
  return from
}

/** Cuts run `i` in two at `at`, which lies inside. False if there are too many runs. */
export function split(flight: Flight, i: number, at: Sequence): boolean {
  const { runs } = flight
  if (runs.length >= RUNS_MAX) return false
  const run = runs[i]!
  runs.splice(i + 1, 0, { ...run, start: at })
  run.end = at
  return true
}

/** `run` was lost. */
export function lose(flight: Flight, run: Run): void {
  if ((run.fate & (SACKED | LOST)) !== 0) return
  run.fate |= LOST
  flight.lost += distance(run.start, run.end)
}

/** The first `length` bytes are lost: all that is known without blocks. */
export function loseFirst(flight: Flight, length: number): void {
  const run = flight.runs[0]
  if (run === undefined || (run.fate & LOST) !== 0) return
  const at = add(run.start, length)
  if (lessThan(at, run.end)) split(flight, 0, at)
  lose(flight, run)
}

/** All that the peer does not hold is lost; also what it said it held, if it has thrown that away (RFC 2018 §8). */
export function loseAll(flight: Flight): void {
  const isReneged = flight.runs.length > 0 && (flight.runs[0]!.fate & SACKED) !== 0
  if (isReneged) flight.sacked = 0
  for (const run of flight.runs) {
    if (isReneged) run.fate &= ~SACKED
    lose(flight, run)
  }
}

/** Nothing was lost after all: what was believed to be is in flight. */
export function findAll(flight: Flight): void {
  for (const run of flight.runs) run.fate &= ~LOST
  flight.lost = 0
}

/** Where the first lost run is; -1 if there is none. */
export function firstLost(flight: Flight): number {
  return flight.lost === 0 ? -1 : flight.runs.findIndex((run) => (run.fate & LOST) !== 0)
}

/** The first `length` bytes of run `i` are sent again; where there are too many runs, the whole run counts as sent. */
export function sentAgain(flight: Flight, i: number, length: number, sentAt: Micros): void {
  const run = flight.runs[i]!
  const at = add(run.start, length)
  if (lessThan(at, run.end)) split(flight, i, at)
  if ((run.fate & LOST) !== 0) flight.lost -= distance(run.start, run.end)
  run.fate = AGAIN
  run.sentAt = sentAt
}
