/**
 * Transfers over every link, as long as they are meant to be, and how fast they are beside those between two kernels.
 *
 *     npm run test:interop                 every link, three times, or five where chance decides; the middle counts
 *     npm run test:interop -- lost --once  the links with this word in their names, once, or five times all the same
 */
import { parseArgs } from 'node:util'
import { digestOf } from './content.ts'
import { type NamedLink, links } from './links.ts'
import { missing } from './linux-host.ts'
import { type Pairing, transfer } from './transfer.ts'

/** Goodput that is asked for, as a share of what two kernels reach over the same link. */
const SHARE = 0.8

/**
 * Draws of a link that loses, doubles or overtakes frames by chance. One says little: of ten draws of the same link between
 * two kernels the fastest is up to nine times as fast as the slowest.
 */
const DRAWS = 5
/** Runs of any other link. */
const RUNS = 3
/** Where this share is lost a transfer mostly waits, and takes so little of the processor that all draws can go at once. */
const LOSS_SLOW = 0.01

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { once: { type: 'boolean', default: false }, length: { type: 'string' } },
})
const skip = missing()
if (skip !== false) {
  process.stderr.write(`error: no transfers can be made here: ${skip}\n`)
  process.exit(1)
}

/** Mbit/s, the middle of some runs. */
async function goodput(pairing: Pairing, link: NamedLink): Promise<number> {
  const { loss = 0, corrupt = 0, reorder = 0, duplicate = 0 } = link.faults
  const isChance = loss + corrupt + reorder + duplicate > 0
  const count = isChance ? DRAWS : values.once ? 1 : RUNS
  const lanes = loss + corrupt >= LOSS_SLOW ? count : 1
  const rates: number[] = []
  const run = async (first: number): Promise<void> => {
    for (let seed = first; seed < count; seed += lanes) rates.push(await rate(pairing, link, seed))
  }
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)))
  return rates.sort((a, b) => a - b)[rates.length >> 1]!
}

/** Mbit/s of one run. Every byte is compared. */
async function rate(pairing: Pairing, link: NamedLink, seed: number): Promise<number> {
  const length = values.length === undefined ? link.length : Number(values.length)
  const seen = await transfer(pairing, link, { length, seed })
  if (seen.length !== length || seen.digest !== digestOf(length, seed))
    throw new Error(`${pairing}, ${link.name}: other bytes arrived than were sent`)
  return (length * 8) / 1e6 / seen.seconds
}

let isFast = true
process.stdout.write('Mbit/s: kernel to kernel, kernel to ours, ours to kernel\n')
for (const link of links.filter(({ name }) => positionals.every((word) => name.includes(word)))) {
  const kernel = await goodput('linux to linux', link)
  const columns = [kernel.toFixed(1).padStart(8)]
  for (const pairing of ['linux to ours', 'ours to linux'] as const) {
    const rate = await goodput(pairing, link)
    const isEnough = rate >= SHARE * kernel
    isFast &&= isEnough
    columns.push(
      `${rate.toFixed(1).padStart(8)} ${`${((100 * rate) / kernel).toFixed(0)} %`.padStart(6)}${isEnough ? ' ' : '!'}`,
    )
  }
  process.stdout.write(`${columns.join('  ')}  ${link.name}\n`)
}
process.exitCode = isFast ? 0 : 1
