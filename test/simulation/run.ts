/**
 * Runs the exchange of two unikernels over a bad link for many seeds, each twice, and compares the traces.
 *
 *     npm run simulate                     20 seeds, from 1 on
 *     npm run simulate -- --seeds 200
 *     npm run simulate -- --seed 17        one seed again
 *     npm run simulate -- --seed 17 --trace   with every event of it
 *
 * A seed that fails is told with the command that replays it; the exit code is then 1.
 */
import { parseArgs } from 'node:util'
import { type Outcome, exchange } from './exchange.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, seed: { type: 'string' }, trace: { type: 'boolean' } },
})
const first = values.seed === undefined ? 1 : Number(values.seed)
const count = values.seed === undefined ? Number(values.seeds ?? 20) : 1
const failed: number[] = []
for (let seed = first; seed < first + count; seed++) {
  const error = await attempt(seed)
  if (error === undefined) continue
  failed.push(seed)
  console.error(`seed ${seed} failed: ${error}\n  replay it: npm run simulate -- --seed ${seed}`)
}
console.log(`${count - failed.length} of ${count} seeds passed`)
if (failed.length > 0) process.exitCode = 1

async function attempt(seed: number): Promise<string | undefined> {
  try {
    const follow = values.trace === true ? print : undefined
    const outcome = await exchange(seed, undefined, follow)
    const again = await exchange(seed)
    tell(outcome)
    if (outcome.digest !== again.digest) return `two runs differ: ${outcome.digest} and ${again.digest}`
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

function tell({ seed, digest, events, elapsed }: Outcome): void {
  console.log(
    `seed ${seed}: ${(elapsed / 1000).toFixed(1)} s of virtual time, ${events} events, trace ${digest}`,
  )
}

function print(now: number, event: string): void {
  console.log(`${now.toFixed(3)} ${event}`)
}
