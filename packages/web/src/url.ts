/** Addresses and their queries, as the URL standard has them: core-js's implementation. */
// @ts-expect-error -- the library has no types.
import theirUrl from 'core-js-pure/actual/url/index.js'
// @ts-expect-error -- likewise.
import theirSearchParams from 'core-js-pure/actual/url-search-params/index.js'

/** A URL in its parts. What is set is parsed as in the whole. */
export interface URL {
  href: string
  readonly origin: string
  protocol: string
  username: string
  password: string
  host: string
  hostname: string
  port: string
  pathname: string
  search: string
  readonly searchParams: URLSearchParams
  hash: string
  toString(): string
  toJSON(): string
}

/** Pairs of a query. */
export interface URLSearchParams extends Iterable<[name: string, value: string]> {
  readonly size: number
  append(name: string, value: string): void
  delete(name: string, value?: string): void
  get(name: string): string | null
  getAll(name: string): string[]
  has(name: string, value?: string): boolean
  set(name: string, value: string): void
  sort(): void
  forEach(each: (value: string, name: string, params: URLSearchParams) => void, self?: unknown): void
  entries(): IterableIterator<[name: string, value: string]>
  keys(): IterableIterator<string>
  values(): IterableIterator<string>
  toString(): string
}

/** Parses a URL; throws a `TypeError` at what is none. */
export const URL: {
  new (url: string, base?: string): URL
  canParse(url: string, base?: string): boolean
  parse(url: string, base?: string): URL | null
} = theirUrl

/** Parses a query, or takes its pairs. */
export const URLSearchParams: new (
  init?: string | Iterable<Iterable<string>> | Readonly<Record<string, string>>,
) => URLSearchParams = theirSearchParams
