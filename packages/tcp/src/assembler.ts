/**
 * Text that arrived before its turn: runs with holes before them, sorted, apart and never touching.
 *
 * What is held is never replaced by other text before its turn. Text that arrives in its turn does not come here,
 * so it is never refused for want of a run, and what is held of it is dropped.
 */
import { type Sequence, add, atMost, distance, lessThan } from './sequence.ts'
import { Slabs, Text } from './text.ts'

/** Runs of one connection; text that would need one more is dropped, and the peer sends it again. */
export const RUNS_MAX = 128
/** What a run takes beside its text. */
export const RUN_SIZE = 512

export interface Run {
  start: Sequence
  readonly text: Text
  /**
   * Slabs of its own, that grow with it. In those that all connections share, a byte that waits for others, for ever if the
   * peer likes, would keep 16 KiB alive, which are counted nowhere.
   */
  readonly slabs: Slabs
}

function endOf(run: Run): Sequence {
  return add(run.start, run.text.length)
}

export class Assembler {
  #runs: Run[] = NONE

  /** What is held, in order; lent until the next change. */
  get runs(): readonly Readonly<Run>[] {
    return this.#runs
  }

  get isEmpty(): boolean {
    return this.#runs.length === 0
  }

  /** Bytes that are held. */
  get length(): number {
    let length = 0
    for (const { text } of this.#runs) length += text.length
    return length
  }

  /** What it takes, in bytes: no more than twice what is held, and something for each run. */
  get size(): number {
    return this.#runs.length === 0 ? 0 : this.length + this.#runs.length * RUN_SIZE
  }

  /** Keeps a copy of the text of `frame` that begins at `seq`. The caller has trimmed it to the window. */
  insert(seq: Sequence, frame: Uint8Array, offset: number, length: number): void {
    if (this.#runs === NONE) this.#runs = []
    const end = add(seq, length)
    let at = seq
    let i = this.#runs.findIndex((run) => lessThan(seq, endOf(run)) || endOf(run) === seq)
    if (i < 0) i = this.#runs.length
    while (lessThan(at, end)) {
      const run = this.#runs[i]
      if (run !== undefined && atMost(run.start, at)) {
        // `at` lies inside this run or at its end: skip what it holds, then extend it up to the next.
        if (lessThan(at, endOf(run))) at = endOf(run)
        const next = this.#runs[i + 1]
        const stop = next !== undefined && lessThan(next.start, end) ? next.start : end
        if (lessThan(at, stop)) {
          run.text.append(run.slabs, frame, offset + distance(seq, at), distance(at, stop))
          at = stop
        }
        if (next !== undefined && endOf(run) === next.start) this.#merge(i)
        else i++
      } else {
        if (this.#runs.length >= RUNS_MAX) return
        this.#runs.splice(i, 0, { start: at, text: new Text(), slabs: new Slabs(distance(at, end)) })
      }
    }
  }

  /** Moves what has become next at `rcvNxt` to the end of `ready`, and returns how many bytes that were. */
  advance(rcvNxt: Sequence, ready: Text): number {
    let nxt = rcvNxt
    while (this.#runs.length > 0 && atMost(this.#runs[0]!.start, nxt)) {
      const run = this.#runs.shift()!
      const held = distance(run.start, nxt)
      if (held < run.text.length) {
        run.text.skip(held)
        nxt = add(nxt, run.text.length)
        ready.join(run.text)
      }
    }
    if (this.#runs.length === 0) this.#runs = NONE
    return distance(rcvNxt, nxt)
  }

  clear(): void {
    this.#runs = NONE
  }

  /** Run `i` has reached run `i + 1`. */
  #merge(i: number): void {
    this.#runs[i]!.text.join(this.#runs[i + 1]!.text)
    this.#runs.splice(i + 1, 1)
  }
}

/** The runs of every connection that has none: one list, which nobody changes. */
const NONE: Run[] = []

/** What is held for every connection that misses nothing: one, into which nothing is inserted. */
export const NO_RUNS: Assembler = new Assembler()
