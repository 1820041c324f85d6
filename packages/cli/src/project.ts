/** A project: the folder of a `config.ts`, and what the tool keeps there. */
import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type Result, err, ok } from '@mirage/result'
import { type Failure, failure } from './problem.ts'

/** Where everything of a project is. */
export interface Project {
  /** Absolute; every relative path in the configuration starts here. */
  readonly folder: string
  /** The configuration, absolute. */
  readonly config: string
  /** What the tool remembers: `clean` removes it. */
  readonly cache: string
}

/** The project whose configuration is `file`, as named in the folder `from`. */
export function find(file: string, from: string): Result<Project, Failure> {
  const config = resolve(from, file)
  const stats = statSync(config, { throwIfNoEntry: false })
  if (stats === undefined) {
    const hint = file === 'config.ts' ? ' Make one with: mirage init <name>' : ''
    return err(failure(1, `configuration file ${file} missing.${hint}`))
  }
  if (stats.isDirectory()) return err(failure(1, `configuration file ${file} is a folder`))
  const folder = dirname(config)
  // Several configurations in a folder are several projects: each remembers its own choices.
  const name = basename(config) === 'config.ts' ? '.mirage' : join('.mirage', basename(config))
  return ok({ folder, config, cache: join(folder, name) })
}
