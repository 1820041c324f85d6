/**
 * Runs storms: random networks, random faults, random traffic, and what must hold after every event.
 *
 *     npm run test:simulation                                 2,000 seeds, from 1 on
 *     npm run test:simulation -- --seeds 100 --from 5001      others
 *     npm run test:simulation -- --seed 17                    one seed again
 *     npm run test:simulation -- --seed 17 --plan             what it is made of
 *     npm run test:simulation -- --seed 17 --trace            every event of it
 *     npm run test:simulation -- --seed 17 --capture s.pcapng every frame that a host sends or receives, for Wireshark
 *
 * A seed that fails is told with the command that replays it; the exit code is then 1.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Plan, storm } from './plan.ts'
import { type Spectator, run } from './storm.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    plan: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    capture: { type: 'string' },
  },
})
const first = whole('seed', values.seed ?? values.from)
const count = values.seed === undefined ? whole('seeds', values.seeds) : 1
const failed: number[] = []
const outcomes: Record<string, number> = {}
let messages = 0
const begun = performance.now()
for (let seed = first; seed < first + count; seed++) {
  const plan = storm(seed)
  if (values.plan) console.log(JSON.stringify(plan, undefined, 2))
  const error = await attempt(plan)
  if (error === undefined) continue
  failed.push(seed)
  console.error(`seed ${seed} failed: ${error}\n  replay it: npm run test:simulation -- --seed ${seed}`)
}
const seconds = (performance.now() - begun) / 1000
console.log(`${count - failed.length} of ${count} seeds passed in ${seconds.toFixed(1)} s`)
console.log(`ends of conversations: ${JSON.stringify(outcomes)}, messages: ${messages}`)
if (failed.length > 0) process.exitCode = 1

/** What went wrong with `plan`, if anything. */
async function attempt(plan: Plan): Promise<string | undefined> {
  const file = values.capture === undefined ? undefined : openSync(values.capture, 'w')
  const spectator: Spectator = {
    ...(values.trace ? { follow: (now, event) => console.log(`${now.toFixed(3)} ${event}`) } : {}),
    ...(file === undefined ? {} : { record: (bytes) => void writeSync(file, bytes) }),
  }
  try {
    const result = await run(plan, spectator)
    for (const [outcome, times] of Object.entries(result.outcomes)) {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + times
    }
    messages += result.messages
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function whole(option: string, text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text)
  console.error(`--${option}: expected a whole number, not "${text}"`)
  process.exit(64)
}
