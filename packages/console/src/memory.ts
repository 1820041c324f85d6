/** A console in memory: a test reads what was shown and types what is to be read. */
import * as utf8 from '@mirage/bytes/utf8'
import type { Flow, FlowError, WriteError } from '@mirage/flow'
import { pipe } from '@mirage/flow/pipe'
import { type Result, done, err } from '@mirage/result'
import type { Console } from './console.ts'

/** It keeps all that was shown for as long as it lives. */
export class MemoryConsole implements Console {
  readonly #input: Flow
  readonly #person: Flow
  #shown = ''
  #isOver = false

  constructor() {
    const [input, person] = pipe()
    this.#input = input
    this.#person = person
  }

  /** Everything that was logged and written, as text. */
  get shown(): string {
    return this.#shown
  }

  /** Types `text`, which resolves once it was accepted: a person may type 64 KiB ahead. */
  async type(text: string): Promise<void> {
    await this.#person.write(utf8.encode(text))
  }

  /** Says that no more will be typed. */
  endInput(): void {
    this.#person.shutdown()
  }

  log(line: string): void {
    if (!this.#isOver) this.#shown += `${line}\n`
  }

  read(): Promise<Result<Uint8Array | 'eof', FlowError>> {
    return this.#input.read()
  }

  write(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    if (this.#isOver) return Promise.resolve(err('closed'))
    this.#shown += utf8.decode(bytes)
    return Promise.resolve(done)
  }

  shutdown(): void {
    this.#isOver = true
  }

  close(): void {
    this.#isOver = true
    this.#input.close()
  }

  /** The same as `close`: there is nobody who could see a reset. */
  abort(): void {
    this.close()
  }
}
