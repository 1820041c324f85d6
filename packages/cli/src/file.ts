/** Files that are there whole, or not at all; folders that go when they are empty. */
import { renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'

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

/** Removes `folder` if it is empty, and those above it that then are: inside `root` only, which stays. */
export function removeIfEmpty(folder: string, root: string): void {
  if (!folder.startsWith(root + sep)) return
  try {
    rmdirSync(folder)
  } catch {
    // Somebody else keeps something there, or it was never made: both are as they should be.
    return
  }
  removeIfEmpty(dirname(folder), root)
}
