/** The console of an image, which shows and hears nothing. */
import { encode } from '@mirage/bytes/utf8'
import type { Console } from '@mirage/console'
import type { FlowError, WriteError } from '@mirage/flow'
import { type Result, done, err, ok } from '@mirage/result'
import { type Solo5, solo5 } from './solo5.ts'

/** Shows `line` and its end, as one write. */
export function writeLine(platform: Solo5, line: string): void {
  const bytes = encode(`${line}\n`)
  platform.consoleWrite(bytes, 0, bytes.length)
}

/** The console of one engine. Whoever reads it is at the end of what is typed: a guest is told nothing. */
export class Solo5Console implements Console {
  readonly #solo5: Solo5
  #isOver = false

  constructor(platform: Solo5) {
    this.#solo5 = platform
  }

  log(line: string): void {
    if (!this.#isOver) writeLine(this.#solo5, line)
  }

  async write(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    if (this.#isOver) return err('closed')
    this.#solo5.consoleWrite(bytes, 0, bytes.length)
    return done
  }

  async read(): Promise<Result<Uint8Array | 'eof', FlowError>> {
    return ok('eof')
  }

  shutdown(): void {
    this.#isOver = true
  }

  close(): void {
    this.#isOver = true
  }

  abort(): void {
    this.close()
  }
}

/** The console of the unikernel. */
export function connect(): Result<Console, string> {
  return ok(new Solo5Console(solo5()))
}
