/** Files that are there whole, or not at all. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

let count = 0

/** Writes `content` to a sibling of `path` and renames it: whoever looks sees the old file or the new one. */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const sibling = join(dirname(path), `.${basename(path)}.${process.pid}.${count}`)
  count += 1
  try {
    writeFileSync(sibling, content)
    renameSync(sibling, path)
  } catch (error) {
    rmSync(sibling, { force: true })
    throw error
  }
}
