/** What went wrong, as a person is told: where, and in one sentence. */
import { relative } from 'node:path'

/** One thing that is wrong. */
export interface Problem {
  readonly message: string
  /** The file that is wrong, absolute. */
  readonly file?: string
  /** From 1, and only with a file. */
  readonly line?: number
  /** From 1, and only with a line. */
  readonly column?: number
}

/** Why a command did not do its work: all of it together, and the exit code that says so. */
export interface Failure {
  readonly code: ExitCode
  readonly problems: readonly Problem[]
}

/**
 * 1: the configuration is wrong. 123: the host refuses (a busy port, a file that cannot be written). 124: the
 * command line is wrong. 125: a bug of ours.
 */
export type ExitCode = 1 | 123 | 124 | 125

/** A failure of one problem without a place. */
export function failure(code: ExitCode, message: string): Failure {
  return { code, problems: [{ message }] }
}

/** `config.ts:7:12: devices.files: …`, with the file as seen from the folder `from`. */
export function format({ message, file, line, column }: Problem, from: string): string {
  if (file === undefined) return message
  const near = relative(from, file)
  const place = [
    near === '' || near.startsWith('..') ? file : near,
    line,
    line === undefined ? undefined : column,
  ]
  return `${place.filter((part) => part !== undefined).join(':')}: ${message}`
}

/** What Node's error codes mean, for the end of a sentence. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'it is read-only',
  ENOSPC: 'no space left',
  EISDIR: 'it is a folder',
  ERR_FS_EISDIR: 'it is a folder',
  ENOTDIR: 'it is not a folder',
  EEXIST: 'it is there already',
}

/** The reason that an error of Node's file functions gives. */
export function reason(error: unknown): string {
  const code = (error as { code?: string }).code ?? ''
  return REASONS[code] ?? (code === '' ? String(error) : code)
}
