/**
 * How several changes of a folder become one.
 *
 * New values are staged as files of the private folder. Then a record of what to do is renamed to `commit`:
 * from this instant the batch has happened. Doing it is renames only, each of which can be seen to be done
 * (its source is gone, or its place in the private folder is taken), so that after a crash the record is done
 * again from its beginning. What is removed is renamed into the private folder first.
 */
import * as utf8 from '@mirage/bytes/utf8'
import { type Result, done, err, ok } from '@mirage/result'
import type { HostError, HostFile, HostFolder, Path } from './host.ts'
import { PRIVATE } from './name.ts'
import { withFile } from './reader.ts'

/** Moves, in this order: first out of sight, then into place. */
interface Commit {
  readonly remove: readonly (readonly [path: Path, trash: string])[]
  readonly set: readonly (readonly [path: Path, staged: string])[]
}

const COMMIT: Path = [PRIVATE, 'commit']

/** A value that waits in the private folder. */
export type Staged = string & { readonly staged: unique symbol }

export class Journal {
  readonly #host: HostFolder
  #count = 0
  #isPending = true

  constructor(host: HostFolder) {
    this.#host = host
  }

  /** Ends what a crash, or an error of the host, interrupted. To be called before every change. */
  async recover(): Promise<Result<void, HostError>> {
    if (!this.#isPending) return done
    const record = await withFile(this.#host, COMMIT, (file) => file.read(0, file.stat.size))
    if (record.ok) {
      const commit = parse(record.value)
      if (!commit.ok) return commit
      const finished = await this.#finish(commit.value)
      if (!finished.ok) return finished
    } else if (record.error !== 'not-found') {
      return record
    }
    // Without a record nothing in the private folder has happened.
    const removed = await this.#host.removeTree([PRIVATE])
    if (removed.ok) this.#isPending = false
    return removed
  }

  /** Puts what `fill` writes on the medium, where `place` or `commit` finds it. */
  async stage(
    fill: (file: HostFile) => Promise<Result<void, HostError>>,
  ): Promise<Result<Staged, HostError>> {
    const made = await this.#host.makeFolder([PRIVATE])
    if (!made.ok) return made
    const name = this.#newName() as Staged
    const file = await this.#host.create([PRIVATE, name])
    if (!file.ok) return file
    const filled = await this.#fill(file.value, fill)
    if (filled.ok) return ok(name)
    await this.#host.removeTree([PRIVATE, name])
    return filled
  }

  /** Moves one staged value to `path`, at once. */
  async place(staged: Staged, path: Path): Promise<Result<void, HostError>> {
    const placed = await this.move([PRIVATE, staged], path)
    if (!placed.ok) await this.#host.removeTree([PRIVATE, staged])
    return placed
  }

  /** Moves what is at `source` to `dest`, at once. */
  async move(source: Path, dest: Path): Promise<Result<void, HostError>> {
    const made = await this.#makeFolders(dest)
    return made.ok ? this.#host.rename(source, dest) : made
  }

  /** Removes what is at `path`, at once. */
  async remove(path: Path): Promise<Result<void, HostError>> {
    const made = await this.#host.makeFolder([PRIVATE])
    if (!made.ok) return made
    const trash = this.#newName()
    const moved = await this.#host.rename(path, [PRIVATE, trash])
    if (moved.ok) await this.#host.removeTree([PRIVATE, trash])
    return moved
  }

  /** Removes and places all of these at once. */
  async commit(
    remove: readonly Path[],
    set: readonly (readonly [Path, Staged])[],
  ): Promise<Result<void, HostError>> {
    const commit: Commit = { remove: remove.map((path) => [path, this.#newName()]), set }
    const bytes = utf8.encode(JSON.stringify(commit))
    const record = await this.stage((file) => file.write(0, bytes))
    if (!record.ok) return record
    this.#isPending = true
    const committed = await this.#host.rename([PRIVATE, record.value], COMMIT)
    if (!committed.ok) return committed
    const finished = await this.#finish(commit)
    if (finished.ok) this.#isPending = false
    return finished
  }

  async #finish({ remove, set }: Commit): Promise<Result<void, HostError>> {
    for (const [path, trash] of remove) {
      const isDone = await this.#host.stat([PRIVATE, trash])
      if (isDone.ok) continue
      const moved = await this.#host.rename(path, [PRIVATE, trash])
      if (!moved.ok && !isNothing(moved.error)) return moved
    }
    for (const [path, staged] of set) {
      const isWaiting = await this.#host.stat([PRIVATE, staged])
      if (!isWaiting.ok && isWaiting.error === 'not-found') continue
      const placed = await this.move([PRIVATE, staged], path)
      if (!placed.ok) return placed
    }
    const ended = await this.#host.removeTree(COMMIT)
    if (!ended.ok) return ended
    for (const [, trash] of remove) await this.#host.removeTree([PRIVATE, trash])
    return done
  }

  /** The folders that lead to `path`. */
  async #makeFolders(path: Path): Promise<Result<void, HostError>> {
    for (let depth = 1; depth < path.length; depth++) {
      const made = await this.#host.makeFolder(path.slice(0, depth))
      if (!made.ok) return made
    }
    return done
  }

  async #fill(
    file: HostFile,
    fill: (file: HostFile) => Promise<Result<void, HostError>>,
  ): Promise<Result<void, HostError>> {
    try {
      const filled = await fill(file)
      return filled.ok ? await file.flush() : filled
    } finally {
      await file.close()
    }
  }

  #newName(): string {
    return String(this.#count++)
  }
}

/** Whether the host says that there is nothing to move. */
function isNothing(error: HostError): boolean {
  return error === 'not-found' || error === 'not-a-folder'
}

function parse(record: Uint8Array): Result<Commit, HostError> {
  try {
    return ok(JSON.parse(utf8.decode(record)) as Commit)
  } catch {
    return err({ kind: 'io', reason: `${PRIVATE}/commit is damaged` })
  }
}
