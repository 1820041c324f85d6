/** From `config.ts` to a graph of devices: everything that can be wrong with a configuration is found here. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Unikernel } from '@mirage/configure'
import {
  type Complaint,
  type Graph,
  optionsOf,
  problems,
  resolve as resolveGraph,
} from '@mirage/configure/graph'
import { unavailable } from '@mirage/configure/attachment'
import { type Choices, type Option, type Target, term, valueOf } from '@mirage/configure/option'
import { type Result, err, ok } from '@mirage/result'
import { evaluate, locate } from './evaluate.ts'
import { type Failure, type Problem, failure } from './problem.ts'
import type { Project } from './project.ts'

/** A configuration in which nothing is wrong so far. */
export interface Loaded {
  readonly unikernel: Unikernel
  readonly options: readonly Option[]
  /** The files that the configuration came from, absolute. */
  readonly inputs: readonly string[]
}

/** Reads the configuration, and checks its types unless `types` is false: that is slow, and needs no repeating. */
export async function load(
  project: Project,
  { types }: { types: boolean },
): Promise<Result<Loaded, Failure>> {
  const [evaluated, typed] = await Promise.all([evaluate(project), types ? checkedTypes(project) : []])
  if (!evaluated.ok) {
    // A syntax error is told once, by whom reads the file first; what was thrown may follow from a wrong type.
    const thrown = evaluated.error.filter((problem) => !typed.some((each) => each.line === problem.line))
    return err({ code: 1, problems: sorted([...typed, ...thrown]) })
  }
  const { unikernel, inputs } = evaluated.value
  const own = problems(unikernel).map((complaint) => located(complaint, project))
  const absent = missing('main', unikernel.main, 'file', project)
  const known = typed.filter(({ message }) => absent.length === 0 || !message.includes(`'${unikernel.main}'`))
  if (known.length + own.length + absent.length > 0) {
    return err({ code: 1, problems: sorted([...known, ...own, ...absent]) })
  }
  const options = optionsOf(unikernel)
  if (!options.ok) return err({ code: 1, problems: [{ file: project.config, message: options.error }] })
  return ok({ unikernel, options: options.value, inputs })
}

/** The graph under `choices`, all of whose files are there. */
export function wire(loaded: Loaded, choices: Choices, project: Project): Result<Graph, Failure> {
  const { unikernel, options } = loaded
  // What was remembered may be older than the configuration.
  if (!options.every((option) => isValue(option, choices))) {
    return err(failure(1, 'Invalid cached configuration. Please run configure again.'))
  }
  const graph = resolveGraph(unikernel, choices)
  const foreign = unavailable(graph, choices['target'] as Target)
  if (foreign.length > 0) return err({ code: 1, problems: foreign.map((message) => ({ message })) })
  const absent = graph.nodes.flatMap(({ name, device: { source } }) => {
    if (source.kind === 'module' && source.path.startsWith('.')) {
      return missing(`${name}: module`, source.path, 'file', project)
    }
    if (source.kind !== 'crunch') return []
    const { folder } = source
    return missing(
      name,
      typeof folder === 'string' ? folder : String(valueOf(folder, choices)),
      'folder',
      project,
    )
  })
  return absent.length > 0 ? err({ code: 1, problems: sorted(absent) }) : ok(graph)
}

function isValue(option: Option, choices: Choices): boolean {
  const value = choices[option.name]
  return value === undefined || term(option).read([String(value)]).ok
}

async function checkedTypes(project: Project): Promise<readonly Problem[]> {
  const { checkTypes } = await import('./check.ts')
  return checkTypes(project)
}

function located({ message, about }: Complaint, { config }: Project): Problem {
  return { ...(about === undefined ? { file: config } : locate(config, about)), message }
}

function missing(what: string, path: string, kind: 'file' | 'folder', project: Project): readonly Problem[] {
  const stats = statSync(resolve(project.folder, path), { throwIfNoEntry: false })
  if (kind === 'file' ? stats?.isFile() : stats?.isDirectory()) return []
  return [{ ...locate(project.config, path), message: `${what}: there is no ${kind} ${path}` }]
}

function sorted(all: readonly Problem[]): readonly Problem[] {
  const order = ({ file = '', line = 0, column = 0 }: Problem): [string, number, number] => [
    file,
    line,
    column,
  ]
  return [...all].sort((a, b) => {
    const [[aFile, aLine, aColumn], [bFile, bLine, bColumn]] = [order(a), order(b)]
    return aFile === bFile ? aLine - bLine || aColumn - bColumn : aFile < bFile ? -1 : 1
  })
}
