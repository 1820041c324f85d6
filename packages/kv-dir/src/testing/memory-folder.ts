/** A host's folder in memory, whose power can fail between any two operations. */
import { type WallTime, fromEpochMs } from '@mirage/clock'
import { type Result, done, err, ok } from '@mirage/result'
import type { HostEntry, HostError, HostFile, HostFolder, HostStat, Path } from '../host.ts'

interface Inode {
  readonly id: number
  /** `undefined` for a folder. */
  bytes: Uint8Array | undefined
  version: number
}

/** Stands for the end of the program: nothing after it runs. */
export class PowerFailure extends Error {}

export class MemoryFolder implements HostFolder {
  readonly #inodes = new Map<string, Inode>([['', { id: 0, bytes: undefined, version: 0 }]])
  #count = 0
  /** Changes that still happen; then `failure` is what every change meets. */
  changesLeft: number = Number.POSITIVE_INFINITY
  failure: HostError | PowerFailure = new PowerFailure()

  now(): WallTime {
    return fromEpochMs(this.#count)
  }

  /** Every file and what it holds, without those that the store keeps for itself. */
  content(): Record<string, string> {
    const files = [...this.#inodes].filter(
      ([path, { bytes }]) => bytes !== undefined && !path.startsWith('.mirage-kv/'),
    )
    return Object.fromEntries(files.map(([path, { bytes }]) => [path, String.fromCharCode(...(bytes ?? []))]))
  }

  /** How many files the store keeps for itself. */
  ownCount(): number {
    return [...this.#inodes.keys()].filter((path) => path.startsWith('.mirage-kv/')).length
  }

  async stat(path: Path): Promise<Result<HostStat, HostError>> {
    const inode = this.#find(path)
    return inode.ok ? ok(statOf(inode.value)) : inode
  }

  async list(path: Path): Promise<Result<readonly HostEntry[], HostError>> {
    const inode = this.#find(path)
    if (!inode.ok) return inode
    if (inode.value.bytes !== undefined) return err('not-a-folder')
    const prefix = path.length === 0 ? '' : `${path.join('/')}/`
    const entries = [...this.#inodes].filter(
      ([each]) => each !== '' && each.startsWith(prefix) && !each.slice(prefix.length).includes('/'),
    )
    return ok(
      entries.map(([each, { bytes }]) => ({
        name: each.slice(prefix.length),
        kind: bytes ? 'file' : 'folder',
      })),
    )
  }

  async open(path: Path): Promise<Result<HostFile, HostError>> {
    const inode = this.#find(path)
    if (!inode.ok) return inode
    return inode.value.bytes === undefined ? err('is-a-folder') : ok(this.#file(inode.value))
  }

  async create(path: Path): Promise<Result<HostFile, HostError>> {
    return this.#change(() => {
      const inode: Inode = { id: ++this.#count, bytes: new Uint8Array(0), version: 0 }
      this.#inodes.set(path.join('/'), inode)
      return ok(this.#file(inode))
    })
  }

  async makeFolder(path: Path): Promise<Result<void, HostError>> {
    const there = this.#find(path)
    if (there.ok) return there.value.bytes === undefined ? done : err('not-a-folder')
    return this.#change(() => {
      this.#inodes.set(path.join('/'), { id: ++this.#count, bytes: undefined, version: 0 })
      return done
    })
  }

  async rename(source: Path, dest: Path): Promise<Result<void, HostError>> {
    const moved = this.#find(source)
    if (!moved.ok) return moved
    return this.#change(() => {
      const [from, to] = [source.join('/'), dest.join('/')]
      for (const [path, inode] of Array.from(this.#inodes)) {
        if (path !== from && !path.startsWith(`${from}/`)) continue
        this.#inodes.delete(path)
        this.#inodes.set(to + path.slice(from.length), inode)
      }
      return done
    })
  }

  async removeTree(path: Path): Promise<Result<void, HostError>> {
    return this.#change(() => {
      const top = path.join('/')
      for (const each of Array.from(this.#inodes.keys()))
        if (each === top || each.startsWith(`${top}/`)) this.#inodes.delete(each)
      return done
    })
  }

  #find(path: Path): Result<Inode, HostError> {
    for (let depth = 1; depth < path.length; depth++) {
      const above = this.#inodes.get(path.slice(0, depth).join('/'))
      if (above === undefined) return err('not-found')
      if (above.bytes !== undefined) return err('not-a-folder')
    }
    const inode = this.#inodes.get(path.join('/'))
    return inode === undefined ? err('not-found') : ok(inode)
  }

  #change<T>(change: () => Result<T, HostError>): Result<T, HostError> {
    if (this.changesLeft-- > 0) return change()
    if (this.failure instanceof PowerFailure) throw this.failure
    return err(this.failure)
  }

  #file(inode: Inode): HostFile {
    const whole = (): Uint8Array => inode.bytes ?? new Uint8Array(0)
    return {
      stat: statOf(inode),
      read: async (offset, length) => ok(whole().slice(offset, offset + length)),
      write: async (offset, bytes) =>
        this.#change(() => {
          const longer = new Uint8Array(Math.max(whole().length, offset + bytes.length))
          longer.set(whole())
          longer.set(bytes, offset)
          inode.bytes = longer
          inode.version++
          return done
        }),
      flush: async () => this.#change(() => done),
      close: async () => {},
    }
  }
}

function statOf({ id, bytes, version }: Inode): HostStat {
  return {
    kind: bytes === undefined ? 'folder' : 'file',
    size: bytes?.length ?? 0,
    modified: fromEpochMs(id),
    id: String(id),
    version: `${id}:${version}`,
    isSettled: true,
  }
}
