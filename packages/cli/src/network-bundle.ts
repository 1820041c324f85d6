/**
 * The gateway of `mirage run` as one file, `.mirage/network.mjs`.
 *
 * It is a hundred modules, and loading them one by one takes 46 ms of a start that shall take 150; as one it takes 8.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundler } from './bundler.ts'
import { writeWhole } from './file.ts'
import type { Project } from './project.ts'

type Network = typeof import('./network.ts')

/** The file, which `clean` removes. */
export const BUNDLE = 'network.mjs'

/** Makes the file; gives the files that it was made from, absolute. */
export async function bundleNetwork(project: Project): Promise<readonly string[]> {
  const { build } = await bundler()
  const { outputFiles, metafile } = await build({
    entryPoints: [networkModule()],
    absWorkingDir: project.folder,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifyWhitespace: true,
    logLevel: 'silent',
  })
  mkdirSync(project.cache, { recursive: true })
  for (const { contents } of outputFiles) writeWhole(join(project.cache, BUNDLE), contents)
  return Object.keys(metafile.inputs).map((path) => resolve(project.folder, path))
}

/** The module: from the file, where it is there. */
export async function loadNetwork(project: Project): Promise<Network> {
  try {
    return (await import(pathToFileURL(join(project.cache, BUNDLE)).href)) as Network
  } catch {
    // It saves time, and is needed for nothing else.
    return import('./network.ts')
  }
}

/** This file is `.ts` in the source tree and `.js` in a package, and so is its neighbour. */
function networkModule(): string {
  return fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? './network.ts' : './network.js', import.meta.url),
  )
}
