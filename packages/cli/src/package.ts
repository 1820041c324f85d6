/** Which package a file belongs to. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A package: what is written in its package.json. */
export interface Package {
  readonly name: string
  readonly version: string
}

const known = new Map<string, Package | undefined>()

/** The package of the file or folder at `path`, which is absolute; `undefined` where none has a name. */
export function packageOf(path: string): Package | undefined {
  const folder = dirname(path)
  if (known.has(folder)) return known.get(folder)
  const found = manifestIn(folder) ?? (dirname(folder) === folder ? undefined : packageOf(folder))
  known.set(folder, found)
  return found
}

function manifestIn(folder: string): Package | undefined {
  try {
    const { name, version } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Partial<Package>
    return name === undefined ? undefined : { name, version: version ?? '0.0.0' }
  } catch {
    return undefined
  }
}
