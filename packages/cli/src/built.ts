/** What `mirage build` made: `.mirage/build.json`, by which `run` and the next `build` know that nothing is to do. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Graph } from '@mirage/configure/graph'
import type { Context } from './context.ts'
import { writeWhole } from './file.ts'
import type { Part } from './link.ts'
import type { Project } from './project.ts'
import { type Stamps, stampOf, stampsOf, unchanged } from './stamp.ts'
import { VERSION } from './version.ts'

/** A unikernel that was built, as far as running it and building it again need to know. */
export interface Built {
  readonly name: string
  readonly target: string
  /** The image, from the folder of the project. */
  readonly image: string
  /** Bytes. */
  readonly size: number
  readonly gzipSize: number
  readonly parts: readonly Part[]
  /** The argument that names the device of each network: `--interface`, `--admin-interface`. */
  readonly interfaces: readonly string[]
  readonly publish: readonly string[]
}

interface Remembered {
  readonly version: string
  readonly context: string
  readonly inputs: Stamps
  readonly imageStamp: string
  readonly built: Built
}

/** The files of the tool that decide what an image looks like. */
const RECIPE = ['entry', 'link'].map((name) =>
  fileURLToPath(new URL(`./${name}${extension()}`, import.meta.url)),
)

/** What is built, if it is still what building would give under `context`. */
export function current(project: Project, context: Context): Built | undefined {
  const remembered = recall(project)
  if (remembered === undefined || remembered.version !== VERSION) return undefined
  if (remembered.context !== JSON.stringify(context)) return undefined
  if (stampOf(join(project.folder, remembered.built.image)) !== remembered.imageStamp) return undefined
  return unchanged(remembered.inputs, project.folder) ? remembered.built : undefined
}

/** What was built last, whether or not it still holds. */
export function last(project: Project): Built | undefined {
  return recall(project)?.built
}

/** Remembers what was built from `inputs`, whose stamps were taken before they were read. */
export function remember(project: Project, context: Context, built: Built, inputs: Stamps): void {
  mkdirSync(project.cache, { recursive: true })
  const imageStamp = stampOf(join(project.folder, built.image))
  const text = JSON.stringify({
    version: VERSION,
    context: JSON.stringify(context),
    inputs,
    imageStamp,
    built,
  })
  writeWhole(join(project.cache, 'build.json'), text)
}

/** The stamps of `inputs` and of what else decides how the image looks. */
export function stampInputs(project: Project, inputs: readonly string[]): Stamps {
  return stampsOf([...inputs, ...RECIPE], project.folder)
}

/** The argument for each network of `graph`. */
export function interfacesOf(graph: Graph): readonly string[] {
  return graph.nodes.flatMap(({ device: { source, group } }) => {
    if (source.kind !== 'target' || source.file !== 'net') return []
    return [group === undefined ? '--interface' : `--${group}-interface`]
  })
}

/** Where the image goes, absolute. */
export function imagePath(project: Project, name: string, { output }: Context): string {
  return resolve(project.folder, output ?? join('dist', `${name}.mjs`))
}

/** As `imagePath` gives it, from the folder of the project. */
export function fromProject(project: Project, path: string): string {
  return relative(project.folder, path)
}

function recall(project: Project): Remembered | undefined {
  try {
    return JSON.parse(readFileSync(join(project.cache, 'build.json'), 'utf8')) as Remembered
  } catch {
    // Nothing was built, or what remembers it is damaged: building again is the answer to both.
    return undefined
  }
}

/** This file is `.ts` in the source tree and `.js` in a package. */
function extension(): string {
  return import.meta.url.endsWith('.ts') ? '.ts' : '.js'
}
