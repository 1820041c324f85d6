/** Reads `config.ts`: bundles it in memory, runs it, and takes its default export. */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { isAbsolute, join, resolve } from 'node:path'
import type { Unikernel } from '@mirage/configure'
import { type Result, err, ok } from '@mirage/result'
import type { Message, OutputFile } from 'esbuild'
import { bundler } from './bundler.ts'
import { ENTRY } from './entry.ts'
import { ourPackages } from './our-packages.ts'
import type { Problem } from './problem.ts'
import type { Project } from './project.ts'

/** A configuration that was read. */
export interface Evaluated {
  readonly unikernel: Unikernel
  /** The files it came from, absolute. */
  readonly inputs: readonly string[]
}

/** What `config.ts` exports, or what is wrong with it, at its own lines. */
export async function evaluate(project: Project): Promise<Result<Evaluated, readonly Problem[]>> {
  let outputs: readonly OutputFile[]
  let inputs: readonly string[]
  try {
    const { build } = await bundler()
    const result = await build({
      entryPoints: [project.config],
      absWorkingDir: project.folder,
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'node',
      sourcemap: 'external',
      outfile: join(project.folder, 'config.mjs'),
      logLevel: 'silent',
      plugins: [ourPackages()],
    })
    outputs = result.outputFiles
    inputs = Object.keys(result.metafile.inputs).map((path) => resolve(project.folder, path))
  } catch (error) {
    return err(problemsOf(error, project.folder))
  }
  const code = outputs.find(({ path }) => path.endsWith('.mjs'))
  const map = outputs.find(({ path }) => path.endsWith('.map'))
  if (code === undefined || map === undefined) throw new Error('esbuild gave no code')
  try {
    // No file is written, so there is none to clean up; the query makes it another module each time.
    const url = `data:text/javascript;base64,${Buffer.from(code.contents).toString('base64')}`
    const exports = await Promise.race([import(url) as Promise<{ default?: unknown }>, idle()])
    if (exports === 'idle') {
      return err([{ file: project.config, message: 'it awaits something that never comes' }])
    }
    const { default: exported } = exports
    if (!isUnikernel(exported)) {
      return err([{ file: project.config, message: 'the default export is not a unikernel(…)' }])
    }
    return ok({ unikernel: exported, inputs })
  } catch (error) {
    return err([thrown(error, new SourceMap(JSON.parse(map.text)), project)])
  }
}

/** Resolves when nothing is left that could happen in this process. */
function idle(): Promise<'idle'> {
  return new Promise((resolve) => {
    process.once('beforeExit', () => resolve('idle'))
  })
}

/** What esbuild complains about, as problems; anything else that was thrown is not for us. */
export function problemsOf(error: unknown, folder: string): readonly Problem[] {
  const { errors } = error as { errors?: readonly Message[] }
  if (errors === undefined) throw error
  return errors.map(({ text, location }) => {
    // The entry is ours: nobody can look at a line of it.
    if (location === null || location.file === ENTRY) return { message: text }
    const file = isAbsolute(location.file) ? location.file : join(folder, location.file)
    return { file, line: location.line, column: location.column + 1, message: text }
  })
}

/** What `config.ts` threw, at the line where it did. */
function thrown(error: unknown, map: SourceMap, project: Project): Problem {
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  for (const [, line, column] of stack.matchAll(/data:text\/javascript;base64,[^:\s]*:(\d+):(\d+)/g)) {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1)
    if (!('originalSource' in entry)) continue
    const file = join(project.folder, entry.originalSource)
    if (file.includes('/node_modules/') || !file.startsWith(project.folder)) continue
    return { file, line: entry.originalLine + 1, column: entry.originalColumn + 1, message }
  }
  return { file: project.config, message }
}

function isUnikernel(value: unknown): value is Unikernel {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'unikernel'
}

/** The place where the text `literal` stands in quotes in `file`: paths in a configuration are written so. */
export function locate(file: string, literal: string): Problem {
  const lines = readFileSync(file, 'utf8').split('\n')
  for (const [index, text] of lines.entries()) {
    // The same path stands in `typeof import(…)`, which is for the compiler.
    const at = text
      .replaceAll(/import\([^)]*\)/g, (found) => ' '.repeat(found.length))
      .search(quoted(literal))
    if (at >= 0) return { file, line: index + 1, column: at + 1, message: '' }
  }
  return { file, message: '' }
}

function quoted(literal: string): RegExp {
  return new RegExp(`(['"\`])${literal.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\1`)
}
