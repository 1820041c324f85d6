/**
 * What a store asks of a folder of the host.
 *
 * A path is names below the root of the folder, which is the empty path. No operation reaches anything outside
 * the root: a symbolic link is followed where it stays inside, and is `outside` where it does not, also if it
 * is exchanged at the worst moment. Links at the end of a path that is renamed, removed or replaced are not
 * followed: it is the link that goes.
 */
import type { WallTime } from '@mirage/clock'
import type { Result } from '@mirage/result'

/** Names, outermost first. */
export type Path = readonly string[]

/** Why the host did not do it. */
export type HostError =
  /** There is nothing, or neither a file nor a folder. */
  | 'not-found'
  /** The path is, or leads through, a file where a folder is needed. */
  | 'not-a-folder'
  /** The path is a folder where a file is needed. */
  | 'is-a-folder'
  /** A link leads out of the root. */
  | 'outside'
  /** The host has no such names. */
  | 'bad-name'
  | 'no-space'
  /** Anything else, in the host's words. */
  | { readonly kind: 'io'; readonly reason: string }

/** What the host knows of a file or folder without reading it. */
export interface HostStat {
  readonly kind: 'file' | 'folder'
  /** Bytes, of a file. */
  readonly size: number
  readonly modified: WallTime
  /** Different for every file and folder that exists at the same time. */
  readonly id: string
  /** Different after every change of a file's content, as far as the host can tell. */
  readonly version: string
  /** Whether it was changed so long ago that a change from now on has another `version` for certain. */
  readonly isSettled: boolean
}

/** One line of a folder. */
export interface HostEntry {
  readonly name: string
  readonly kind: 'file' | 'folder'
}

/** An open file. What it was when it was opened stays readable until `close`, even if it is replaced. */
export interface HostFile {
  /** As it was when it was opened. */
  readonly stat: HostStat
  /** `length` bytes from `offset`, fewer only where the file ends. They are the caller's. */
  read(offset: number, length: number): Promise<Result<Uint8Array, HostError>>
  /** Writes all of `bytes` at `offset`. Only for files that `create` opened. */
  write(offset: number, bytes: Uint8Array): Promise<Result<void, HostError>>
  /** Resolves when what was written has reached the medium. */
  flush(): Promise<Result<void, HostError>>
  close(): Promise<void>
}

/** A folder of the host: what a target provides. */
export interface HostFolder {
  /** The date, by the clock that dates the files. */
  now(): WallTime
  stat(path: Path): Promise<Result<HostStat, HostError>>
  /** Files and folders, without what is neither, what leads outside and what has no name in Unicode. */
  list(path: Path): Promise<Result<readonly HostEntry[], HostError>>
  open(path: Path): Promise<Result<HostFile, HostError>>
  /** A new, empty file in the place of whatever file was there. */
  create(path: Path): Promise<Result<HostFile, HostError>>
  /** One folder, on the medium when it resolves; succeeds where it is already. */
  makeFolder(path: Path): Promise<Result<void, HostError>>
  /** Moves at once, onto nothing or a file; on the medium when it resolves. */
  rename(source: Path, dest: Path): Promise<Result<void, HostError>>
  /** A file, or a folder and everything below it; gone from the medium when it resolves, as where it was not. */
  removeTree(path: Path): Promise<Result<void, HostError>>
}
