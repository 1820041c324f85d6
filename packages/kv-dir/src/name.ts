/** Which keys a folder can hold. */
import type { KvError, KvWriteError } from '@mirage/kv'
import type { Key } from '@mirage/kv/key'
import { type Result, err, ok, unreachable } from '@mirage/result'
import type { HostError, Path } from './host.ts'

/** The folder below the root where changes are prepared. It is no key of the store. */
export const PRIVATE = '.mirage-kv'

/** Half of a pair of UTF-16, which no encoding of a name has. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** The path of `key`: refused are `.` and `..`, which mean something else, and what no host can write down. */
export function pathOf(key: Key): Result<Path, KvError> {
  const isBad = (name: string): boolean =>
    name === '.' || name === '..' || name.includes('\0') || LONE_SURROGATE.test(name)
  return key.some(isBad) || key[0] === PRIVATE ? err({ kind: 'bad-key', key }) : ok(key)
}

/** What a store says when the host answers `error` about the file or folder of `key`. */
export function kvError(error: Exclude<HostError, 'no-space'>, key: Key): KvError
export function kvError(error: HostError, key: Key): KvWriteError
export function kvError(error: HostError, key: Key): KvWriteError {
  if (typeof error === 'object') return { kind: 'storage', key, reason: error.reason }
  switch (error) {
    case 'not-found':
    case 'not-a-folder':
    case 'is-a-folder':
      return { kind: KINDS[error], key }
    case 'outside':
    case 'bad-name':
      return { kind: 'bad-key', key }
    case 'no-space':
      return { kind: 'no-space' }
    default:
      return unreachable(error)
  }
}

const KINDS = {
  'not-found': 'not-found',
  'not-a-folder': 'dictionary-expected',
  'is-a-folder': 'value-expected',
} as const
