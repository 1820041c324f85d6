/** Random bytes of the host: what everything random in the process begins with. */
import { fs } from './host.ts'

/**
 * `size` bytes that nobody can predict, from the host's generator. Reading the device file is 8 ms of the start
 * of a process cheaper than loading Node's cryptography, which is used where there is no such file.
 */
export function entropy(size: number): Uint8Array {
  return fromFile('/dev/urandom', size) ?? process.getBuiltinModule('node:crypto').randomBytes(size)
}

/** `size` bytes of the file `path`; nothing unless it gives that many. */
export function fromFile(path: string, size: number): Uint8Array | undefined {
  try {
    const file = fs.openSync(path, 'r')
    try {
      const bytes = new Uint8Array(size)
      return fs.readSync(file, bytes) === size ? bytes : undefined
    } finally {
      fs.closeSync(file)
    }
  } catch {
    return undefined
  }
}
