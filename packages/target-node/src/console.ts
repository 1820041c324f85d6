/** The console of a Node process: its standard input and output. */
import type { Readable } from 'node:stream'
import type { Console } from '@mirage/console'
import type { FlowError, WriteError } from '@mirage/flow'
import { type Result, assert, done, err, ok } from '@mirage/result'
import { writeAll, writeLine } from './write-all.ts'

const STDOUT = 1

/**
 * A console that shows on a file descriptor and reads a stream, which is not touched before the first read.
 * When nobody is there to see it any more, what is shown is discarded.
 */
export class NodeConsole implements Console {
  readonly #output: number
  readonly #openInput: () => Readable
  #input: Readable | undefined
  /** Wakes the read that waits. */
  #wake: (() => void) | undefined
  #isOver = false
  #isInputOver = false

  constructor(output: number, openInput: () => Readable) {
    this.#output = output
    this.#openInput = openInput
  }

  log(line: string): void {
    if (!this.#isOver) writeLine(this.#output, line)
  }

  async write(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    if (this.#isOver) return err('closed')
    return writeAll(this.#output, bytes) ? done : err('reset')
  }

  async read(): Promise<Result<Uint8Array | 'eof', FlowError>> {
    assert(this.#wake === undefined, 'one read of a flow waits at a time')
    this.#input ??= this.#open()
    for (;;) {
      if (this.#isInputOver) return ok('eof')
      const chunk = this.#input.read() as Buffer | null
      if (chunk !== null) return ok(Uint8Array.from(chunk))
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }

  shutdown(): void {
    this.#isOver = true
  }

  close(): void {
    this.#isOver = true
    this.#endInput()
    this.#input?.destroy()
  }

  abort(): void {
    this.close()
  }

  #open(): Readable {
    const input = this.#openInput()
    input.on('readable', () => this.#wake?.())
    // A terminal that has gone away is an error to Node. To a unikernel it is the end of what is typed.
    for (const event of ['end', 'error', 'close']) input.on(event, this.#endInput)
    return input
  }

  readonly #endInput = (): void => {
    this.#isInputOver = true
    this.#wake?.()
  }
}

/** The console of the process. */
export function connect(): Result<Console, string> {
  return ok(new NodeConsole(STDOUT, () => process.stdin))
}
