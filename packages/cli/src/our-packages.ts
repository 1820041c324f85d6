/** Lets a project import packages of Mirage that it does not depend on itself, as its tool does. */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'

const HERE = dirname(fileURLToPath(import.meta.url))
/** Marks the second look, so that it is not answered by a third. */
const SECOND = Symbol('second')

/** Looks for `@mirage/…` from where the import stands, then from where the tool is. */
export function ourPackages(): Plugin {
  return {
    name: 'mirage-packages',
    setup(build) {
      build.onResolve({ filter: /^@mirage\// }, async ({ path, kind, resolveDir, importer, pluginData }) => {
        if (pluginData === SECOND) return undefined
        const near = await build.resolve(path, { kind, importer, resolveDir, pluginData: SECOND })
        if (near.errors.length === 0) return near
        const far = await build.resolve(path, { kind, importer, resolveDir: HERE, pluginData: SECOND })
        return far.errors.length === 0 ? far : near
      })
    },
  }
}
