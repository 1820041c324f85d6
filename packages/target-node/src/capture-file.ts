/** A file that a recording goes to: blocks gather here, and go to the file in large pieces. */
import { fs } from './host.ts'

/** A file that grows while a unikernel runs. */
export interface CaptureFile {
  /** The open file; another process that has it as well may write in place of this one. */
  readonly descriptor: number
  /** Adds a copy of `bytes`. Where the file takes nothing more, they are lost. */
  write(bytes: Uint8Array): void
  /** Writes what has gathered, and closes the file. */
  close(): void
}

/** Bytes that gather before they are written: a thousand small frames, for one call to the host. */
const SIZE = 256 * 1024
/** So long they gather at most: whoever looks on sees them soon, and little is lost where the process is killed. */
const DELAY_MS = 100

/**
 * The file that is open as `descriptor`. A slow file holds up whoever writes to it, and nothing is kept for it beyond
 * what gathers. `complain` is told the reason, once, if it cannot be written any more.
 */
export function captureFile(descriptor: number, complain: (reason: string) => void): CaptureFile {
  return new Gathering(descriptor, complain)
}

class Gathering implements CaptureFile {
  readonly descriptor: number
  readonly #complain: (reason: string) => void
  readonly #bytes: Uint8Array = new Uint8Array(SIZE)
  #length = 0
  #isBroken = false
  #timer: NodeJS.Timeout | undefined

  constructor(descriptor: number, complain: (reason: string) => void) {
    this.descriptor = descriptor
    this.#complain = complain
  }

  write(bytes: Uint8Array): void {
    if (this.#length + bytes.length > SIZE) this.#flush()
    if (bytes.length > SIZE) return this.#put(bytes)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    this.#timer ??= setTimeout(() => this.#flush(), DELAY_MS).unref()
  }

  close(): void {
    this.#flush()
    this.#try(() => fs.closeSync(this.descriptor))
    this.#isBroken = true
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#put(this.#bytes.subarray(0, this.#length))
    this.#length = 0
  }

  #put(bytes: Uint8Array): void {
    if (this.#isBroken) return
    this.#try(() => {
      for (let offset = 0; offset < bytes.length; ) offset += fs.writeSync(this.descriptor, bytes, offset)
    })
  }

  /** A disk that is far away may tell at the very end that it was full. */
  #try(task: () => void): void {
    try {
      task()
    } catch (error) {
      if (!this.#isBroken) this.#complain(reasonOf(error))
      this.#isBroken = true
    }
  }
}

/** What the host says of `error`, without the call that it was. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, (open|write|close).*$/, '') : String(error)
}
