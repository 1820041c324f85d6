/**
 * Runs the benchmarks, prints a table and stores what was measured.
 *
 *     npm run bench                   all of them
 *     npm run bench -- vnetif http    these
 *
 * Each `bench/<name>.bench.ts` has a `Bench`, or a list of them, as its default export, is linked as a unikernel is and runs in
 * a process of its own, so that none of them finds the engine as another left it. Its numbers go to
 * `bench/results/<name>.json`.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import type { Report, Target } from './bench.ts'
import { linked } from './linked.ts'
import { resultFile } from './measure.ts'

const SUFFIX = '.bench.ts'
const here = new URL('./', import.meta.url)
const names = readdirSync(here)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))

const [first, ...rest] = process.argv.slice(2)
await main(first === undefined ? names : [first, ...rest])

async function main(chosen: readonly string[]): Promise<void> {
  const unknown = chosen.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    console.error(`There is no bench ${unknown.join(', ')}. There are: ${names.join(', ')}.`)
    process.exitCode = 64
    return
  }
  for (const name of chosen) {
    const program = await linked(name, programOf(name))
    const child = spawnSync(process.execPath, [program], { stdio: ['ignore', 'inherit', 'inherit'] })
    if (child.status === 0) print(name)
    else {
      console.error(`${name}: failed`)
      process.exitCode = 1
    }
  }
}

/** The program that measures `name`. */
function programOf(name: string): string {
  return `import './prepared.ts'
import benches from './${name}${SUFFIX}'
import { measure } from './measure.ts'
await measure('${name}', benches)`
}

function print(name: string): void {
  const stored = JSON.parse(readFileSync(resultFile(name), 'utf8')) as Report | readonly Report[]
  for (const report of [stored].flat()) printReport(name, report)
}

function printReport(name: string, report: Report): void {
  const { median, minimum, maximum, runs, unit, what, reference, ratio, target } = report
  console.log(
    `${name.padEnd(12)} ${String(median).padStart(9)} ${unit}   ${minimum} to ${maximum} in ${runs} runs`,
  )
  console.log(`${' '.repeat(13)}${what}`)
  if (reference !== undefined) {
    const theirs =
      'missing' in reference ? `not measured: ${reference.missing}` : `${reference.median} ${unit}`
    console.log(`${' '.repeat(13)}beside ${reference.what}: ${theirs}`)
  }
  if (ratio !== undefined) console.log(`${' '.repeat(13)}ratio ${ratio}`)
  if (target !== undefined)
    console.log(`${' '.repeat(13)}wanted: ${aim(target, unit, reference !== undefined)}`)
}

function aim(target: Target, unit: string, hasReference: boolean): string {
  const bound = 'atLeast' in target ? `at least ${target.atLeast}` : `at most ${target.atMost}`
  return target.of === 'number' || !hasReference ? `${bound} ${unit}` : bound
}
