/** The file of `mirage run --capture`: blocks gather here, and go to the file in large pieces. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { type Result, err, ok } from '@mirage/result'
import { type Failure, failure } from './problem.ts'

/** A file that grows while a unikernel runs. */
export interface CaptureFile {
  /** Adds a copy of `bytes`, which are whole blocks. Where the file takes nothing more, they are lost. */
  write(bytes: Uint8Array): void
  /** Writes what has gathered, and closes the file. */
  close(): void
}

/** Bytes that gather before they are written: a thousand small frames, for one call to the host. */
const SIZE = 256 * 1024
/** So long they gather at most: whoever looks on sees them soon, and little is lost where the process is killed. */
const DELAY_MS = 100

/**
 * Creates the file, or empties it. A slow one holds up this process, and nothing is kept for it beyond what gathers.
 * `complain` is told once if it cannot be written any more; it ends with a whole block then, too.
 */
export function openCapture(path: string, complain: (message: string) => void): Result<CaptureFile, Failure> {
  try {
    const file = openSync(path, 'w')
    return ok(new Gathering(file, (reason) => complain(`${path} cannot be written any more: ${reason}`)))
  } catch (error) {
    return err(failure(123, `option --capture: ${path} cannot be written: ${reasonOf(error)}`))
  }
}

class Gathering implements CaptureFile {
  readonly #file: number
  readonly #complain: (reason: string) => void
  readonly #bytes: Uint8Array = new Uint8Array(SIZE)
  #length = 0
  #written = 0
  #isBroken = false
  #timer: NodeJS.Timeout | undefined

  constructor(file: number, complain: (reason: string) => void) {
    this.#file = file
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
    this.#try(() => closeSync(this.#file))
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
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(this.#file, bytes, offset)
    })
    if (this.#isBroken) this.#cut()
    else this.#written += bytes.length
  }

  /** Takes back what went of a piece of which not all did. */
  #cut(): void {
    try {
      ftruncateSync(this.#file, this.#written)
    } catch {
      // A pipe has no length, and whoever reads it knows where it ended.
    }
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
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, (open|write|close).*$/, '') : String(error)
}
