/** The packages as they stand in the tree, for the tests that check the house. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the repository, without a slash at its end. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** A package of ours. */
export interface Package {
  /** Without the scope: `tcp`. */
  readonly name: string
  readonly folder: string
  /** Export path (`.`, `./wire`) to source file, relative to the folder. */
  readonly exports: Readonly<Record<string, string>>
  readonly dependencies: readonly string[]
}

/** Every package, in the order of their names. */
export function packages(): readonly Package[] {
  return readdirSync(join(ROOT, 'packages'))
    .sort()
    .map((name) => {
      const folder = join(ROOT, 'packages', name)
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        exports: Record<string, string>
        dependencies?: Record<string, string>
      }
      return {
        name,
        folder,
        exports: manifest.exports,
        dependencies: Object.keys(manifest.dependencies ?? {}),
      }
    })
}

/** The TypeScript sources of `of`, relative to its folder. */
export function sources(of: Package): readonly string[] {
  return readdirSync(join(of.folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join('src', file))
    .sort()
}

/** Whether `file` is a test, or a suite that only tests import: such a file may use Node. */
export function isTest(file: string): boolean {
  return /\.test\.ts$|(^|\/|-)contract(-[a-z-]+)?\.ts$|\/(fixtures|testing)\//.test(file)
}

/** Whether `file` of the package `name` may know Node: it is never linked for another target. */
export function knowsNode(name: string, file: string): boolean {
  if (['native', 'target-node', 'cli', 'engine-quickjs', 'tender'].includes(name)) return true
  return name === 'gateway' && /src\/node[^/]*\.ts$/.test(file)
}

/** The specifiers that `text` imports or exports from, type imports included. */
export function importsOf(text: string): readonly string[] {
  const pattern =
    /^\s*(?:import|export)\s[^'"`;]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3])!)
}
