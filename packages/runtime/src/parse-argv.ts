/**
 * Splits the one command line that every target hands to a unikernel into words.
 *
 * Spaces, tabs and line ends separate words. Between `"` and `"`, also inside a word, they do not. `\` takes the
 * next character as it is, also between quotes. A word of no characters is no word. A shell has its own turn
 * before this: what it joins, a second look splits again.
 */
import { type Result, err, ok } from '@mirage/result'

/** Why a line is no command line. */
export type ArgvError = 'unfinished-escape' | 'unfinished-quote'

/** What to tell a person whose spaces came apart. */
export const HINT: string = `to pass a space, quote it for the shell and for the unikernel: '--hello="Hello, world!"' or '--hello=Hello,\\ world!'`

/** The words of `line`. */
export function parseArgv(line: string): Result<string[], ArgvError> {
  const words: string[] = []
  let word = ''
  let isQuoted = false
  for (let i = 0; i < line.length; i++) {
    const each = line[i]!
    if (each === '\\') {
      if (++i === line.length) return err('unfinished-escape')
      word += line[i]!
    } else if (each === '"') {
      isQuoted = !isQuoted
    } else if (!isQuoted && isSpace(each)) {
      if (word !== '') words.push(word)
      word = ''
    } else {
      word += each
    }
  }
  if (isQuoted) return err('unfinished-quote')
  if (word !== '') words.push(word)
  return ok(words)
}

/** One sentence for the person who gave the line. */
export function explainArgv(error: ArgvError): string {
  return error === 'unfinished-escape'
    ? 'the command line ends in a backslash that escapes nothing'
    : 'the command line ends inside a quotation'
}

function isSpace(each: string): boolean {
  return each === ' ' || each === '\t' || each === '\n' || each === '\r'
}
