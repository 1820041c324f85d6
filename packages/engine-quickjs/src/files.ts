/** Where `npm run build:bases` puts what it builds. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))

/** A file that the build makes: the base of a binding, the spt launcher, or the compiler of bytecode. */
export type Built =
  | 'base-spt.elf'
  | 'base-virtio.elf'
  | 'spt'
  | 'qjs-compile'
  | 'fuzz-image'
  | 'pair'
  | 'heap-check'

/** What whoever builds and runs images needs, so that it goes into the published package. */
export const SHIPPED: readonly Built[] = ['base-spt.elf', 'base-virtio.elf', 'qjs-compile', 'spt']

/** The path of a built file, whether it is there or not. */
export function pathOf(file: Built): string {
  return `${DIST}${file}`
}

/** For a message, or a test's `skip`: what to do about a file that was not built; false where it was. */
export function missing(...files: readonly Built[]): string | false {
  const absent = files.filter((file) => !existsSync(pathOf(file)))
  return absent.length > 0 && `${absent.join(', ')} not built: npm run build:bases`
}
