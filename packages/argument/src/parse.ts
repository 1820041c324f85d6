/**
 * Reads the words of a command line: options of several groups, then what stands alone.
 *
 * `--name=value` and `--name value` are the same; so are `-n value` and `-nvalue`. `--` ends the options. A
 * word that begins with a hyphen and is no number is never taken for a value, unless after `=`.
 */
import { type Result, assert, err, ok } from '@mirage/result'
import type { Argument, Arguments, Values } from './argument.ts'
import { type Groups, type Option, clash, options } from './option.ts'

/** What is wrong with the words. `explain` makes a sentence of it. */
export type ArgumentError =
  | { readonly kind: 'unknown-option'; readonly option: string; readonly suggestion: string | undefined }
  | { readonly kind: 'missing-value'; readonly option: string; readonly expected: string }
  | { readonly kind: 'bad-value'; readonly option: string; readonly given: string; readonly expected: string }
  /** An argument without a default was not given. */
  | { readonly kind: 'missing-option'; readonly option: string; readonly docv: string; readonly doc: string }
  | { readonly kind: 'missing-word'; readonly docv: string; readonly doc: string }
  | { readonly kind: 'unexpected-word'; readonly word: string }

/** What the words say, argument by argument. */
export interface Parsed<G extends Groups, P extends Arguments> {
  readonly groups: { readonly [K in keyof G]: Values<G[K]['args']> }
  readonly positional: Values<P>
  /** The options that were given, by name (`--port`), with their words: what is not here is a default. */
  readonly given: ReadonlyMap<string, readonly string[]>
}

/**
 * What `words` say about `groups` and about `positional`, whose arguments take the other words in their
 * order; one of arity `many` takes all that remain. Two options of one name are a bug of the caller (`clash`
 * finds them) and throw.
 */
export function parse<const G extends Groups, const P extends Arguments = Record<string, never>>(
  words: readonly string[],
  groups: G,
  positional?: P,
): Result<Parsed<G, P>, ArgumentError> {
  assert(clash(groups) === undefined, `${clash(groups)?.name} is the name of one option`)
  const all = options(groups)
  const split = sortWords(words, all)
  if (!split.ok) return split
  const { given, rest } = split.value
  const grouped = readOptions(groups, all, given)
  if (!grouped.ok) return grouped
  const standing = readPositional(positional ?? {}, rest)
  if (!standing.ok) return standing
  // The two readers visit exactly the keys of `groups` and `positional`, each with the value of its argument.
  return ok({ groups: grouped.value, positional: standing.value, given } as unknown as Parsed<G, P>)
}

/** One sentence for the person who gave the words. */
export function explain(error: ArgumentError): string {
  switch (error.kind) {
    case 'unknown-option':
      return `unknown option ${error.option}${error.suggestion === undefined ? '' : `, did you mean ${error.suggestion}?`}`
    case 'missing-value':
      return `option ${error.option}: needs a value, expected ${error.expected}`
    case 'bad-value':
      return `option ${error.option}: invalid value "${error.given}", expected ${error.expected}`
    case 'missing-option':
      return `option ${error.option} ${error.docv} is required: ${error.doc}`
    case 'missing-word':
      return `argument ${error.docv} is required: ${error.doc}`
    case 'unexpected-word':
      return `unexpected argument "${error.word}"`
  }
}

/** Whether `words` ask for one of `names` (`--help`, `-h`) before any `--`, whatever else is wrong with them. */
export function asksFor(words: readonly string[], ...names: readonly string[]): boolean {
  const end = words.indexOf('--')
  return (end < 0 ? words : words.slice(0, end)).some((word) => names.includes(word))
}

interface Sorted {
  readonly given: Map<string, string[]>
  readonly rest: string[]
}

function sortWords(words: readonly string[], all: readonly Option[]): Result<Sorted, ArgumentError> {
  const byName = new Map(
    all.flatMap((each) => [each.name, each.alias ?? each.name].map((name) => [name, each] as const)),
  )
  const sorted: Sorted = { given: new Map(), rest: [] }
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word === '--') {
      sorted.rest.push(...words.slice(i + 1))
      break
    }
    if (!word.startsWith('-') || word === '-') {
      sorted.rest.push(word)
      continue
    }
    const { name, value } = word.startsWith('--') ? splitLong(word) : splitShort(word)
    const option = byName.get(name)
    if (option === undefined) {
      return err({ kind: 'unknown-option', option: name, suggestion: nearest(name, [...byName.keys()]) })
    }
    const { expected, arity } = option.argument
    const worth = value ?? (arity === 'flag' ? 'true' : valueIn(words[i + 1]))
    if (worth === undefined) return err({ kind: 'missing-value', option: name, expected })
    if (value === undefined && arity !== 'flag') i++
    sorted.given.set(option.name, [...(sorted.given.get(option.name) ?? []), worth])
  }
  return ok(sorted)
}

function splitLong(word: string): { name: string; value: string | undefined } {
  const equals = word.indexOf('=')
  if (equals < 0) return { name: word, value: undefined }
  return { name: word.slice(0, equals), value: word.slice(equals + 1) }
}

function splitShort(word: string): { name: string; value: string | undefined } {
  if (word.length === 2) return { name: word, value: undefined }
  return { name: word.slice(0, 2), value: word.slice(word[2] === '=' ? 3 : 2) }
}

/** The word after an option, if it is a value and no option itself. */
function valueIn(word: string | undefined): string | undefined {
  if (word === undefined || word === '-' || !word.startsWith('-')) return word
  return /^-[0-9.]/.test(word) ? word : undefined
}

type Read = Record<string, unknown>

function readOptions(
  groups: Groups,
  all: readonly Option[],
  given: ReadonlyMap<string, readonly string[]>,
): Result<Record<string, Read>, ArgumentError> {
  const values: Record<string, Read> = {}
  for (const group of Object.keys(groups)) values[group] = {}
  for (const { name, group, key, argument } of all) {
    const words = given.get(name)
    const value = words === undefined ? whenAbsent(argument, name) : whenGiven(argument, name, words)
    if (!value.ok) return value
    values[group]![key] = value.value
  }
  return ok(values)
}

function whenGiven(
  argument: Argument<unknown>,
  option: string,
  words: readonly string[],
): Result<unknown, ArgumentError> {
  const value = argument.read(words)
  return value.ok
    ? value
    : err({ kind: 'bad-value', option, given: value.error, expected: argument.expected })
}

function whenAbsent(
  { absent, docv, doc }: Argument<unknown>,
  option: string,
): Result<unknown, ArgumentError> {
  return absent === undefined ? err({ kind: 'missing-option', option, docv, doc }) : ok(absent.value)
}

function readPositional(positional: Arguments, words: readonly string[]): Result<Read, ArgumentError> {
  const values: Read = {}
  let rest = words
  for (const [key, argument] of Object.entries(positional)) {
    const taken = argument.arity === 'many' ? rest : rest.slice(0, 1)
    rest = rest.slice(taken.length)
    if (taken.length > 0) {
      const value = whenGiven(argument, argument.docv, taken)
      if (!value.ok) return value
      values[key] = value.value
    } else if (argument.absent === undefined) {
      return err({ kind: 'missing-word', docv: argument.docv, doc: argument.doc })
    } else values[key] = argument.absent.value
  }
  const [unexpected] = rest
  return unexpected === undefined ? ok(values) : err({ kind: 'unexpected-word', word: unexpected })
}

/** The candidate that differs from `word` in the fewest letters, if a third of them or fewer differ. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let limit = Math.floor(word.replace(/^-+/, '').length / 3)
  for (const candidate of candidates) {
    // Longer words are no misspelling, and this bounds the work that a word can cause.
    if (Math.abs(candidate.length - word.length) > limit || word.length > 64) continue
    const distance = editDistance(word, candidate)
    if (distance <= limit) [best, limit] = [candidate, distance - 1]
  }
  return best
}

/** Insertions, removals, replacements and swaps of neighbours that make `a` of `b` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1]!
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Infinity
      row.push(Math.min(replaced, swapped, above[j]! + 1, row[j - 1]! + 1))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
