/** What idle connections hold, in a process of their own. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Bench } from './bench.ts'

/** A fifth of a million: the rest takes as much each, and a minute more. */
const COUNT = 200_000
const GIB = 1_073_741_824

const bench: Bench = {
  what: `resident memory of each of ${COUNT} established idle connections, one end of each, with its peer made by hand`,
  unit: 'bytes',
  runs: 3,
  measure,
  target: { atMost: Math.floor(GIB / 1e6) },
}

export default bench

async function measure(): Promise<number> {
  // A young generation of 16 MiB for each of two halves would be counted with them.
  const flags = ['--expose-gc', '--max-semi-space-size=4', '--no-warnings']
  const script = fileURLToPath(new URL('idle.ts', import.meta.url))
  const child = spawn(process.execPath, [...flags, script, String(COUNT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  await new Promise<void>((resolve) => child.once('close', () => resolve()))
  return (JSON.parse(output) as { perConnection: number }).perConnection
}
