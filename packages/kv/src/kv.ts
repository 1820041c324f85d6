/**
 * A store of values under hierarchical keys.
 *
 * A key names a value (bytes, any number of them, also none), a dictionary (of further keys), or nothing.
 * The empty key is always a dictionary. Values are copied in and copied out: what a caller does to its own
 * buffer afterwards never changes the store.
 */
import type { WallTime } from '@mirage/clock'
import type { Result } from '@mirage/result'
import type { Key } from './key.ts'

/** What a key that names something names. */
export type Kind = 'value' | 'dictionary'

/** One line of a listing. */
export interface Entry {
  /** The last segment of the entry's key. */
  readonly name: string
  readonly kind: Kind
}

/** Why a store did not answer. Where there is a `key`, it is the one that was asked about. */
export type KvError =
  | { readonly kind: 'not-found'; readonly key: Key }
  /** `key` is, or leads through, a value where a dictionary is needed. */
  | { readonly kind: 'dictionary-expected'; readonly key: Key }
  /** `key` is a dictionary where a value is needed. */
  | { readonly kind: 'value-expected'; readonly key: Key }
  /** `key` can never be in this store: a segment that its medium cannot name, such as `..` in a folder. */
  | { readonly kind: 'bad-key'; readonly key: Key }
  /** The medium failed; `reason` is for the log. */
  | { readonly kind: 'storage'; readonly key: Key; readonly reason: string }

/** Why a store was not changed. */
export type KvWriteError =
  | KvError
  | { readonly kind: 'no-space' }
  /** `source` is a prefix of `dest`: a dictionary cannot move into itself. */
  | { readonly kind: 'rename-source-prefix'; readonly source: Key; readonly dest: Key }

/** Why a batch was not applied, where its function did not say so itself. */
export type KvBatchError =
  | KvWriteError
  /** Every one of this many runs met a conflicting change. Nothing was applied. */
  | { readonly kind: 'too-many-retries'; readonly retries: number }

/** What can be read: the store of a web site, a folder, an archive. */
export interface KvReader {
  /** What `key` names; `undefined` if nothing, also where it leads through a value. */
  exists(key: Key): Promise<Result<Kind | undefined, KvError>>

  /** The whole value, in a buffer that is the caller's. */
  get(key: Key): Promise<Result<Uint8Array, KvError>>

  /**
   * At most `length` bytes of the value from `offset`: fewer where the value ends, none past its end.
   * An `offset` or `length` that is negative or no integer throws.
   */
  getPartial(key: Key, offset: number, length: number): Promise<Result<Uint8Array, KvError>>

  /** The direct entries of a dictionary, in no order that may be relied upon. */
  list(key: Key): Promise<Result<readonly Entry[], KvError>>

  /**
   * When the value was last set; of a dictionary, the latest of its direct entries, each by the same rule;
   * 1970-01-01 of a dictionary without entries.
   */
  lastModified(key: Key): Promise<Result<WallTime, KvError>>

  /**
   * Bytes that are equal for equal content and different for different content; not text. A dictionary's
   * depends on the names and the content below it, and on nothing else.
   */
  digest(key: Key): Promise<Result<Uint8Array, KvError>>

  /** The length of a value in bytes. */
  size(key: Key): Promise<Result<number, KvError>>
}

/** What can also be changed. A change is durable when its promise resolves, except inside a batch. */
export interface Kv extends KvReader {
  /**
   * Binds `key` to a copy of `value`, and makes the dictionaries that lead to it. A value is replaced; a
   * dictionary is not (`value-expected`); a prefix that is a value is `dictionary-expected`.
   */
  set(key: Key, value: Uint8Array): Promise<Result<void, KvWriteError>>

  /**
   * Overwrites the value from `offset` on, and lengthens it where `bytes` reach past its end. An `offset`
   * past the end appends at the end: there are no holes. A key that names nothing is made, as `set` does.
   */
  setPartial(key: Key, offset: number, bytes: Uint8Array): Promise<Result<void, KvWriteError>>

  /** Removes a value, or a dictionary and everything below it. Removing what is not there succeeds. */
  remove(key: Key): Promise<Result<void, KvWriteError>>

  /**
   * Moves what `source` names to `dest`. A value takes the place of a value; anything moved to a dictionary
   * is moved inside it, under its own name, where it may replace a value but no dictionary; a dictionary is
   * never moved onto a value (`value-expected`). Moving something to where it is does nothing.
   */
  rename(source: Key, dest: Key): Promise<Result<void, KvWriteError>>

  /**
   * Runs `change` on a view of the store as it is now, then applies all that it changed at once, or nothing.
   *
   * Inside, reads see the snapshot and the batch's own writes, and nothing of what others do meanwhile. If
   * what it read or wrote was changed by others when it ends, `change` runs again on the newest state:
   * `retries` times at most after the first run (13 unless told), then it is `too-many-retries`. A store may
   * know earlier that a run is in vain, and then throws where that run reads next. If `change` returns an
   * error nothing is applied and the error is the batch's. A view used after its run throws; so does a batch
   * inside a batch.
   */
  batch<T, E>(
    change: (view: Kv) => Promise<Result<T, E>>,
    options?: { readonly retries?: number },
  ): Promise<Result<T, E | KvBatchError>>
}
