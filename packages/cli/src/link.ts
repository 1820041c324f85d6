/** Links a unikernel: its entry module, with everything that this leads to and nothing else, in one file. */
import { relative, resolve } from 'node:path'
import type { Form } from '@mirage/kv-crunch/crunched'
import { type Result, err, ok } from '@mirage/result'
import { isImage } from '@mirage/configure/attachment'
import type { Target } from '@mirage/configure/option'
import type { BuildOptions, Metafile, Plugin } from 'esbuild'
import { type Options as BareOptions, bareBundle } from './bundle.ts'
import { bundler } from './bundler.ts'
import { type Program, enclosed } from './enclose.ts'
import { generateFiles } from './crunch.ts'
import { ENTRY, PACKAGES_MARK } from './entry.ts'
import { problemsOf } from './evaluate.ts'
import { intrinsics } from './intrinsics.ts'
import { ourPackages } from './our-packages.ts'
import { packageOf } from './package.ts'
import type { Failure, Problem } from './problem.ts'
import type { Project } from './project.ts'

/** A linked unikernel, in memory. */
export interface Image {
  readonly code: Uint8Array
  /** The source map: which line of the image is which line of a source. */
  readonly map: Uint8Array
  /** The bytes that each package puts into the image, the most first. */
  readonly parts: readonly Part[]
  /** Every file that the image was made from, absolute. */
  readonly inputs: readonly string[]
}

/** What one package contributes. */
export interface Part {
  readonly name: string
  /** Bytes. */
  readonly size: number
}

/** What is different where there is no Node. */
function platformOf(target: Target): BuildOptions {
  if (!isImage(target))
    return { platform: 'node', target: 'node20', sourcemap: 'linked', plugins: [ourPackages()] }
  return {
    platform: 'neutral',
    target: 'es2022',
    sourcemap: 'external',
    plugins: [intrinsics(), ourPackages()],
  }
}

/**
 * The program for `target` that `source` leads to; `file` is where it will be written. Equal input gives equal
 * bytes.
 */
export async function link(
  project: Project,
  source: string,
  file: string,
  target: Target,
): Promise<Result<Image, Failure>> {
  const inputs: string[] = []
  try {
    const { build } = await bundler()
    const platform = platformOf(target)
    const options = {
      ...platform,
      stdin: { contents: source, resolveDir: project.folder, sourcefile: ENTRY },
      absWorkingDir: project.folder,
      outfile: file,
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      mainFields: ['module', 'main'],
      minify: true,
      legalComments: 'none',
      charset: 'utf8',
      sourcesContent: false,
      logLevel: 'silent',
      plugins: [
        ...(platform.plugins ?? []),
        files(project, inputs, isImage(target) ? 'characters' : 'shorter'),
      ],
    } satisfies BareOptions
    const bundled = isImage(target) ? await bareBundle(options, target) : ok(await build(options))
    if (!bundled.ok) return bundled
    const { outputFiles, metafile } = bundled.value
    const code = outputFiles.find(({ path }) => path === file)
    const map = outputFiles.find(({ path }) => path === `${file}.map`)
    if (code === undefined || map === undefined) throw new Error('esbuild gave no code')
    for (const path of Object.keys(metafile.inputs))
      if (isFile(path)) inputs.push(resolve(project.folder, path))
    const program: Program = { code: code.text, map: map.text }
    const placed = isImage(target) ? program : enclosed(program, theOutput(metafile))
    const contents = Buffer.from(
      placed.code.replace(JSON.stringify(PACKAGES_MARK), () => versions(metafile, project)),
    )
    const parts = partsOf(metafile, project, contents.length)
    // What is bundled twice has told its files twice.
    return ok({ code: contents, map: Buffer.from(placed.map), parts, inputs: [...new Set(inputs)] })
  } catch (error) {
    return err({ code: 1, problems: unique(problemsOf(error, project.folder)) })
  }
}

/** Modules that are generated from folders of files. The files and the folders are added to `inputs`. */
function files(project: Project, inputs: string[], form: Form): Plugin {
  return {
    name: 'mirage-files',
    setup(build) {
      build.onResolve({ filter: /^mirage-files:/ }, ({ path }) => ({
        path: path.slice(13),
        namespace: 'files',
      }))
      build.onLoad({ filter: /.*/, namespace: 'files' }, ({ path }) => {
        const generated = generateFiles(resolve(project.folder, path), form)
        if (!generated.ok) return { errors: [{ text: generated.error }] }
        inputs.push(...generated.value.inputs)
        return { contents: generated.value.source, loader: 'js', resolveDir: project.folder }
      })
    },
  }
}

/** The versions of the packages in the image, as an expression. */
function versions(metafile: Metafile, project: Project): string {
  const found = new Map<string, string>()
  for (const path of Object.keys(theOutput(metafile).inputs)) {
    if (!isFile(path)) continue
    const file = resolve(project.folder, path)
    const owner = packageOf(file)
    if (owner !== undefined && owner !== packageOf(project.config)) found.set(owner.name, owner.version)
  }
  return JSON.stringify(Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1))))
}

function partsOf(metafile: Metafile, project: Project, total: number): readonly Part[] {
  const sizes = new Map<string, number>()
  let sum = 0
  for (const [path, { bytesInOutput }] of Object.entries(theOutput(metafile).inputs)) {
    const name = ownerOf(path, project)
    sum += bytesInOutput
    if (bytesInOutput > 0) sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput)
  }
  // What belongs to no file: the names that the bundler gives to what modules share.
  const wiring = 'wiring'
  sizes.set(wiring, (sizes.get(wiring) ?? 0) + total - sum)
  return [...sizes]
    .map(([name, size]) => ({ name, size }))
    .sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1))
}

function ownerOf(path: string, project: Project): string {
  if (path.startsWith('files:')) return `files in ${path.slice(6)}`
  if (!isFile(path)) return 'wiring'
  const file = resolve(project.folder, path)
  const inside = relative(project.folder, file)
  if (!inside.startsWith('..') && !inside.split('/').includes('node_modules')) return 'this project'
  return packageOf(file)?.name ?? 'other files'
}

function theOutput(metafile: Metafile): Metafile['outputs'][string] {
  const output = Object.entries(metafile.outputs).find(([path]) => !path.endsWith('.map'))?.[1]
  if (output === undefined) throw new Error('esbuild gave no code')
  return output
}

/** Whether a path in the metafile is a file, and not a module that was made up. */
function isFile(path: string): boolean {
  return path !== ENTRY && !path.includes(':')
}

function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}
