/** Gives a target as many inputs as asked for, in blocks that can be replayed, and watches its time and memory. */
import { setImmediate } from 'node:timers/promises'
import { Inputs } from './inputs.ts'
import * as watchdog from './watchdog.ts'

/** Takes an input. */
export type Take = (input: Uint8Array) => void

/** Something that reads bytes that others wrote. */
export interface Target {
  readonly name: string
  /** What is right, to be made almost right. */
  readonly corpus: readonly Uint8Array[]
  /**
   * A new one of it, which takes inputs one after the other and throws where it breaks a promise. An input may be kept
   * and changed no longer than the call. `inputs` is there for choices of its own.
   */
  readonly create: (inputs: Inputs) => Take | Promise<Take>
}

/** What came of it. */
export interface Outcome {
  readonly inputs: number
  readonly seconds: number
  /** Bytes that the heap has grown since the first block. */
  readonly growth: number
}

/** How much of it. */
export interface Amount {
  readonly inputs: number
  readonly seconds: number
  readonly seed: number
  /** The block to begin with; that alone is run if `inputs` is one. */
  readonly block?: number
  /** A block that takes longer has no end: the process is killed, and what replays it is told before. A minute unless told. */
  readonly patienceMs?: number
}

/** Inputs that one instance of a target takes: a failure is replayed by its block. */
export const BLOCK = 1000
/** No input takes longer, on any machine; a block is looked at as one. */
const BLOCK_MS_MAX = 20_000
/** A block that has not ended by then never will. */
const HANG_MS = 60_000
/** The heap may breathe; what grows with the inputs would pass this. */
const GROWTH_MAX = 64 * 1024 * 1024

/** Runs `target`; rejects, with what replays it, where it throws, takes too long or grows. */
export async function fuzz(target: Target, amount: Amount): Promise<Outcome> {
  const { inputs, seconds, seed, block = 0 } = amount
  const begun = performance.now()
  let done = 0
  let before: number | undefined
  let growth = 0
  for (let index = block; done < inputs && performance.now() - begun < 1000 * seconds; index++) {
    done += await runBlock(target, amount, index, Math.min(BLOCK, inputs - done))
    // Promises that it made go on in between.
    await setImmediate()
    if ((index - block) % 256 !== 0) continue
    const used = heap()
    before ??= used
    growth = used - before
    if (growth > GROWTH_MAX)
      throw new Error(`${target.name}: the heap has grown by ${growth} bytes, seed ${seed}`)
  }
  return { inputs: done, seconds: (performance.now() - begun) / 1000, growth }
}

async function runBlock(
  target: Target,
  { seed, patienceMs = HANG_MS }: Amount,
  index: number,
  count: number,
): Promise<number> {
  const inputs = new Inputs(target.corpus, seed * 1_000_003 + index)
  const begun = performance.now()
  let input: Uint8Array | undefined
  const replay = `npm run fuzz -- --target ${target.name} --seed ${seed} --block ${index}`
  watchdog.begin(replay, patienceMs)
  try {
    const take = await target.create(inputs)
    for (let i = 0; i < count; i++) take((input = inputs.next()))
  } catch (error) {
    const last = input === undefined ? 'none' : Buffer.from(input).toString('hex')
    throw new Error(`${target.name}: ${String(error)}\n  the last input: ${last}\n  replay it: ${replay}`, {
      cause: error,
    })
  } finally {
    watchdog.over()
  }
  const elapsed = performance.now() - begun
  if (elapsed > BLOCK_MS_MAX)
    throw new Error(`${target.name}: block ${index} of seed ${seed} took ${elapsed} ms`)
  return count
}

/** Bytes in use, of what is still in use where that can be known. */
function heap(): number {
  // Buffers that are garbage are taken back beside the program, at the latest when it is collected again.
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
