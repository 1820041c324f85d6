/** Reads a value from a store, and says whether it is the one that was expected. */
import * as utf8 from '@mirage/bytes/utf8'
import { source } from '@mirage/console/logs'
import type { KvReader } from '@mirage/kv'
import { format } from '@mirage/kv/error'
import * as Key from '@mirage/kv/key'
import { type Result, done, err } from '@mirage/result'

const log = source('kv-ro')
const SECRET = Key.parse('secret')
const EXPECTED = 'foo\n'

export async function start({ store }: { readonly store: KvReader }): Promise<Result<void, string>> {
  const secret = await store.get(SECRET)
  if (!secret.ok) return err(format(secret.error))
  if (utf8.decode(secret.value) !== EXPECTED)
    return err('the contents of the secret storage are not what they were')
  log.info('Contents of extremely secret vital storage confirmed!')
  return done
}
