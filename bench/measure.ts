/** Measures what `run.ts` has linked, and stores what came of it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type Bench, type Report, run } from './bench.ts'

const RESULTS = new URL('results/', import.meta.url)

/** Where the numbers of a bench are. */
export function resultFile(name: string): URL {
  return new URL(`${name}.json`, RESULTS)
}

/** Measures the benches of `name.bench.ts`, and ends the process. */
export async function measure(name: string, benches: Bench | readonly Bench[]): Promise<never> {
  const reports: Report[] = []
  for (const bench of [benches].flat()) {
    reports.push({
      ...(await run(bench)),
      node: process.version,
      cores: availableParallelism(),
      date: new Date().toISOString(),
    })
  }
  mkdirSync(RESULTS, { recursive: true })
  const stored = Array.isArray(benches) ? reports : reports[0]
  writeFileSync(resultFile(name), `${JSON.stringify(stored, undefined, 2)}\n`)
  // Connections that linger in TIME-WAIT would keep the process for a while.
  process.exit()
}
