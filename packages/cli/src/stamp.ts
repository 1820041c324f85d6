/** Whether files are as they were: a stamp changes whenever a file's content, or a folder's entries, may have. */
import { statSync } from 'node:fs'
import { relative } from 'node:path'

/** Stamps by path, relative to the folder of the project: a project that was moved is still the same. */
export type Stamps = Readonly<Record<string, string>>

/** The stamp of what is at `path`; empty if nothing is. */
export function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false })
  // The change time is the host's own: a copy that sets a file's date back does not go unnoticed.
  return stats === undefined ? '' : `${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`
}

/**
 * The stamps of `paths`, which are absolute. What was changed since `begun`, in milliseconds since 1970, may have been
 * read before the change or after: its stamp is one that nothing has.
 */
export function stampsOf(paths: readonly string[], folder: string, begun: number): Stamps {
  const sorted = [...new Set(paths)].sort()
  return Object.fromEntries(
    sorted.map((path) => {
      const isOld = (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < begun
      return [relative(folder, path), isOld ? stampOf(path) : 'changed']
    }),
  )
}

/** Whether everything is as it was when `stamps` were taken. */
export function unchanged(stamps: Stamps, folder: string): boolean {
  // Joined without `resolve`, which takes as long as asking the host.
  return Object.entries(stamps).every(([path, stamp]) => stampOf(`${folder}/${path}`) === stamp)
}
