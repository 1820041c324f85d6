/** What `mirage configure` was told: `.mirage/context`, which the other commands take up. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Choices, OptionValue } from '@mirage/configure/option'
import { type Result, err, ok } from '@mirage/result'
import { writeWhole } from './file.ts'
import { type Failure, failure } from './problem.ts'
import type { Project } from './project.ts'

/** The choices of the last `mirage configure`. */
export interface Context {
  /** The options that were given. The others have their defaults. */
  readonly choices: Choices
  /** The image, from the folder of the project; `undefined` for `dist/<name>.mjs`. */
  readonly output: string | undefined
}

/** What was chosen; `undefined` if the project was never configured. */
export function readContext(project: Project): Result<Context | undefined, Failure> {
  let text: string
  try {
    text = readFileSync(join(project.cache, 'context'), 'utf8')
  } catch {
    return ok(undefined)
  }
  const context = parse(text)
  if (context === undefined)
    return err(failure(1, 'Invalid cached configuration. Please run configure again.'))
  return ok(context)
}

/** As `readContext`, where it is an error not to have configured. */
export function needContext(project: Project): Result<Context, Failure> {
  const context = readContext(project)
  if (!context.ok) return context
  if (context.value === undefined) {
    return err(failure(1, 'Configuration is not available. Please run configure.'))
  }
  return ok(context.value)
}

/** Remembers `context`. */
export function writeContext(project: Project, { choices, output }: Context): void {
  mkdirSync(project.cache, { recursive: true })
  const sorted = Object.fromEntries(Object.entries(choices).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeWhole(join(project.cache, 'context'), `${JSON.stringify({ choices: sorted, output }, undefined, 2)}\n`)
}

function parse(text: string): Context | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(value) || !isRecord(value['choices'])) return undefined
  const { choices, output } = value
  if (!Object.values(choices).every(isOptionValue)) return undefined
  if (output !== undefined && typeof output !== 'string') return undefined
  return { choices: choices as Choices, output }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOptionValue(value: unknown): value is OptionValue {
  return typeof value === 'string' || typeof value === 'boolean'
}
