/** The file of `mirage run --capture`: what is recorded gathers here, and goes to the file in large pieces. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { type Result, err, ok } from '@mirage/result'
import { type Failure, failure } from './problem.ts'

/** A file that grows while a unikernel runs. */
export interface CaptureFile {
  /** Adds a copy of `bytes`. */
  write(bytes: Uint8Array): void
  /** Writes what has gathered. */
  close(): void
}

/** Bytes that gather before they are written: a thousand small frames, for one call to the host. */
const SIZE = 256 * 1024
/** So long they gather at most: whoever looks on sees them soon, and little is lost where the tool is killed. */
const DELAY_MS = 100

/** Creates the file, or empties it. `complain` is told once if it cannot be written any more. */
export function openCapture(path: string, complain: (message: string) => void): Result<CaptureFile, Failure> {
  try {
    return ok(new Gathering(openSync(path, 'w'), path, complain))
  } catch (error) {
    return err(failure(123, `option --capture: ${path} cannot be written: ${reasonOf(error)}`))
  }
}

class Gathering implements CaptureFile {
  readonly #fd: number
  readonly #path: string
  readonly #complain: (message: string) => void
  readonly #bytes: Uint8Array = new Uint8Array(SIZE)
  #length = 0
  #isBroken = false
  #timer: NodeJS.Timeout | undefined

  constructor(fd: number, path: string, complain: (message: string) => void) {
    this.#fd = fd
    this.#path = path
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
    this.#isBroken = true
    closeSync(this.#fd)
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#put(this.#bytes.subarray(0, this.#length))
    this.#length = 0
  }

  #put(bytes: Uint8Array): void {
    if (this.#isBroken) return
    try {
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(this.#fd, bytes, offset)
    } catch (error) {
      this.#isBroken = true
      this.#complain(`${this.#path} cannot be written any more: ${reasonOf(error)}`)
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, (open|write).*$/, '') : String(error)
}
