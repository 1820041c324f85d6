/** A unikernel of this repository, configured, built and run by the tool, as a person would. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')
const TOOL = path.join(ROOT, 'packages/cli/src/bin.js')

/** Nothing that a test waits for takes this long on a machine of one slow core. */
const PATIENCE_MS = 60_000

/** A copy of `unikernels/<name>`, so that a test disturbs neither the repository nor another test. */
export class Project {
  readonly folder: string

  constructor(name: string) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mirage-unikernel-'))
    const isMade = (file: string): boolean =>
      ['.mirage', 'dist', 'node_modules'].includes(path.basename(file))
    fs.cpSync(path.join(ROOT, 'unikernels', name), this.folder, {
      recursive: true,
      filter: (file) => !isMade(file),
    })
    fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(this.folder, 'node_modules'))
  }

  async configure(...options: readonly string[]): Promise<void> {
    const configured = new Running(this.folder, ['configure', ...options])
    assert.equal(await configured.ended(), 0, configured.output)
  }

  run(...args: readonly string[]): Running {
    return new Running(this.folder, ['run', ...args])
  }

  /** The same, with `Running.memory` to ask. */
  runProbed(...args: readonly string[]): Running {
    const folder = path.join(this.folder, 'probe')
    fs.mkdirSync(folder)
    const probe = path.join(import.meta.dirname, 'memory-probe.cjs')
    const env = { NODE_OPTIONS: `--require=${JSON.stringify(probe)}`, MIRAGE_PROBE: folder }
    return new Running(this.folder, ['run', ...args], env)
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A command of the tool, on its way. */
export class Running {
  /** What it printed so far, on both streams. */
  output = ''
  readonly #child: ChildProcess
  readonly #probe: string
  readonly #exit: Promise<number | null>
  #wake: () => void = () => {}

  constructor(folder: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const env = { ...process.env, NO_COLOR: '1', ...more }
    // A group of its own, as a terminal makes for a command: Ctrl-C is a signal to all of the group.
    const child = spawn(process.execPath, [TOOL, ...args], { cwd: folder, env, detached: true })
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString()
        this.#wake()
      })
    }
    this.#child = child
    this.#probe = more['MIRAGE_PROBE'] ?? ''
    this.#exit = new Promise((resolve) => child.on('close', (code) => resolve(code)))
  }

  /** The process of the tool, and the group of all that it starts. */
  get pid(): number {
    assert.ok(this.#child.pid !== undefined)
    return this.#child.pid
  }

  /** Bytes that the tool, which is the gateway, and the unikernel need, garbage not counted. */
  async memory(): Promise<number> {
    let sum = 0
    for (const pid of fs.readdirSync(this.#probe)) {
      const file = path.join(this.#probe, pid)
      const before = fs.readFileSync(file, 'utf8')
      if (before === 'over') continue
      process.kill(Number(pid), 'SIGUSR2')
      let after = before
      while (after === before || after === '') {
        await new Promise((resolve) => setTimeout(resolve, 20))
        after = fs.readFileSync(file, 'utf8')
      }
      sum += Number(after.split(' ')[1])
    }
    return sum
  }

  /** The first match of `pattern` in the output, as soon as there is one. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      const left = deadline - Date.now()
      assert.ok(left > 0 && this.#child.exitCode === null, `no ${pattern} in:\n${this.output}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        setTimeout(resolve, Math.min(left, 200))
      })
    }
  }

  /** The exit code. */
  async ended(): Promise<number | null> {
    const timer = setTimeout(() => this.#signal('SIGKILL'), PATIENCE_MS)
    const code = await this.#exit
    clearTimeout(timer)
    return code
  }

  /** What Ctrl-C does, and the exit code. */
  async interrupt(): Promise<number | null> {
    this.#signal('SIGINT')
    return this.ended()
  }

  /** Ends it whatever it does, for the end of a test. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL')
    await this.#exit
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(-this.pid, signal)
  }
}
