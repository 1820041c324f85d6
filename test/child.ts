/** A program that a test has started: all that it prints, from its first byte to its last, and how it ends. */
import type { ChildProcess } from 'node:child_process'
import { PATIENCE_MS } from './patience.ts'

/** How a program ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * Reads whatever of `child`'s output is a pipe, from the start, so that nothing of it is missed and it never waits for a
 * reader. Its end is known when all of that is here: a process may be over before what it printed was read.
 */
export class Child {
  readonly process: ChildProcess
  /** What it printed so far, on both streams. */
  output = ''
  /** Resolves once it has ended, after its last output. */
  readonly end: Promise<End>
  #end: End | undefined
  readonly #waiting: (() => void)[] = []

  constructor(child: ChildProcess) {
    this.process = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
        this.#wake()
      })
    }
    // One that cannot be started is closed as well.
    child.on('error', ({ message }) => (this.output += `${message}\n`))
    this.end = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#end = { code, signal }
        resolve(this.#end)
        this.#wake()
      })
    })
  }

  /** The first match of `pattern` in the output, as soon as there is one; throws where it ends without. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#wake()
    }, PATIENCE_MS)
    try {
      for (;;) {
        const match = pattern.exec(this.output)
        if (match !== null) return match
        if (this.#end !== undefined || isLate) throw new Error(`no ${pattern}: ${this.#how()}`)
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** All that it printed, if it ends with 0 and in time; throws where it does not. */
  async ended(): Promise<string> {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), PATIENCE_MS)
    const { code } = await this.end
    clearTimeout(timer)
    if (code !== 0) throw new Error(this.#how())
    return this.output
  }

  #wake(): void {
    for (const each of this.#waiting.splice(0)) each()
  }

  /** For a person: how it ended, if it did, and what it said. */
  #how(): string {
    const { code, signal } = this.#end ?? {}
    const how = this.#end === undefined ? 'it goes on' : `it ended with ${code ?? signal}`
    return `${how}, and said:\n${this.output}`
  }
}
