/** The component of a host folder as a store. */
import type { Kv } from '@mirage/kv'
import { kvDir } from '@mirage/kv-dir'
import { type Result, err } from '@mirage/result'
import { hostFolder } from './folder.ts'

/** The store of the folder at the path `folder`, which starts where the process was started. */
export async function connect({ folder }: { readonly folder: string }): Promise<Result<Kv, string>> {
  const host = hostFolder(folder)
  if (!host.ok) return host
  const store = await kvDir(host.value)
  if (store.ok) return store
  const reason = typeof store.error === 'object' ? store.error.reason : store.error
  return err(`cannot use the folder ${folder} as a store: ${reason}`)
}
