/** What Node and browsers add to the language: finds out who needs it, and what gives it to them where an engine has none. */

/** What a name stands for where an engine has only the language: an export, or what its maker gives. */
type Source = readonly [module: string, maker?: string, value?: string]

const web = (module: string): Source => [`@mirage/web/${module}`]
const timer = (name: string): Source => ['@mirage/target-solo5/web', 'timers', `timers().${name}`]

/** The names that we have. */
const GIVEN: Readonly<Record<string, Source>> = {
  AbortController: web('abort'),
  AbortSignal: web('abort'),
  Blob: web('blob'),
  DOMException: web('dom-exception'),
  Event: web('event'),
  EventTarget: web('event-target'),
  File: web('blob'),
  FormData: web('form-data'),
  Headers: web('headers'),
  ReadableStream: web('streams'),
  Request: web('request'),
  Response: web('response'),
  TextDecoder: web('text-decoder'),
  TextEncoder: web('text-encoder'),
  TransformStream: web('streams'),
  URL: web('url'),
  URLSearchParams: web('url'),
  WritableStream: web('streams'),
  clearInterval: timer('clearInterval'),
  clearTimeout: timer('clearTimeout'),
  console: ['@mirage/target-solo5/web', 'webConsole', 'webConsole()'],
  crypto: ['@mirage/target-solo5/web', 'webCrypto', 'webCrypto()'],
  queueMicrotask: web('microtask'),
  setInterval: timer('setInterval'),
  setTimeout: timer('setTimeout'),
}

/**
 * What nobody gives, as far as libraries use it without asking. What they ask for first (`process`, `navigator`)
 * is left out: they have another way.
 */
const ABSENT: readonly string[] = [
  ['fetch', 'WebSocket', 'atob', 'btoa', 'structuredClone', 'setImmediate'],
  ['CompressionStream', 'DecompressionStream', 'MessageChannel', 'Intl'],
].flat()

/** Whoever uses one of these is given all of the modules below, which they consist of: libraries find them too. */
const FETCH: readonly string[] = ['Request', 'Response']
const BROUGHT: readonly string[] = [
  'abort',
  'blob',
  'form-data',
  'headers',
  'request',
  'response',
  'streams',
  'url',
]

const MARK = '__mirage_ambient_'

/** What to give the bundler as `define`, so that `ambientNames` finds the names in what it makes. */
export const marked: Record<string, string> = Object.fromEntries(
  [...Object.keys(GIVEN), ...ABSENT].map((name) => [name, MARK + name]),
)

/** The names that code uses which was bundled with `marked`, in two: those we can give, and those nobody does. */
export function ambientNames(code: string): {
  readonly given: readonly string[]
  readonly absent: readonly string[]
} {
  const found = new Set(Array.from(code.matchAll(new RegExp(`${MARK}(\\w+)`, 'g')), ([, name]) => name!))
  return {
    given: Object.keys(GIVEN).filter((name) => found.has(name)),
    absent: ABSENT.filter((name) => found.has(name)),
  }
}

/** The text of a module that makes the names of `given` global, before anything else runs. */
export function prelude(given: readonly string[]): string {
  const isFetch = given.some((name) => FETCH.includes(name))
  const isBrought = ([module]: Source): boolean => BROUGHT.some((each) => module === `@mirage/web/${each}`)
  const names = Object.keys(GIVEN).filter(
    (name) => given.includes(name) || (isFetch && isBrought(GIVEN[name]!)),
  )
  const imports = names.map((name) => {
    const [module, maker = name] = GIVEN[name]!
    return [maker, module] as const
  })
  const lines = [...new Map(imports)].map(([name, module]) => `import { ${name} } from '${module}'`)
  const values = names.map((name) => `${name}: ${GIVEN[name]![2] ?? name}`)
  return [
    `import { install } from '@mirage/web/install'`,
    ...lines,
    `install({ ${values.join(', ')} })`,
  ].join('\n')
}
