/** What a command of the tool is, and how its words are told from those that are for somebody else. */
import type { Arguments, Values } from '@mirage/argument'
import { flag, oneOf, text } from '@mirage/argument'
import { type Groups, options } from '@mirage/argument/option'
import type { Failure } from './problem.ts'
import type { Result } from '@mirage/result'
import type { Terminal } from './terminal.ts'

/** The options of every command. */
export const common = {
  file: text({ alias: 'f', docv: 'FILE', doc: 'The configuration.', default: 'config.ts' }),
  verbose: flag({ alias: 'v', doc: 'Say more.' }),
  quiet: flag({ alias: 'q', doc: 'Say nothing but errors.' }),
  color: oneOf(['auto', 'always', 'never'], { doc: 'Whether to use colours.', default: 'auto' }),
}

/** The option of the commands that make, or look for, an image. */
export const output = {
  output: text({
    alias: 'o',
    docv: 'FILE',
    doc: 'The image, from the folder of the configuration.',
    default: '',
  }),
}

/** What words of its own a command was given. */
export interface Given<A extends Arguments, P extends Arguments> {
  readonly common: Values<typeof common>
  readonly args: Values<A>
  readonly positional: Values<P>
  /** The words that the command does not know, and all after `--`. Only a command with `takesRest` gets any. */
  readonly rest: readonly string[]
}

/** A command: its help text, its words, and what it does. */
export interface Command<A extends Arguments = Arguments, P extends Arguments = Arguments> {
  readonly name: string
  /** One sentence. */
  readonly summary: string
  /** What its help says besides. */
  readonly more?: string
  readonly args: A
  readonly positional: P
  /** Whether words it does not know are for somebody else: the options of config.ts, or the unikernel. */
  readonly takesRest: boolean
  /** The exit code, or what is wrong. */
  run(given: Given<A, P>, terminal: Terminal): Promise<Result<number, Failure>>
}

/** The words that are options of `groups` with their values, and the others, both in their order. */
export function split(words: readonly string[], groups: Groups): { ours: string[]; rest: string[] } {
  const known = new Map(
    options(groups).flatMap((each) => [each.name, each.alias].map((name) => [name, each])),
  )
  const ours: string[] = []
  const rest: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (word === '--') {
      rest.push(...words.slice(index + 1))
      break
    }
    const long = word.startsWith('--')
    const name = long ? word.split('=', 1)[0]! : word.slice(0, 2)
    const option = word.startsWith('-') ? known.get(name) : undefined
    if (option === undefined) {
      rest.push(word)
      continue
    }
    ours.push(word)
    const next = words[index + 1]
    if (word === name && option.argument.arity !== 'flag' && next !== undefined) {
      ours.push(next)
      index += 1
    }
  }
  return { ours, rest }
}
