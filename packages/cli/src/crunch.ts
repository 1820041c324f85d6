/** Reads a folder of files to be baked into an image. */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { type CrunchFile, generate } from '@mirage/kv-crunch/generate'
import type { Form } from '@mirage/kv-crunch/crunched'
import { type Result, err, ok } from '@mirage/result'
import { reason } from './problem.ts'

/** A module with the files of a folder. */
export interface GeneratedFiles {
  readonly source: string
  /** The files, and the folders whose entries were read: absolute. */
  readonly inputs: readonly string[]
}

/** The module with every file below `folder`, or one sentence. Files come in the order of their paths. */
export function generateFiles(folder: string, form: Form): Result<GeneratedFiles, string> {
  const found: string[] = []
  const folders: string[] = []
  try {
    walk(folder, found, folders)
    const files: CrunchFile[] = found.map((file) => ({
      path: relative(folder, file).split(sep).join('/'),
      bytes: readFileSync(file),
    }))
    return ok({
      source: generate(files, { modified: modified(found), form }),
      inputs: [...found, ...folders],
    })
  } catch (error) {
    const { path } = error as { path?: string }
    return err(`${path === undefined ? folder : path} cannot be read: ${reason(error)}`)
  }
}

/** Adds what is below `folder`. A link to a folder is left out: it could lead back here. */
function walk(folder: string, files: string[], folders: string[]): void {
  folders.push(folder)
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) walk(path, files, folders)
    else if (statSync(path).isFile()) files.push(path)
  }
}

/** The date of the newest file, unless the environment gives one: https://reproducible-builds.org/specs/source-date-epoch/ */
function modified(files: readonly string[]): number {
  const given = process.env['SOURCE_DATE_EPOCH']
  if (given !== undefined && /^[0-9]+$/.test(given)) return Number(given) * 1000
  return files.reduce((newest, file) => Math.max(newest, Math.floor(statSync(file).mtimeMs)), 0)
}
