/** `mirage configure` */
import type { Arguments } from '@mirage/argument'
import { explain, parse } from '@mirage/argument/parse'
import { type Choices, type Option, target, term } from '@mirage/configure/option'
import { type Result, err, ok } from '@mirage/result'
import { type Command, output } from '../command.ts'
import { type Context, writeContext } from '../context.ts'
import { type Loaded, load, wire } from '../load.ts'
import { type Failure, failure, reason } from '../problem.ts'
import { find } from '../project.ts'

/** Checks the configuration, and remembers the options. */
export const command: Command<typeof output, Record<string, never>> = {
  name: 'configure',
  summary: 'Checks config.ts, and remembers the options that were chosen.',
  args: output,
  positional: {},
  takesRest: true,
  async run({ common, args, rest }, terminal) {
    const project = find(common.file, terminal.folder)
    if (!project.ok) return project
    const loaded = await load(project.value, { types: true })
    if (!loaded.ok) return loaded
    const chosen = choose(loaded.value, rest)
    if (!chosen.ok) return chosen
    const context: Context = { choices: chosen.value, output: args.output === '' ? undefined : args.output }
    const graph = wire(loaded.value, chosen.value, project.value)
    if (!graph.ok) return graph
    try {
      writeContext(project.value, context)
    } catch (error) {
      return err(failure(123, `.mirage/context cannot be written: ${reason(error)}`))
    }
    const { name } = loaded.value.unikernel
    terminal.say(`${name} is configured: ${describeChoices(loaded.value.options, chosen.value)}`)
    terminal.say(`Now run: ${terminal.program} build`)
    return ok(0)
  },
}

/** The values of all options: those that `words` give, and the defaults of this host for the others. */
export function choose({ options }: Loaded, words: readonly string[]): Result<Choices, Failure> {
  const groups = { options: { title: 'Options', args: terms(options) } }
  const later = notYet(options, words)
  if (later !== undefined) return err(failure(124, later))
  const parsed = parse(words, groups)
  if (!parsed.ok) return err(failure(124, explain(parsed.error)))
  return ok(parsed.value.groups.options as Choices)
}

/** The options as terms; `target` may also be written `-t`, and is what this host is. */
export function terms(options: readonly Option[]): Arguments {
  const host = process.platform === 'darwin' ? 'macosx' : 'unix'
  return Object.fromEntries(
    options.map((option) => {
      if (option.name !== 'target') return [option.name, term(option)]
      return [option.name, { ...term(option), alias: 't', absent: { value: host } }]
    }),
  )
}

/** One sentence if `words` ask for something that is known, but does not exist yet. */
function notYet(options: readonly Option[], words: readonly string[]): string | undefined {
  for (const option of options) {
    if (option.kind !== 'oneOf') continue
    const names = option.name === 'target' ? ['--target', '-t'] : [`--${option.name}`]
    for (const [index, word] of words.entries()) {
      const name = names.find((each) => word === each || word.startsWith(`${each}=`))
      if (name === undefined) continue
      const value = word === name ? (words[index + 1] ?? '') : word.slice(name.length + 1)
      if (!option.later.includes(value)) continue
      return `option ${name}: ${value} is not there yet, choose ${option.values.join(' or ')}`
    }
  }
  return undefined
}

/** `kv_ro=crunch (default), target=unix`. */
export function describeChoices(options: readonly Option[], choices: Choices): string {
  const all = terms(options)
  return Object.entries(choices)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, value]) => `${name}=${String(value)}${all[name]?.absent?.value === value ? ' (default)' : ''}`,
    )
    .join(', ')
}

/** The options of the project whose configuration is `file`; only those of every project where it is wrong. */
export async function projectOptions(file: string, folder: string): Promise<Arguments> {
  const project = find(file, folder)
  const loaded = project.ok ? await load(project.value, { types: false }) : project
  return terms(loaded.ok ? loaded.value.options : [target])
}
