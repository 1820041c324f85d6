/**
 * Transfers over every link, as long as they are meant to be, and how fast they are beside those between two kernels.
 *
 *     npm run test:interop                 every link, three times; the middle counts
 *     npm run test:interop -- lost --once  the links with this word in their names, once
 */
import { parseArgs } from 'node:util'
import { digestOf } from './content.ts'
import { type NamedLink, links } from './links.ts'
import { missing } from './linux-host.ts'
import { type Pairing, transfer } from './transfer.ts'

/** Goodput that is asked for, as a share of what two kernels reach over the same link. */
const SHARE = 0.8

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { once: { type: 'boolean', default: false }, length: { type: 'string' } },
})
const skip = missing()
if (skip !== false) {
  process.stderr.write(`error: no transfers can be made here: ${skip}\n`)
  process.exit(1)
}

/** Mbit/s, the middle of some runs. Every byte is compared. */
async function goodput(pairing: Pairing, link: NamedLink): Promise<number> {
  const length = values.length === undefined ? link.length : Number(values.length)
  const rates: number[] = []
  for (let run = 0; run < (values.once ? 1 : 3); run++) {
    const seen = await transfer(pairing, link, { length, seed: run })
    if (seen.length !== length || seen.digest !== digestOf(length, run))
      throw new Error(`${pairing}, ${link.name}: other bytes arrived than were sent`)
    rates.push((length * 8) / 1e6 / seen.seconds)
  }
  return rates.sort((a, b) => a - b)[rates.length >> 1]!
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
