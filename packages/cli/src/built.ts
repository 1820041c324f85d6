/** What `mirage build` made: `.mirage/build.json`, by which `run` and the next `build` know that nothing is to do. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Attachment, isImage } from '@mirage/configure/attachment'
import type { Graph } from '@mirage/configure/graph'
import type { Target } from '@mirage/configure/option'
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
  /** The image, from the folder of the project; absolute if it is outside. */
  readonly image: string
  /** Bytes. */
  readonly size: number
  readonly gzipSize: number
  readonly parts: readonly Part[]
  /** The argument that names the device of each network: `--interface`, `--admin-interface`. */
  readonly interfaces: readonly string[]
  /** What a machine image has to be given. */
  readonly attached: readonly Attachment[]
  readonly publish: readonly string[]
}

interface Remembered {
  readonly version: string
  readonly context: string
  readonly inputs: Stamps
  readonly imageStamp: string
  /** As in `Built`: this one, and those before it that had other names. */
  readonly images: readonly string[]
  readonly built: Built
}

/** The files of the tool that decide what an image looks like. */
const RECIPE = ['build', 'enclose', 'entry', 'image', 'link', 'network-bundle'].map((name) =>
  fileURLToPath(new URL(`./${name}${extension()}`, import.meta.url)),
)

/** What is built, if it is still what building would give under `context`. */
export function current(project: Project, context: Context): Built | undefined {
  const remembered = recall(project)
  if (remembered === undefined || remembered.version !== VERSION) return undefined
  if (remembered.context !== JSON.stringify(context)) return undefined
  if (stampOf(resolve(project.folder, remembered.built.image)) !== remembered.imageStamp) return undefined
  return unchanged(remembered.inputs, project.folder) ? remembered.built : undefined
}

/** Every image that was built here and not removed by `clean`: absolute. */
export function images(project: Project): readonly string[] {
  return (recall(project)?.images ?? []).map((image) => resolve(project.folder, image))
}

/** Remembers what was built from `inputs`, whose stamps were taken before they were read. */
export function remember(project: Project, context: Context, built: Built, inputs: Stamps): void {
  mkdirSync(project.cache, { recursive: true })
  const imageStamp = stampOf(resolve(project.folder, built.image))
  const images = [...new Set([...(recall(project)?.images ?? []), built.image])]
  const remembered: Remembered = {
    version: VERSION,
    context: JSON.stringify(context),
    inputs,
    imageStamp,
    images,
    built,
  }
  writeWhole(join(project.cache, 'build.json'), JSON.stringify(remembered))
}

/** The stamps of `inputs`, which were read after `begun`, and of what else decides how the image looks. */
export function stampInputs(project: Project, inputs: readonly string[], begun: number): Stamps {
  return stampsOf([...inputs, ...RECIPE], project.folder, begun)
}

/** The argument for each network of `graph`. */
export function interfacesOf(graph: Graph): readonly string[] {
  return graph.nodes.flatMap(({ device: { source, group } }) => {
    if (source.kind !== 'target' || source.file !== 'net') return []
    return [group === undefined ? '--interface' : `--${group}-interface`]
  })
}

/** Where the image goes, absolute. */
export function imagePath(project: Project, name: string, { output, choices }: Context): string {
  const target = choices['target'] as Target
  return resolve(project.folder, output ?? join('dist', `${name}.${isImage(target) ? target : 'mjs'}`))
}

/** `path` from the folder of the project, where it is inside; else as it is. */
export function fromProject(project: Project, path: string): string {
  const inside = relative(project.folder, path)
  return inside.startsWith('..') ? path : inside
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
