/** Groups of arguments that share one command line, and how their options are called in it. */
import type { Argument, Arguments } from './argument.ts'

/** The arguments of one component or command. */
export interface Group<A extends Arguments = Arguments> {
  /** The heading of the group in the help. */
  readonly title: string
  /** Goes in front of every name, so that two of one kind can share a line: `b` makes `--b-ipv4`. */
  readonly prefix?: string
  readonly args: A
}

/** Several groups, by a name for the program. */
export type Groups = Readonly<Record<string, Group>>

/** An argument in its place on the command line. */
export interface Option {
  /** As it is written: `--ipv4-gateway`. */
  readonly name: string
  /** As it may also be written: `-l`. A group with a prefix has none. */
  readonly alias: string | undefined
  readonly group: string
  readonly key: string
  readonly argument: Argument<unknown>
}

/** One name for two arguments: the command line could not say which of them is meant. */
export interface Clash {
  readonly name: string
  readonly groups: readonly [string, string]
}

/** `ipv4Gateway` becomes `--ipv4-gateway`, and with the prefix `b` `--b-ipv4-gateway`. */
export function optionName(key: string, prefix?: string): string {
  const kebab = key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)
  return prefix === undefined ? `--${kebab}` : `--${prefix}-${kebab}`
}

/** Every option of `groups`, in their order. */
export function options(groups: Groups): readonly Option[] {
  return Object.entries(groups).flatMap(([group, { prefix, args }]) =>
    Object.entries(args).map(([key, argument]) => {
      const alias = argument.alias === undefined || prefix !== undefined ? undefined : `-${argument.alias}`
      return { name: optionName(key, prefix), alias, group, key, argument }
    }),
  )
}

/** The first name or alias that two arguments of `groups` would share. */
export function clash(groups: Groups): Clash | undefined {
  const seen = new Map<string, string>()
  for (const { name, alias, group } of options(groups)) {
    for (const each of alias === undefined ? [name] : [name, alias]) {
      const other = seen.get(each)
      if (other !== undefined) return { name: each, groups: [other, group] }
      seen.set(each, group)
    }
  }
  return undefined
}
