/** The command line of a unikernel: the arguments of all its parts, and those that every unikernel has. */
import { flag, integer, number, text } from '@mirage/argument'
import { help } from '@mirage/argument/help'
import { type Group, clash } from '@mirage/argument/option'
import { asksFor, explain, parse } from '@mirage/argument/parse'
import { type Result, err, ok } from '@mirage/result'
import type { Program } from './component.ts'
import type { PartValues } from './connect-all.ts'
import { EXIT } from './exit.ts'
import { type LogLevels, logLevels } from './logs.ts'
import { HINT, explainArgv, parseArgv } from './parse-argv.ts'

const STANDARD = {
  name: text({ doc: 'The name of this unikernel.' }),
  logs: logLevels(),
  logRing: integer({
    doc: 'How many of the last log messages to keep, also those that --logs hides, and show after a crash.',
    docv: 'COUNT',
    default: 0,
    min: 0,
    max: 100_000,
  }),
  delay: number({ doc: 'How long to wait before the boot.', docv: 'SECONDS', default: 0, min: 0 }),
  help: flag({ doc: 'Show this help.' }),
  version: flag({ doc: 'Show what this unikernel was built from.' }),
}

/** The groups of the application and of every unikernel, whose names no device has. */
const OWN = '*application'
const EVERY = '*standard'

/** What the user said. */
export interface Settings {
  readonly name: string
  readonly logs: LogLevels
  readonly logRing: number
  readonly delay: number
  /** The arguments of the application. */
  readonly own: Readonly<Record<string, unknown>>
  /** The arguments of the devices. */
  readonly values: PartValues
}

/** Why there is nothing to run, and what to say about it. */
export interface Refusal {
  readonly code: number
  readonly text: string
}

/** What `line` says to `program`; or what to answer to it, and the exit code. */
export function readCommandLine(program: Program, line: string): Result<Settings, Refusal> {
  const words = parseArgv(line)
  if (!words.ok) return err({ code: EXIT.badArgument, text: `${explainArgv(words.error)}; ${HINT}` })
  const groups = groupsOf(program)
  const both = clash(groups)
  if (both !== undefined) {
    const [one, other] = both.groups.map((key) => describe(key, program))
    const text = `${one} and ${other} both have an argument ${both.name}: give one of them a group in config.ts`
    return err({ code: EXIT.failure, text })
  }
  if (asksFor(words.value, '--help')) {
    return err({ code: EXIT.help, text: help({ name: program.name, groups }) })
  }
  if (asksFor(words.value, '--version')) return err({ code: EXIT.help, text: versionOf(program) })
  const parsed = parse(words.value, groups)
  if (!parsed.ok) {
    const hint = parsed.error.kind === 'unexpected-word' ? `; ${HINT}` : ''
    return err({ code: EXIT.badArgument, text: explain(parsed.error) + hint })
  }
  const { [OWN]: own = {}, [EVERY]: standard, ...values } = parsed.value.groups
  return ok({ ...(standard as unknown as Omit<Settings, 'own' | 'values'>), own, values })
}

/** The arguments of the application, then those of the devices, then those that every unikernel has. */
function groupsOf({ name, parts }: Program): Record<string, Group> {
  const groups: Record<string, Group> = {}
  for (const part of [...parts.slice(-1), ...parts.slice(0, -1)]) {
    const { component } = part
    const prefix = part.group === undefined ? {} : { prefix: part.group }
    const key = component.start === undefined ? part.name : OWN
    if (component.args !== undefined)
      groups[key] = { title: `Arguments of ${part.name}`, args: component.args, ...prefix }
  }
  const standard = { ...STANDARD, name: { ...STANDARD.name, absent: { value: name } } }
  groups[EVERY] = { title: 'Arguments of every unikernel', args: standard }
  return groups
}

/** What the user calls the group `key`. */
function describe(key: string, { name }: Program): string {
  if (key === EVERY) return 'every unikernel'
  return key === OWN ? name : key
}

function versionOf({ name, info }: Program): string {
  if (info === undefined) return name
  const packages = Object.entries(info.packages).map(([each, version]) => `  ${each} ${version}`)
  return [`${name} for ${info.target}`, ...packages].join('\n')
}
