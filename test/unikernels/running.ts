/** A unikernel of this repository, configured, built and run by the tool, as a person would. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Child } from '../child.ts'
import { PATIENCE_MS, until } from '../patience.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const TOOL = path.join(ROOT, 'packages/cli/src/bin.js')

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

  async build(): Promise<void> {
    const built = new Running(this.folder, ['build'])
    assert.equal(await built.ended(), 0, built.output)
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
  readonly #child: Child
  readonly #probe: string

  constructor(folder: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const env = { ...process.env, NO_COLOR: '1', ...more }
    // A group of its own, as a terminal makes for a command: Ctrl-C is a signal to all of the group.
    this.#child = new Child(spawn(process.execPath, [TOOL, ...args], { cwd: folder, env, detached: true }))
    this.#probe = more['MIRAGE_PROBE'] ?? ''
  }

  /** What it printed so far, on both streams. */
  get output(): string {
    return this.#child.output
  }

  /** The process of the tool, and the group of all that it starts. */
  get pid(): number {
    const { pid } = this.#child.process
    assert.ok(pid !== undefined)
    return pid
  }

  /** Bytes that the tool, which is the gateway, and the unikernel need, garbage not counted. */
  async memory(): Promise<number> {
    let sum = 0
    for (const pid of fs.readdirSync(this.#probe)) {
      const read = (): string => fs.readFileSync(path.join(this.#probe, pid), 'utf8')
      const before = read()
      if (before === 'over') continue
      process.kill(Number(pid), 'SIGUSR2')
      await until(
        () => `an answer of process ${pid}`,
        () => !['', before].includes(read()),
      )
      sum += Number(read().split(' ')[1])
    }
    return sum
  }

  /** The first match of `pattern` in the output, as soon as there is one. */
  prints(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#child.prints(pattern)
  }

  /** The exit code. */
  async ended(): Promise<number | null> {
    const timer = setTimeout(() => this.#signal('SIGKILL'), PATIENCE_MS)
    const { code } = await this.#child.end
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
    await this.#child.end
  }

  #signal(signal: NodeJS.Signals): void {
    const { exitCode, signalCode } = this.#child.process
    if (exitCode === null && signalCode === null) process.kill(-this.pid, signal)
  }
}
