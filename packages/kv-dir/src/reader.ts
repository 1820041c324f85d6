/** A folder of the host as a store that is only read. */
import { type WallTime, compare, fromEpochMs } from '@mirage/clock'
import type { Entry, Kind, KvError, KvReader } from '@mirage/kv'
import * as digests from '@mirage/kv/digest'
import * as Key from '@mirage/kv/key'
import { checkPart } from '@mirage/kv/part'
import { type Result, err, ok } from '@mirage/result'
import type { HostError, HostFile, HostFolder, HostStat, Path } from './host.ts'
import { PRIVATE, kvError, pathOf } from './name.ts'

/** Bytes that are in memory at once while a file is digested or copied. */
export const PIECE_SIZE: number = 256 * 1024

/** Files whose digests are remembered; the one that was computed first is forgotten first. */
const DIGESTS_MAX = 4096

/** The reading half: it never changes anything. */
export class FolderReader implements KvReader {
  readonly #host: HostFolder
  readonly #digests = new Map<string, Promise<Result<Uint8Array, HostError>>>()

  constructor(host: HostFolder) {
    this.#host = host
  }

  async exists(key: Key.Key): Promise<Result<Kind | undefined, KvError>> {
    const stat = await this.#stat(key)
    if (stat.ok) return ok(kindOf(stat.value))
    const isNothing = stat.error.kind === 'not-found' || stat.error.kind === 'dictionary-expected'
    return isNothing ? ok(undefined) : stat
  }

  async get(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    return this.#withFile(key, (file) => file.read(0, file.stat.size))
  }

  async getPartial(key: Key.Key, offset: number, length: number): Promise<Result<Uint8Array, KvError>> {
    checkPart(offset, length)
    return this.#withFile(key, (file) => {
      const start = Math.min(offset, file.stat.size)
      return file.read(start, Math.min(length, file.stat.size - start))
    })
  }

  async size(key: Key.Key): Promise<Result<number, KvError>> {
    const stat = await this.#stat(key)
    if (!stat.ok) return stat
    return stat.value.kind === 'file' ? ok(stat.value.size) : err({ kind: 'value-expected', key })
  }

  async list(key: Key.Key): Promise<Result<readonly Entry[], KvError>> {
    const path = pathOf(key)
    if (!path.ok) return path
    const entries = await this.#host.list(path.value)
    if (!entries.ok) return err(readError(entries.error, key))
    const visible = key.length > 0 ? entries.value : entries.value.filter(({ name }) => name !== PRIVATE)
    return ok(visible.map(({ name, kind }) => ({ name, kind: kind === 'file' ? 'value' : 'dictionary' })))
  }

  async lastModified(key: Key.Key): Promise<Result<WallTime, KvError>> {
    const modified = await this.#lastModified(key, [])
    return modified.ok ? ok(modified.value ?? fromEpochMs(0)) : modified
  }

  async digest(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    return this.#digest(key, [])
  }

  /** Text that is different after every change of what `key` names, and of what lies below it. */
  async version(key: Key.Key): Promise<string> {
    return this.#version(key, [])
  }

  async #version(key: Key.Key, above: readonly string[]): Promise<string> {
    const stat = await this.#stat(key)
    if (!stat.ok) return stat.error.kind
    if (stat.value.kind === 'file') return stat.value.version
    const versions: string[] = []
    const each = await this.#below(key, stat.value, above, async (entry, ids) => {
      versions.push(JSON.stringify([Key.basename(entry), await this.#version(entry, ids)]))
      return ok(undefined)
    })
    return each.ok ? `${stat.value.id}[${sortedText(versions)}]` : each.error.kind
  }

  async #stat(key: Key.Key): Promise<Result<HostStat, KvError>> {
    const path = pathOf(key)
    if (!path.ok) return path
    const stat = await this.#host.stat(path.value)
    return stat.ok ? stat : err(readError(stat.error, key))
  }

  async #withFile<T>(
    key: Key.Key,
    use: (file: HostFile) => Promise<Result<T, HostError>>,
  ): Promise<Result<T, KvError>> {
    const path = pathOf(key)
    if (!path.ok) return path
    const result = await withFile(this.#host, path.value, use)
    return result.ok ? result : err(readError(result.error, key))
  }

  /** `above` are the folders that lead here. */
  async #lastModified(
    key: Key.Key,
    above: readonly string[],
  ): Promise<Result<WallTime | undefined, KvError>> {
    const stat = await this.#stat(key)
    if (!stat.ok) return stat
    if (stat.value.kind === 'file') return ok(stat.value.modified)
    let latest: WallTime | undefined
    const each = await this.#below(key, stat.value, above, async (entry, ids) => {
      const modified = await this.#lastModified(entry, ids)
      if (!modified.ok) return modified
      if (modified.value !== undefined && (latest === undefined || compare(modified.value, latest) > 0)) {
        latest = modified.value
      }
      return ok(undefined)
    })
    return each.ok ? ok(latest) : each
  }

  async #digest(key: Key.Key, above: readonly string[]): Promise<Result<Uint8Array, KvError>> {
    const stat = await this.#stat(key)
    if (!stat.ok) return stat
    if (stat.value.kind === 'file') return this.#digestOfFile(key)
    const entries: digests.DigestedEntry[] = []
    const each = await this.#below(key, stat.value, above, async (entry, ids, kind) => {
      const digest = await this.#digest(entry, ids)
      if (!digest.ok) return digest
      entries.push({ name: Key.basename(entry), kind, digest: digest.value })
      return ok(undefined)
    })
    return each.ok ? ok(digests.ofDictionary(entries)) : each
  }

  async #digestOfFile(key: Key.Key): Promise<Result<Uint8Array, KvError>> {
    const digest = await this.#withFile(key, async (file) => {
      const { version, isSettled } = file.stat
      const known = this.#digests.get(version)
      if (known !== undefined) return known
      const computed = digestOf(file)
      if (isSettled) this.#remember(version, computed)
      return computed
    })
    return digest.ok ? ok(digest.value.slice()) : digest
  }

  #remember(version: string, digest: Promise<Result<Uint8Array, HostError>>): void {
    const [oldest] = this.#digests.keys()
    if (oldest !== undefined && this.#digests.size >= DIGESTS_MAX) this.#digests.delete(oldest)
    this.#digests.set(version, digest)
    void digest.then((result) => result.ok || this.#digests.delete(version))
  }

  /** Calls `visit` for every entry of the dictionary `key`. A link to a folder that it lies in is an error. */
  async #below(
    key: Key.Key,
    { id }: HostStat,
    above: readonly string[],
    visit: (entry: Key.Key, ids: readonly string[], kind: Kind) => Promise<Result<void, KvError>>,
  ): Promise<Result<void, KvError>> {
    if (above.includes(id))
      return err({ kind: 'storage', key, reason: 'a link leads to a folder that it lies in' })
    const listed = await this.list(key)
    if (!listed.ok) return listed
    for (const { name, kind } of listed.value) {
      const visited = await visit(Key.append(key, Key.parse(name)), [...above, id], kind)
      if (!visited.ok) return visited
    }
    return ok(undefined)
  }
}

/** Opens a file, uses it and closes it. */
export async function withFile<T>(
  host: HostFolder,
  path: Path,
  use: (file: HostFile) => Promise<Result<T, HostError>>,
): Promise<Result<T, HostError>> {
  const file = await host.open(path)
  if (!file.ok) return file
  try {
    return await use(file.value)
  } finally {
    await file.value.close()
  }
}

async function digestOf(file: HostFile): Promise<Result<Uint8Array, HostError>> {
  const hash = digests.pieces()
  for (let offset = 0; offset < file.stat.size; ) {
    const piece = await file.read(offset, Math.min(PIECE_SIZE, file.stat.size - offset))
    if (!piece.ok) return piece
    if (piece.value.length === 0)
      return err({ kind: 'io', reason: 'the file became shorter while it was read' })
    hash.add(piece.value)
    offset += piece.value.length
  }
  return ok(hash.end())
}

/** Lines in one order, whatever order they came in. */
export function sortedText(lines: readonly string[]): string {
  return [...lines].sort((a, b) => (a < b ? -1 : 1)).join('\n')
}

function kindOf({ kind }: HostStat): Kind {
  return kind === 'file' ? 'value' : 'dictionary'
}

/** What leads outside is not there for those who read. Reading never needs space. */
function readError(error: HostError, key: Key.Key): KvError {
  if (error === 'no-space') return { kind: 'storage', key, reason: 'the host has no space' }
  return kvError(error === 'outside' ? 'not-found' : error, key)
}
