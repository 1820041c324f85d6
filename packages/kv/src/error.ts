/** Errors of stores in words, for a log or a person. */
import { unreachable } from '@mirage/result'
import * as Key from './key.ts'
import type { KvBatchError } from './kv.ts'

/** One sentence without a full stop, which names the key. */
export function format(error: KvBatchError): string {
  switch (error.kind) {
    case 'not-found':
      return `nothing has the key ${Key.format(error.key)}`
    case 'dictionary-expected':
      return `${Key.format(error.key)} is, or lies below, a value where a dictionary is needed`
    case 'value-expected':
      return `${Key.format(error.key)} is a dictionary where a value is needed`
    case 'bad-key':
      return `${Key.format(error.key)} cannot be a key of this store`
    case 'storage':
      return `the medium failed at ${Key.format(error.key)}: ${error.reason}`
    case 'no-space':
      return 'the store has no space left'
    case 'rename-source-prefix':
      return `${Key.format(error.source)} cannot move into itself, to ${Key.format(error.dest)}`
    case 'too-many-retries':
      return `the batch met conflicting changes in every run, after ${error.retries} retries`
    default:
      return unreachable(error)
  }
}
