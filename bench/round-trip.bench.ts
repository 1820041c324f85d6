/** How long a question to our stack takes over a TAP device, and how long one to a program in C that does nothing else. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Result, err, ok } from '@mirage/result'
import type { Bench } from './bench.ts'
import { OURS, type OnTap, keep, onTap, remove } from './on-tap.ts'

const PORT = 7
const COUNT = 5000

const folder = mkdtempSync(join(tmpdir(), 'mirage-bench-'))
const program = join(folder, 'round-trip')
const source = fileURLToPath(new URL('./round-trip.c', import.meta.url))
const compiled = spawnSync('cc', ['-O2', '-o', program, source], { stdio: ['ignore', 'ignore', 'inherit'] })
if (compiled.status !== 0) throw new Error('round-trip.c needs a C compiler')

let rig: OnTap | undefined

async function ours(): Promise<OnTap> {
  if (rig !== undefined) return rig
  rig = await onTap(true)
  const { udp } = rig.stack
  udp.listen(PORT, ({ src, payload }) => udp.write(src, payload, { srcPort: PORT }))
  return rig
}

/** The program in C on a device of its own, in a namespace of its own. */
class Echo {
  readonly #namespace = `mb${process.pid}c`
  readonly #child: ReturnType<typeof spawn>
  readonly #isReady: Promise<void>

  constructor() {
    ip('netns', 'add', this.#namespace)
    this.#child = spawn('ip', ['netns', 'exec', this.#namespace, program, 'echo', 'tap0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#isReady = this.#configure()
  }

  async #configure(): Promise<void> {
    await once(this.#child.stdout!, 'data')
    const inside = (...args: readonly string[]): string => ip('-n', this.#namespace, ...args)
    inside('addr', 'add', '10.97.0.1/24', 'dev', 'tap0')
    inside('link', 'set', 'tap0', 'up')
    inside('neigh', 'replace', '10.97.0.2', 'lladdr', '02:00:00:00:00:02', 'dev', 'tap0', 'nud', 'permanent')
  }

  async measure(): Promise<Result<number, string>> {
    await this.#isReady
    const median = Number(ip('netns', 'exec', this.#namespace, ...asking('10.97.0.2')))
    return median > 0 ? ok(median) : err('nobody answered')
  }

  remove(): void {
    this.#child.kill('SIGKILL')
    ip('netns', 'delete', this.#namespace)
  }
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' })
}

function asking(address: string): readonly string[] {
  return [program, 'ask', address, String(PORT), String(COUNT)]
}

let echo: Echo | undefined

const bench: Bench = {
  what: `64 bytes by UDP to our stack and back over TAP, median of ${COUNT}`,
  unit: 'µs',
  runs: 7,
  async measure() {
    const { host } = await ours()
    return Number(await host.run(program, ...asking(OURS).slice(1)))
  },
  reference: {
    what: 'a program in C on a TAP that sends every datagram back',
    measure: () => (echo ??= keep(new Echo())).measure(),
  },
  target: { atMost: 1.3 },
  async stop() {
    rig?.stack.disconnect()
    for (const each of [rig?.host, echo]) if (each !== undefined) remove(each)
    rmSync(folder, { recursive: true })
  },
}

export default bench
