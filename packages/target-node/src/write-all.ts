/** Writes to a file descriptor of the host, at once and whole. */
import { fs } from './host.ts'

const PAUSE_MS = 1
const pause = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes all of `bytes` before it returns; whether somebody was there to take them. A reader that does not read
 * holds up the process, as it does any program that writes to it.
 */
export function writeAll(fd: number, bytes: Uint8Array): boolean {
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += fs.writeSync(fd, bytes, offset)
    } catch (error) {
      // A terminal or pipe that another process has made non-blocking is full.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false
      Atomics.wait(pause, 0, 0, PAUSE_MS)
    }
  }
  return true
}

/** Writes `line` and its end, as one write. */
export function writeLine(fd: number, line: string): boolean {
  return writeAll(fd, Buffer.from(`${line}\n`))
}
