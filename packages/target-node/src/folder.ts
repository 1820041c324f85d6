/**
 * A folder of the host, for `@mirage/kv-dir`.
 *
 * Everything is reached through an open descriptor, a *pin*, whose real path was found to lie inside the root
 * after it was opened: what somebody makes of the names meanwhile does not matter. This needs /proc; where
 * there is none, the real path is looked up before, and a link exchanged in between would be followed.
 *
 * Opening and looking up are synchronous: measured with a warm cache, that takes a seventh of the time that Node's
 * pool of threads needs. Reading, writing and waiting for the medium are not.
 */
import fs, { constants } from 'node:fs'
import type { WallTime } from '@mirage/clock'
import { fromEpochMs } from '@mirage/clock'
import type { HostEntry, HostError, HostFile, HostFolder, HostStat, Path } from '@mirage/kv-dir/host'
import { type Result, done, err, ok } from '@mirage/result'

/** Linux: a descriptor that only names a file, whatever it is, without opening it. Node has no name for it. */
const O_PATH = 0o10000000
const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0)
const DESCRIPTORS = '/proc/self/fd'
const HAS_DESCRIPTORS = process.platform === 'linux' && fs.existsSync(DESCRIPTORS)

/** File systems date changes in steps, the coarsest in common use of two seconds. */
const SETTLED_AFTER_MS = 2000

/** The folder at `path`; one sentence for the user if there is none. */
export function hostFolder(path: string): Result<HostFolder, string> {
  if (path === '') return err('the folder of a store has an empty path')
  try {
    const root = fs.realpathSync(path)
    return fs.statSync(root).isDirectory() ? ok(new NodeFolder(root)) : err(`${path} is not a folder`)
  } catch (error) {
    return err(`cannot open the folder ${path}: ${reasonOf(error)}`)
  }
}

/** An open descriptor of something inside the root, and a path that leads to it whatever happens to its names. */
interface Pin {
  readonly fd: number
  readonly path: string
}

class NodeFolder implements HostFolder {
  readonly #root: string
  readonly #inside: string

  constructor(root: string) {
    this.#root = root
    this.#inside = root.endsWith('/') ? root : `${root}/`
  }

  now(): WallTime {
    return fromEpochMs(Date.now())
  }

  async stat(path: Path): Promise<Result<HostStat, HostError>> {
    return this.#pinned(path, HAS_DESCRIPTORS ? O_PATH : constants.O_RDONLY, ({ fd }) => statOf(fd))
  }

  async list(path: Path): Promise<Result<readonly HostEntry[], HostError>> {
    // Asked for a folder, the host would say of a file that it is none before it is known to lie inside.
    const there = await this.stat(path)
    if (!there.ok) return there
    return this.#pinned(path, FOLDER, async (pin) => {
      const entries: HostEntry[] = []
      for (const entry of await fs.promises.readdir(pin.path, { withFileTypes: true, encoding: 'buffer' })) {
        const name = entry.name.toString()
        if (!Buffer.from(name).equals(entry.name)) continue
        if (entry.isFile()) entries.push({ name, kind: 'file' })
        if (entry.isDirectory()) entries.push({ name, kind: 'folder' })
        if (!entry.isSymbolicLink()) continue
        const target = await this.stat([...path, name])
        if (target.ok) entries.push({ name, kind: target.value.kind })
      }
      return ok(entries)
    })
  }

  async open(path: Path): Promise<Result<HostFile, HostError>> {
    return this.#pinned(path, HAS_DESCRIPTORS ? O_PATH : constants.O_RDONLY, (pin) => {
      const stat = statOf(pin.fd)
      if (!stat.ok) return stat
      if (stat.value.kind === 'folder') return err('is-a-folder')
      return ok(new NodeFile(fs.openSync(pin.path, constants.O_RDONLY), stat.value))
    })
  }

  async create(path: Path): Promise<Result<HostFile, HostError>> {
    return this.#inParent(path, (_, full) => {
      const flags = constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0)
      const fd = fs.openSync(full, flags, 0o666)
      const stat = statOf(fd)
      return stat.ok ? ok(new NodeFile(fd, stat.value)) : stat
    })
  }

  async makeFolder(path: Path): Promise<Result<void, HostError>> {
    const there = await this.stat(path)
    if (there.ok) return there.value.kind === 'folder' ? done : err('not-a-folder')
    if (there.error !== 'not-found') return there
    return this.#inParent(path, async (parent, full) => {
      fs.mkdirSync(full)
      return sync(parent.fd)
    })
  }

  async rename(source: Path, dest: Path): Promise<Result<void, HostError>> {
    return this.#inParent(source, (from, old) =>
      this.#inParent(dest, async (to, full) => {
        fs.renameSync(old, full)
        const synced = await sync(to.fd)
        return synced.ok ? sync(from.fd) : synced
      }),
    )
  }

  async removeTree(path: Path): Promise<Result<void, HostError>> {
    const removed = await this.#inParent(path, async (parent, full) => {
      await fs.promises.rm(full, { recursive: true, force: true })
      return sync(parent.fd)
    })
    return !removed.ok && removed.error === 'not-found' ? done : removed
  }

  async #inParent<T>(
    path: Path,
    use: (parent: Pin, full: string) => Result<T, HostError> | Promise<Result<T, HostError>>,
  ): Promise<Result<T, HostError>> {
    return this.#pinned(path.slice(0, -1), FOLDER, (pin) => use(pin, `${pin.path}/${path.at(-1)}`))
  }

  async #pinned<T>(
    path: Path,
    flags: number,
    use: (pin: Pin) => Result<T, HostError> | Promise<Result<T, HostError>>,
  ): Promise<Result<T, HostError>> {
    if (process.platform === 'win32' && path.some((name) => /[\\:]/.test(name))) return err('bad-name')
    let fd: number | undefined
    try {
      const full = [this.#root, ...path].join('/')
      if (!HAS_DESCRIPTORS && !this.#isInside(fs.realpathSync(full))) return err('outside')
      fd = fs.openSync(full, flags)
      if (!HAS_DESCRIPTORS) return await use({ fd, path: full })
      const pin = { fd, path: `${DESCRIPTORS}/${fd}` }
      return this.#isInside(fs.readlinkSync(pin.path)) ? await use(pin) : err('outside')
    } catch (error) {
      return err(hostError(error))
    } finally {
      if (fd !== undefined) fs.closeSync(fd)
    }
  }

  #isInside(real: string): boolean {
    return real === this.#root || real.startsWith(this.#inside)
  }
}

class NodeFile implements HostFile {
  readonly stat: HostStat
  readonly #fd: number

  constructor(fd: number, stat: HostStat) {
    this.#fd = fd
    this.stat = stat
  }

  async read(offset: number, length: number): Promise<Result<Uint8Array, HostError>> {
    const bytes = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const count = await transfer((end) =>
        fs.read(this.#fd, bytes, filled, length - filled, offset + filled, end),
      )
      if (!count.ok) return count
      if (count.value === 0) return ok(bytes.slice(0, filled))
      filled += count.value
    }
    return ok(bytes)
  }

  async write(offset: number, bytes: Uint8Array): Promise<Result<void, HostError>> {
    let written = 0
    while (written < bytes.length) {
      const length = bytes.length - written
      const count = await transfer((end) => fs.write(this.#fd, bytes, written, length, offset + written, end))
      if (!count.ok) return count
      written += count.value
    }
    return done
  }

  async flush(): Promise<Result<void, HostError>> {
    return sync(this.#fd)
  }

  async close(): Promise<void> {
    fs.closeSync(this.#fd)
  }
}

function transfer(
  start: (end: (error: NodeJS.ErrnoException | null, count: number) => void) => void,
): Promise<Result<number, HostError>> {
  return new Promise((resolve) => {
    start((error, count) => resolve(error === null ? ok(count) : err(hostError(error))))
  })
}

function sync(fd: number): Promise<Result<void, HostError>> {
  return new Promise((resolve) => {
    fs.fsync(fd, (error) => resolve(error === null ? done : err(hostError(error))))
  })
}

function statOf(fd: number): Result<HostStat, HostError> {
  const stat = fs.fstatSync(fd, { bigint: true })
  if (!stat.isFile() && !stat.isDirectory()) return err('not-found')
  const { dev, ino, size, mtimeNs, ctimeNs } = stat
  const changed = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n)
  return ok({
    kind: stat.isFile() ? 'file' : 'folder',
    size: Number(size),
    modified: wallTime(mtimeNs),
    id: `${dev}:${ino}`,
    version: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`,
    isSettled: Date.now() - changed > SETTLED_AFTER_MS,
  })
}

const NS_PER_DAY = 86_400_000_000_000n

/** An instant from nanoseconds since 1970-01-01 UTC. */
function wallTime(ns: bigint): WallTime {
  const inDay = ((ns % NS_PER_DAY) + NS_PER_DAY) % NS_PER_DAY
  return { days: Number((ns - inDay) / NS_PER_DAY), picoseconds: inDay * 1000n }
}

const ERRORS: Readonly<Record<string, HostError>> = {
  ENOENT: 'not-found',
  ELOOP: 'not-found',
  ENOTDIR: 'not-a-folder',
  EISDIR: 'is-a-folder',
  ENAMETOOLONG: 'bad-name',
  EINVAL: 'bad-name',
  EILSEQ: 'bad-name',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
}

function hostError(error: unknown): HostError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return ERRORS[code] ?? { kind: 'io', reason: reasonOf(error) }
}

/** The host's words, without the path: the key says where. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split(', ')[0] ?? '') : String(error)
}
