/** The help text of a command line: what it takes, group by group, with the defaults. */
import type { Argument, Arguments } from './argument.ts'
import { type Groups, options } from './option.ts'

/** What the help is about. */
export interface Help {
  /** The program or the command: `mirage run`. */
  readonly name: string
  /** One sentence: what it does. */
  readonly summary?: string
  readonly groups: Groups
  readonly positional?: Arguments
  /** Columns of the reader's screen; 80 unless told. */
  readonly width?: number
}

/** The column where the descriptions begin. Longer names have theirs on the next line. */
const DOC_COLUMN = 30

/** The whole text, without a last line break. */
export function help({ name, summary, groups, positional = {}, width = 80 }: Help): string {
  const parts = [`usage: ${[name, ...Object.values(positional).map(usage), '[options]'].join(' ')}`]
  if (summary !== undefined) parts.push(wrap(summary, width).join('\n'))
  const standing = Object.values(positional).map((argument) => entry(argument.docv, argument, width))
  if (standing.length > 0) parts.push(['Arguments', ...standing].join('\n'))
  for (const [key, { title }] of Object.entries(groups)) {
    const entries = options(groups)
      .filter(({ group }) => group === key)
      .map((option) => entry(written(option.name, option.alias, option.argument), option.argument, width))
    if (entries.length > 0) parts.push([title, ...entries].join('\n'))
  }
  return parts.join('\n\n')
}

function usage({ docv, arity, absent }: Argument<unknown>): string {
  const word = arity === 'many' ? `${docv}...` : docv
  return absent === undefined ? word : `[${word}]`
}

function written(name: string, alias: string | undefined, { docv }: Argument<unknown>): string {
  return `${alias === undefined ? '' : `${alias}, `}${name}${docv === '' ? '' : ` ${docv}`}`
}

/** Two columns: how it is written, and what it is for. */
function entry(term: string, argument: Argument<unknown>, width: number): string {
  const lines = wrap(described(argument), Math.max(width - DOC_COLUMN, 20))
  const left = `  ${term}`
  const first = left.length + 2 <= DOC_COLUMN ? [left.padEnd(DOC_COLUMN) + lines.shift()] : [left]
  return [...first, ...lines.map((line) => ' '.repeat(DOC_COLUMN) + line)].join('\n')
}

function described(argument: Argument<unknown>): string {
  const { doc, absent, arity } = argument
  if (absent === undefined) return `${doc} (required)`
  const shown = argument.show(absent.value)
  const many = arity === 'many' ? ' May be given several times.' : ''
  return shown === '' ? `${doc}${many}` : `${doc}${many} (default ${shown})`
}

/** `text` in lines of at most `width` columns, broken at spaces; a longer word has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
