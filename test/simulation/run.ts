/**
 * Runs the exchange of two unikernels for many seeds, each twice, and compares the traces.
 *
 *     npm run simulate                            20 seeds, from 1 on, over a bad day's link
 *     npm run simulate -- --seeds 200             so many
 *     npm run simulate -- --drawn --seeds 200     each over a link that the seed draws
 *     npm run simulate -- --seed 17               one seed again
 *     npm run simulate -- --seed 17 --trace       with every event of it
 *
 * A seed that fails is told with the command that replays it; the exit code is then 1.
 */
import { parseArgs } from 'node:util'
import { type Outcome, exchange } from './exchange.ts'
import { badDay, drawn } from './plans.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    drawn: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
})
const first = whole('seed', values.seed ?? '1')
const count = values.seed === undefined ? whole('seeds', values.seeds) : 1
const planOf = values.drawn ? drawn : badDay
let failures = 0
for (let seed = first; seed < first + count; seed++) {
  const error = await attempt(seed)
  if (error === undefined) continue
  failures++
  const options = `${values.drawn ? '--drawn ' : ''}--seed ${seed}`
  console.error(`seed ${seed} failed: ${error}\n  replay it: npm run simulate -- ${options}`)
}
console.log(`${count - failures} of ${count} seeds passed`)
if (failures > 0) process.exitCode = 1

/** What went wrong with `seed`, if anything. */
async function attempt(seed: number): Promise<string | undefined> {
  try {
    const outcome = await exchange(planOf(seed), values.trace ? print : undefined)
    const again = await exchange(planOf(seed))
    tell(outcome)
    if (outcome.digest === again.digest) return undefined
    return `two runs differ: ${outcome.digest} and ${again.digest}`
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

function whole(option: string, text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text)
  console.error(`--${option}: expected a whole number, not "${text}"`)
  process.exit(64)
}
