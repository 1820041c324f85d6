/** Guests in C under the spt launcher, for tests. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { missing, pathOf } from '@mirage/engine-quickjs/files'
import { assemble } from '@mirage/image'
import type { Device } from '@mirage/image/manifest'
import { assert } from '@mirage/result'
import { PATIENCE_MS } from '../../../../test/patience.ts'

/** For `skip`: why nothing can be started here, or false. */
export const cannotRun: string | false =
  process.platform !== 'linux' || process.arch !== 'x64' ? 'needs Linux on x86-64' : missing('spt')

/** How a launcher ended. */
export interface End {
  /** As a shell has it: 128 and the number of the signal, where one ended it. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Starts the launcher and waits for its end. */
export function launch(...args: readonly string[]): End {
  const { status, signal, stdout, stderr } = spawnSync(pathOf('spt'), args, {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  })
  return { status: status ?? 128 + constants.signals[signal!], stdout, stderr }
}

/** The path of the guest called `name`, which wants no devices. */
export function guest(name: string): string {
  return join(pathOf('spt'), '../guests/spt', `${name}.elf`)
}

/** Calls `use` with the path of a folder that goes when it returns. */
export function inFolder(use: (path: string) => void): void {
  const path = mkdtempSync(join(tmpdir(), 'mirage-spt-'))
  try {
    use(path)
  } finally {
    rmSync(path, { recursive: true })
  }
}

/** Writes the guest called `name`, which wants `devices`, to `file`. */
export function guestWith(name: string, devices: readonly Device[], file: string): string {
  // The program is the engine's to read: a guest in C leaves it alone.
  const image = assemble(readFileSync(guest(name)), new Uint8Array(1), devices)
  assert(image.ok, `${name} is no base`)
  writeFileSync(file, image.value)
  return file
}
