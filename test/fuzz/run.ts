/**
 * Feeds everything that reads bytes of others with bytes that are almost right.
 *
 *     npm run fuzz                                       10 million inputs for each target
 *     npm run fuzz -- --inputs 100000000 --seconds 600   more, but no longer than this each
 *     npm run fuzz -- --target tcp-segment --seed 7      one target, other inputs
 *     npm run fuzz -- --target stack --block 12          one block again
 *
 * None may throw, take long or grow; the exit code is 1 if one did.
 */
import { parseArgs } from 'node:util'
import { BLOCK, fuzz } from './fuzz.ts'
import { targets } from './targets.ts'

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    inputs: { type: 'string', default: '10000000' },
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string', default: '1' },
    block: { type: 'string' },
  },
})
const all = await targets()
const chosen = all.filter(({ name }) => values.target === undefined || name === values.target)
if (chosen.length === 0) {
  console.error(`--target: there is ${all.map(({ name }) => name).join(', ')}`)
  process.exit(64)
}
for (const target of chosen) {
  const amount = { seed: Number(values.seed), seconds: Number(values.seconds) }
  try {
    const { inputs, seconds, growth } = await fuzz(
      target,
      values.block === undefined
        ? { ...amount, inputs: Number(values.inputs) }
        : { ...amount, inputs: BLOCK, block: Number(values.block) },
    )
    const rate = Math.round(inputs / seconds / 1000)
    console.log(`${target.name}: ${inputs} inputs, ${rate} k/s, heap ${(growth / 1e6).toFixed(1)} MB`)
  } catch (error) {
    console.error(error instanceof Error ? error.stack : error)
    process.exitCode = 1
  }
}
