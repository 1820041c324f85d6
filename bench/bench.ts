/** What a benchmark is: something that is measured several times, beside a reference in the same run. */
import { type Result, ok } from '@mirage/result'

export interface Bench {
  /** One line: what is measured, under which conditions. */
  readonly what: string
  /** Of what `measure` returns: `Gbit/s`, `requests/s`, `ms`. */
  readonly unit: string
  /** How often it is measured; 5 unless told. A run before the first is not counted: engines warm up. */
  readonly runs?: number
  /** One run. */
  readonly measure: () => Promise<number>
  /** What ours is compared with, measured in turn with it, since machines differ and get tired. */
  readonly reference?: Reference
  readonly target?: Target
  /** Ends what the first run began. */
  readonly stop?: () => Promise<void>
}

/** What we want of the ratio to the reference; of the number itself where it says so, or there is no reference. */
export type Target = ({ readonly atLeast: number } | { readonly atMost: number }) & {
  readonly of?: 'ratio' | 'number'
}

export interface Reference {
  readonly what: string
  /** One run, or one sentence about why this machine cannot run it. */
  readonly measure: () => Promise<Result<number, string>>
}

export interface Numbers {
  readonly median: number
  readonly minimum: number
  readonly maximum: number
  readonly runs: number
}

/** What is stored: one file for each bench. */
export interface Report extends Numbers {
  readonly what: string
  readonly unit: string
  readonly reference?:
    | (Numbers & { readonly what: string })
    | { readonly what: string; readonly missing: string }
  /** Ours over the reference's, of the medians. */
  readonly ratio?: number
  readonly target?: Target
  readonly node: string
  readonly cores: number
  readonly date: string
}

const RUNS = 5

/** Measures `bench` and its reference in turn. */
export async function run(bench: Bench): Promise<Omit<Report, 'node' | 'cores' | 'date'>> {
  const ours: number[] = []
  const theirs: number[] = []
  let missing: string | undefined
  await bench.measure()
  for (let i = 0; i < (bench.runs ?? RUNS); i++) {
    ours.push(await bench.measure())
    const measured = missing === undefined ? await bench.reference?.measure() : undefined
    if (measured?.ok === true) theirs.push(measured.value)
    if (measured?.ok === false) missing = measured.error
  }
  await bench.stop?.()
  const { what, unit, target } = bench
  const numbers = { what, unit, ...summary(ours), ...(target === undefined ? {} : { target }) }
  if (bench.reference === undefined) return numbers
  if (missing !== undefined) return { ...numbers, reference: { what: bench.reference.what, missing } }
  const reference = { what: bench.reference.what, ...summary(theirs) }
  return { ...numbers, reference, ratio: round(numbers.median / reference.median) }
}

function summary(values: readonly number[]): Numbers {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return {
    median: round(median),
    minimum: round(sorted[0]!),
    maximum: round(sorted.at(-1)!),
    runs: sorted.length,
  }
}

/** To four significant digits: more would be noise. */
function round(value: number): number {
  return Number(value.toPrecision(4))
}

/** A reference that can be measured wherever the bench can. */
export function always(measure: () => Promise<number>): Reference['measure'] {
  return async () => ok(await measure())
}
