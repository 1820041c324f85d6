/** Where a rename ends, and whether it may. */
import type { KvError, KvReader, KvWriteError } from '@mirage/kv'
import * as Key from '@mirage/kv/key'
import { type Result, err, ok } from '@mirage/result'

/** What a key names, with the case that a value lies on the way to it. */
export type State = 'value' | 'dictionary' | 'nothing' | 'through-value'

export async function stateOf(kv: Pick<KvReader, 'size'>, key: Key.Key): Promise<Result<State, KvError>> {
  const size = await kv.size(key)
  if (size.ok) return ok('value')
  if (size.error.kind === 'value-expected') return ok('dictionary')
  if (size.error.kind === 'not-found') return ok('nothing')
  return size.error.kind === 'dictionary-expected' ? ok('through-value') : size
}

/** The key that `source` gets; `source` itself if there is nothing to do. */
export async function targetOf(
  kv: Pick<KvReader, 'size'>,
  source: Key.Key,
  dest: Key.Key,
): Promise<Result<Key.Key, KvWriteError>> {
  const [moved, there] = [await stateOf(kv, source), await stateOf(kv, dest)]
  if (!moved.ok) return moved
  if (!there.ok) return there
  if (moved.value === 'nothing') return err({ kind: 'not-found', key: source })
  if (moved.value === 'through-value') return err({ kind: 'dictionary-expected', key: source })
  const isInside = there.value === 'dictionary' && source.length > 0
  const target = isInside ? Key.append(dest, Key.parse(Key.basename(source))) : dest
  if (Key.equal(source, target)) return ok(source)
  if (Key.isPrefix(source, target)) return err({ kind: 'rename-source-prefix', source, dest })
  const replaced = isInside ? await stateOf(kv, target) : there
  if (!replaced.ok) return replaced
  if (replaced.value === 'through-value') return err({ kind: 'dictionary-expected', key: dest })
  if (replaced.value === 'dictionary') return err({ kind: 'value-expected', key: target })
  if (replaced.value === 'value' && moved.value === 'dictionary')
    return err({ kind: 'value-expected', key: source })
  return ok(target)
}
