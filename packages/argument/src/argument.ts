/**
 * Arguments: what a person may tell a program in words, as typed terms.
 *
 * A term says what it is for, how it is written and what it is worth when nobody says anything. A record of
 * terms is what a component or a command understands: `{ port: port({ doc: 'Where to listen.', default: 80 }) }`
 * is the option `--port`, and its value is a number.
 */
import { type Cidr, type Ipv4, format, formatCidr, parse, parseCidr } from '@mirage/address/ipv4'
import * as ipAddress from '@mirage/address/ip'
import type { IpAddress } from '@mirage/address/ip'
import * as ipv6Address from '@mirage/address/ipv6'
import { type Result, assert, err, ok } from '@mirage/result'

/** One argument, whose value is a `T`. */
export interface Argument<out T> {
  /** One sentence for the person who reads the help. */
  readonly doc: string
  /** The name of the value in the help, in capitals; empty for a flag. */
  readonly docv: string
  /** One letter: `l` for `-l`. */
  readonly alias: string | undefined
  /** What a value looks like, to go after "expected". */
  readonly expected: string
  /** Stands alone; takes one value, of which the last given counts; takes as many as are given. */
  readonly arity: 'flag' | 'one' | 'many'
  /** What it is worth when it is not given; `undefined` if it must be given. */
  readonly absent: { readonly value: T } | undefined
  /** The value of `words`, at least one, as they were given; or the word that is wrong. */
  read(words: readonly string[]): Result<T, string>
  /** A value as a person would write it; empty where there is nothing to show. */
  show(value: T): string
}

/** The arguments of one component, by camelCase name: `ipv4Gateway` is written `--ipv4-gateway`. */
export type Arguments = Readonly<Record<string, Argument<unknown>>>

/** What the arguments `A` are worth. */
export type Values<A extends Arguments> = {
  readonly [K in keyof A]: A[K] extends Argument<infer T> ? T : never
}

/** What a term says about itself. Without a `default` the argument must be given. */
export interface Info<T> {
  readonly doc: string
  readonly docv?: string
  readonly alias?: string
  readonly default?: T
}

/** How values of one kind are written. */
export interface Kind<T> {
  readonly docv: string
  readonly expected: string
  /** The value that `word` stands for. Its errors are not looked at: `expected` says what is wrong. */
  readonly parse: (word: string) => Result<T, unknown>
  readonly show: (value: T) => string
}

/** An argument of any kind: the others are made of this one. */
export function of<T>(kind: Kind<T>, info: Info<T>): Argument<T> {
  return {
    doc: info.doc,
    docv: info.docv ?? kind.docv,
    alias: info.alias,
    expected: kind.expected,
    arity: 'one',
    absent: info.default === undefined ? undefined : { value: info.default },
    read(words) {
      const last = words.at(-1)
      assert(last !== undefined, 'an argument that was given has a word')
      const parsed = kind.parse(last)
      return parsed.ok ? parsed : err(last)
    },
    show: (value) => kind.show(value),
  }
}

/** Any text, also none. */
export function text(info: Info<string>): Argument<string> {
  return of({ docv: 'TEXT', expected: 'text', parse: ok, show: (value) => value }, info)
}

/** The bounds of a number, both included; without one there is none. */
export interface Range {
  readonly min?: number
  readonly max?: number
}

/** A whole number from `min` to `max`, in decimal digits. */
export function integer(info: Info<number> & Range): Argument<number> {
  return of(numeric('a whole number', /^[+-]?[0-9]+$/, info), info)
}

/** A number from `min` to `max`, which may have a fraction: `0.5`, `1e3`. */
export function number(info: Info<number> & Range): Argument<number> {
  return of(numeric('a number', /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i, info), info)
}

/** A TCP or UDP port, 1 to 65535. */
export function port(info: Info<number>): Argument<number> {
  return of({ ...numeric('a port', /^[0-9]+$/, { min: 1, max: 65535 }), docv: 'PORT' }, info)
}

/** True when it is given: `--verbose`. `--verbose=false` takes it back. */
export function flag(info: Info<boolean>): Argument<boolean> {
  const kind: Kind<boolean> = {
    docv: '',
    expected: 'true or false',
    parse: (word) => (word === 'true' || word === 'false' ? ok(word === 'true') : err('bad-flag')),
    show: (value) => (value ? 'true' : ''),
  }
  return { ...of(kind, { default: false, ...info }), docv: '', arity: 'flag' }
}

/** One of `choices`, which are written as they are. */
export function oneOf<const C extends string>(choices: readonly C[], info: Info<C>): Argument<C> {
  const kind: Kind<C> = {
    docv: choices.join('|'),
    expected: alternatives(choices),
    parse(word) {
      const choice = choices.find((each) => each === word)
      return choice === undefined ? err('bad-choice') : ok(choice)
    },
    show: (value) => value,
  }
  return of(kind, info)
}

/** An IPv4 address: `10.0.0.1`. */
export function ipv4(info: Info<Ipv4>): Argument<Ipv4> {
  return of({ docv: 'ADDRESS', expected: 'an IPv4 address such as 10.0.0.1', parse, show: format }, info)
}

/** An IPv4 address and the length of its network's prefix: `10.0.0.2/24`. */
export function cidr(info: Info<Cidr>): Argument<Cidr> {
  const expected = 'an IPv4 address with its prefix length such as 10.0.0.2/24'
  return of({ docv: 'ADDRESS/LENGTH', expected, parse: parseCidr, show: formatCidr }, info)
}

/** An IPv6 address: `fd00::1`. */
export function ipv6(info: Info<ipv6Address.Ipv6>): Argument<ipv6Address.Ipv6> {
  const { parse: read, format: show } = ipv6Address
  return of({ docv: 'ADDRESS', expected: 'an IPv6 address such as fd00::1', parse: read, show }, info)
}

/** An IPv6 address and the length of its network's prefix: `fd00::2/64`. */
export function cidr6(info: Info<ipv6Address.Cidr>): Argument<ipv6Address.Cidr> {
  const expected = 'an IPv6 address with its prefix length such as fd00::2/64'
  const { parseCidr: read, formatCidr: show } = ipv6Address
  return of({ docv: 'ADDRESS/LENGTH', expected, parse: read, show }, info)
}

/** An address of either family: `10.0.0.1`, `fd00::1`. */
export function address(info: Info<IpAddress>): Argument<IpAddress> {
  const { parse: read, format: show } = ipAddress
  return of({ docv: 'ADDRESS', expected: 'an address such as 10.0.0.1 or fd00::1', parse: read, show }, info)
}

/** As many values as are given, by repeating the option or with commas between: `--ips a,b --ips c`. */
export function list<T>(item: Argument<T>, absent: readonly T[] = []): Argument<readonly T[]> {
  return {
    ...item,
    arity: 'many',
    absent: { value: absent },
    read(words) {
      const values: T[] = []
      for (const word of words.flatMap((each) => each.split(','))) {
        const value = item.read([word])
        if (!value.ok) return value
        values.push(value.value)
      }
      return ok(values)
    },
    show: (values) => values.map((value) => item.show(value)).join(','),
  }
}

/** The same argument, which is `undefined` when it is not given. */
export function optional<T>(argument: Argument<T>): Argument<T | undefined> {
  return {
    ...argument,
    absent: { value: undefined },
    show: (value) => (value === undefined ? '' : argument.show(value)),
  }
}

/** The words "a", "a or b", "a, b or c". */
export function alternatives(choices: readonly string[]): string {
  const last = choices.at(-1) ?? 'nothing'
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(', ')} or ${last}`
}

function numeric(what: string, form: RegExp, { min = -Infinity, max = Infinity }: Range): Kind<number> {
  const expected = `${what}${within(min, max)}`
  const parse = (word: string): Result<number, unknown> => {
    const value = Number(word)
    return form.test(word) && value >= min && value <= max ? ok(value) : err('bad-number')
  }
  return { docv: 'NUMBER', expected, parse, show: String }
}

function within(min: number, max: number): string {
  if (min === -Infinity && max === Infinity) return ''
  if (max === Infinity) return ` of at least ${min}`
  return min === -Infinity ? ` of at most ${max}` : ` from ${min} to ${max}`
}
