/** The `mirage` command: finds the command that is meant, reads its words, and says how it ended. */
import { asksFor, explain, nearest, parse } from '@mirage/argument/parse'
import { stopBundler } from './bundler.ts'
import { type Command, common, split } from './command.ts'
import { COMMANDS, commandHelp, commandOf, isCommand, overview } from './commands/help.ts'
import { type Failure, failure } from './problem.ts'
import { type Terminal, terminal } from './terminal.ts'

/** Does what `words` say, for somebody in `folder`. Gives the exit code; never rejects. */
export async function mirage(words: readonly string[], folder: string): Promise<number> {
  const [name, ...rest] = words
  const plain = terminal(folder, 'normal', 'auto')
  try {
    if (name === undefined || name === '--help' || name === '-h') {
      plain.print(await overview())
      return 0
    }
    if (name === '--version') {
      const { VERSION } = await import('./version.ts')
      plain.print(VERSION)
      return 0
    }
    if (!isCommand(name)) return complain(plain, failure(124, unknown(name)))
    return await perform(await commandOf(name), rest, plain)
  } catch (error) {
    // Nothing that a person can do leads here: this is the one place where our own bugs are told.
    plain.complain([{ message: `a bug in mirage: ${error instanceof Error ? error.stack : String(error)}` }])
    return 125
  } finally {
    await stopBundler()
  }
}

async function perform(command: Command, words: readonly string[], plain: Terminal): Promise<number> {
  const groups = { own: { title: '', args: command.args }, common: { title: '', args: common } }
  if (asksFor(words, '--help', '-h')) {
    plain.print(await helpOf(command, words, plain))
    return 0
  }
  const { ours, rest } = command.takesRest ? split(words, groups) : { ours: words, rest: [] }
  const parsed = parse(ours, groups, command.positional)
  if (!parsed.ok) return complain(plain, failure(124, explain(parsed.error)))
  const { own, common: shared } = parsed.value.groups
  const verbosity = shared.quiet ? 'quiet' : shared.verbose ? 'verbose' : 'normal'
  const theirs = terminal(plain.folder, verbosity, shared.color)
  const ended = await command.run(
    { common: shared, args: own, positional: parsed.value.positional, rest },
    theirs,
  )
  return ended.ok ? ended.value : complain(theirs, ended.error)
}

/** The help of `configure` has the options of the project, where there is one. */
async function helpOf(command: Command, words: readonly string[], plain: Terminal): Promise<string> {
  if (command.name !== 'configure') return commandHelp(command)
  const { projectOptions } = await import('./commands/configure.ts')
  const { ours } = split(words, { common: { title: '', args: common } })
  const parsed = parse(ours, { common: { title: '', args: common } })
  const file = parsed.ok ? parsed.value.groups.common.file : 'config.ts'
  return commandHelp({ ...command, args: { ...command.args, ...(await projectOptions(file, plain.folder)) } })
}

function unknown(name: string): string {
  if (name.startsWith('-')) {
    const near = nearest(name, ['--help', '--version'])
    return `unknown option ${name}${near === undefined ? ': the command comes first' : `, did you mean ${near}?`}`
  }
  const near = nearest(name, COMMANDS)
  return `unknown command ${name}${near === undefined ? ': mirage help lists them' : `, did you mean ${near}?`}`
}

function complain({ complain }: Terminal, { code, problems }: Failure): number {
  complain(problems)
  return code
}
