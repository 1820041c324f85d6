/** A folder of the host as a store. */
import type { WallTime } from '@mirage/clock'
import type { Entry, Kind, Kv, KvBatchError, KvError, KvWriteError } from '@mirage/kv'
import * as Key from '@mirage/kv/key'
import { checkPart } from '@mirage/kv/part'
import { type Result, done, err, ok } from '@mirage/result'
import type { HostError, HostFile, HostFolder, Path } from './host.ts'
import { Journal, type Staged } from './journal.ts'
import { PRIVATE, kvError, pathOf } from './name.ts'
import { FolderReader, PIECE_SIZE, withFile } from './reader.ts'
import { stateOf, targetOf } from './rename.ts'
import { InVain, View } from './view.ts'

/** How often `batch` runs again unless told. */
const RETRIES = 13

/**
 * The store of `host`. What a crash interrupted is ended first, so that nothing is half done. Only one program
 * at a time may write to a folder through a store; others may read it, and change it by renaming files.
 */
export async function kvDir(host: HostFolder): Promise<Result<Kv, HostError>> {
  const journal = new Journal(host)
  const recovered = await journal.recover()
  return recovered.ok ? ok(new DirKv(host, journal)) : recovered
}

class DirKv implements Kv {
  readonly #host: HostFolder
  readonly #journal: Journal
  readonly #reader: FolderReader
  readonly #views = new Set<View>()
  /** Resolves when the change that is being made is over. Never rejects. */
  #writing: Promise<unknown> = Promise.resolve()
  /** The same of a batch: reads wait for it, so that they see all of it or nothing. */
  #applying: Promise<unknown> | undefined

  constructor(host: HostFolder, journal: Journal) {
    this.#host = host
    this.#journal = journal
    this.#reader = new FolderReader(host)
  }

  async exists(key: Key.Key): Promise<Result<Kind | undefined, KvError>> {
    await this.#applying
    return this.#reader.exists(key)
  }

  async get(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    await this.#applying
    return this.#reader.get(key)
  }

  async getPartial(key: Key.Key, offset: number, length: number): Promise<Result<Uint8Array, KvError>> {
    await this.#applying
    return this.#reader.getPartial(key, offset, length)
  }

  async list(key: Key.Key): Promise<Result<readonly Entry[], KvError>> {
    await this.#applying
    return this.#reader.list(key)
  }

  async lastModified(key: Key.Key): Promise<Result<WallTime, KvError>> {
    await this.#applying
    return this.#reader.lastModified(key)
  }

  async digest(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    await this.#applying
    return this.#reader.digest(key)
  }

  async size(key: Key.Key): Promise<Result<number, KvError>> {
    await this.#applying
    return this.#reader.size(key)
  }

  async set(key: Key.Key, value: Uint8Array): Promise<Result<void, KvWriteError>> {
    const copy = value.slice()
    return this.#set(key, () => (file) => file.write(0, copy))
  }

  async setPartial(key: Key.Key, offset: number, bytes: Uint8Array): Promise<Result<void, KvWriteError>> {
    checkPart(offset, bytes.length)
    const copy = bytes.slice()
    return this.#set(key, (path) => (file) => this.#overwrite(file, path, offset, copy))
  }

  async remove(key: Key.Key): Promise<Result<void, KvWriteError>> {
    const path = pathOf(key)
    if (!path.ok) return path
    return this.#exclusive(key, async () => {
      this.#announce(key)
      const removed = key.length > 0 ? await this.#journal.remove(path.value) : await this.#removeAll()
      return removed.ok || isNothing(removed.error) ? done : err(kvError(removed.error, key))
    })
  }

  async rename(source: Key.Key, dest: Key.Key): Promise<Result<void, KvWriteError>> {
    return this.#exclusive(source, async () => {
      const target = await targetOf(this.#reader, source, dest)
      if (!target.ok) return target
      if (Key.equal(source, target.value)) return done
      this.#announce(source, target.value)
      const moved = await this.#journal.move(source, target.value)
      return moved.ok ? done : err(kvError(moved.error, dest))
    })
  }

  async batch<T, E>(
    change: (view: Kv) => Promise<Result<T, E>>,
    { retries = RETRIES }: { readonly retries?: number } = {},
  ): Promise<Result<T, E | KvBatchError>> {
    for (let run = 0; run <= retries; run++) {
      const view = new View(this.#reader, () => this.#host.now())
      this.#views.add(view)
      try {
        const result = await this.#run(view, change)
        if (result === 'in-vain') continue
        if (!result.ok) return result
        const applied = await this.#exclusive(Key.empty, () => this.#apply(view))
        if (!applied.ok) return applied
        if (applied.value === 'applied') return result
      } finally {
        this.#views.delete(view)
      }
    }
    return err({ kind: 'too-many-retries', retries })
  }

  async #run<T>(view: View, change: (view: Kv) => Promise<T>): Promise<T | 'in-vain'> {
    await this.#applying
    try {
      const result = await change(view)
      return view.isInVain ? 'in-vain' : result
    } catch (error) {
      if (error instanceof InVain) return 'in-vain'
      throw error
    } finally {
      view.end()
    }
  }

  async #apply(view: View): Promise<Result<'applied' | 'conflict', KvWriteError>> {
    if (await view.hasConflict()) return ok('conflict')
    this.#views.delete(view)
    const staged: [Key.Key, Staged][] = []
    for (const [key, bytes] of view.written) {
      const value = await this.#journal.stage((file) => file.write(0, bytes))
      if (!value.ok) return err(kvError(value.error, key))
      staged.push([key, value.value])
    }
    const removed = await this.#present(view.removed)
    if (!removed.ok) return removed
    this.#announce(...view.removed, ...staged.map(([key]) => key))
    const committed = await this.#commit(removed.value, staged)
    return committed.ok ? ok('applied') : err(kvError(committed.error, Key.empty))
  }

  /** The keys among `keys` that there is something to remove at; for the empty key, all below it. */
  async #present(keys: readonly Key.Key[]): Promise<Result<Path[], KvWriteError>> {
    const paths: Path[] = []
    for (const key of keys) {
      if (key.length > 0) {
        paths.push(key)
        continue
      }
      const entries = await this.#reader.list(key)
      if (!entries.ok) return entries
      paths.push(...entries.value.map(({ name }) => [name]))
    }
    return ok(paths)
  }

  async #commit(
    remove: readonly Path[],
    set: readonly (readonly [Path, Staged])[],
  ): Promise<Result<void, HostError>> {
    const committed = this.#journal.commit(remove, set)
    this.#applying = committed
    const result = await committed
    this.#applying = undefined
    return result
  }

  async #set(
    key: Key.Key,
    fillOf: (path: Path) => (file: HostFile) => Promise<Result<void, HostError>>,
  ): Promise<Result<void, KvWriteError>> {
    const path = pathOf(key)
    if (!path.ok) return path
    return this.#exclusive(key, async () => {
      const state = await stateOf(this.#reader, key)
      if (!state.ok) return state
      if (state.value === 'dictionary') return err({ kind: 'value-expected', key })
      if (state.value === 'through-value') return err({ kind: 'dictionary-expected', key })
      const staged = await this.#journal.stage(fillOf(path.value))
      if (!staged.ok) return err(kvError(staged.error, key))
      this.#announce(key)
      const placed = await this.#journal.place(staged.value, path.value)
      return placed.ok ? done : err(kvError(placed.error, key))
    })
  }

  /** Fills `file` with what is at `path`, and with `bytes` over it. */
  async #overwrite(
    file: HostFile,
    path: Path,
    offset: number,
    bytes: Uint8Array,
  ): Promise<Result<void, HostError>> {
    const copied = await withFile(this.#host, path, async (old) => {
      const { size } = old.stat
      for (let at = 0; at < size; at += PIECE_SIZE) {
        const piece = await old.read(at, Math.min(PIECE_SIZE, size - at))
        if (!piece.ok) return piece
        const written = await file.write(at, piece.value)
        if (!written.ok) return written
      }
      return ok(size)
    })
    if (!copied.ok && copied.error !== 'not-found') return copied
    return file.write(Math.min(offset, copied.ok ? copied.value : 0), bytes)
  }

  async #removeAll(): Promise<Result<void, HostError>> {
    const entries = await this.#host.list([])
    if (!entries.ok) return entries
    const paths = entries.value.filter(({ name }) => name !== PRIVATE).map(({ name }) => [name])
    return this.#commit(paths, [])
  }

  /** Tells the batches that run what is about to change. */
  #announce(...keys: readonly Key.Key[]): void {
    for (const view of this.#views) for (const key of keys) view.othersChange(key)
  }

  /** Runs `change` when every change that was asked for before is over. */
  async #exclusive<T>(
    key: Key.Key,
    change: () => Promise<Result<T, KvWriteError>>,
  ): Promise<Result<T, KvWriteError>> {
    const before = this.#writing
    const run = async (): Promise<Result<T, KvWriteError>> => {
      await before
      const recovered = await this.#journal.recover()
      return recovered.ok ? change() : err(kvError(recovered.error, key))
    }
    const result = run()
    this.#writing = result.catch(() => {})
    return result
  }
}

function isNothing(error: HostError): boolean {
  return error === 'not-found' || error === 'not-a-folder'
}
