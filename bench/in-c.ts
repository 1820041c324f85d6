/** Programs in C at our end of a TAP device, in place of a stack: `on-tap.c`. */
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The address that a device's program answers at, whatever it is asked for; the kernel's ends in 1. */
export const THEIRS = '10.97.0.2'

const folder = mkdtempSync(join(tmpdir(), 'mirage-bench-'))
/** The compiled program. It goes when this process does. */
export const program: string = join(folder, 'on-tap')
process.once('exit', () => rmSync(folder, { recursive: true }))

const source = fileURLToPath(new URL('./on-tap.c', import.meta.url))
const compiled = spawnSync('cc', ['-O2', '-o', program, source], { stdio: ['ignore', 'ignore', 'inherit'] })
if (compiled.status !== 0) throw new Error('on-tap.c needs a C compiler')

/** What `word` says, on a device and in a namespace of its own. */
export class InC {
  readonly #namespace: string
  readonly #child: ReturnType<typeof spawn>
  readonly #isReady: Promise<void>

  constructor(word: 'echo' | 'hello') {
    this.#namespace = `mb${process.pid}c`
    ip('netns', 'add', this.#namespace)
    this.#child = spawn('ip', ['netns', 'exec', this.#namespace, program, word, 'tap0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#isReady = this.#configure()
  }

  async #configure(): Promise<void> {
    await once(this.#child.stdout!, 'data')
    const inside = (...args: readonly string[]): string => ip('-n', this.#namespace, ...args)
    inside('addr', 'add', '10.97.0.1/24', 'dev', 'tap0')
    inside('link', 'set', 'tap0', 'up')
    inside('neigh', 'replace', THEIRS, 'lladdr', '02:00:00:00:00:02', 'dev', 'tap0', 'nud', 'permanent')
  }

  /** Runs a program at the kernel's end, and gives what it printed. */
  async run(...command: readonly string[]): Promise<string> {
    await this.#isReady
    return (await run('ip', ['netns', 'exec', this.#namespace, ...command])).stdout
  }

  remove(): void {
    this.#child.kill('SIGKILL')
    ip('netns', 'delete', this.#namespace)
  }
}

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' })
}
