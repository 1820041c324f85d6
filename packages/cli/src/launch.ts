/** The program that runs an image: Node, the spt launcher or QEMU, and what each is told about devices. */
import * as module from 'node:module'
import { resolve } from 'node:path'
import { missing, pathOf } from '@mirage/engine-quickjs/files'
import { type Result, err, ok } from '@mirage/result'
import type { Built } from './built.ts'
import type { Machine, Wiring } from './machine.ts'
import { type Failure, failure } from './problem.ts'
import type { Project } from './project.ts'
import { qemu } from './qemu.ts'

/** A command, whose networks are stream sockets: descriptors from `FIRST_FD` on, or TAP interfaces. */
export interface Launch {
  readonly program: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  /** For each network the group of its arguments: `admin` for a stack with `--admin-ipv4`. */
  readonly networks: readonly (string | undefined)[]
  /** The unikernel's arguments. */
  readonly words: readonly string[]
  /** Something a person would like to know, such as how fast it will be. */
  readonly remark: string | undefined
  /** The unikernel's status, from what was shown last, where the program's own status does not tell. */
  readonly told: ((lastShown: string) => number) | undefined
}

/** The first descriptor of a network: standard input, output and errors are before it. */
export const FIRST_FD = 3

/** How to run `built` with the arguments `words`. */
export async function launch(
  project: Project,
  built: Built,
  machine: Machine,
  words: readonly string[],
  wiring: Wiring,
): Promise<Result<Launch, Failure>> {
  const unknown = [...machine.disks.keys()].find(
    (name) => !built.attached.some((each) => each.kind === 'block' && each.name === name),
  )
  if (unknown !== undefined) return err(failure(124, `option --disk: ${built.name} has no disk ${unknown}`))
  const image = resolve(project.folder, built.image)
  const plain = { words, env: process.env, remark: undefined, told: undefined }
  const networks = networksOf(built)
  switch (built.target) {
    case 'spt': {
      const absent = missing('spt')
      if (absent !== false) return err(failure(1, `images for spt need a launcher: ${absent}`))
      const args = [...sptDevices(built, machine, wiring), '--', image, ...words]
      return ok({ ...plain, program: pathOf('spt'), args, networks })
    }
    case 'virtio': {
      const found = await qemu(built, image, machine, words, wiring)
      return found.ok ? ok({ ...plain, ...found.value, networks }) : found
    }
    default: {
      const { interfaces } = built
      const named = interfaces.map(
        (name, index) => `${name}=${wiring === 'taps' ? `tap${index}` : `fd:${FIRST_FD + index}`}`,
      )
      const args = [image, ...named, ...words]
      return ok({
        ...plain,
        program: process.execPath,
        args,
        env: environment(),
        networks,
      })
    }
  }
}

/** The file of a disk, from the folder of the project. */
export function diskFile(name: string, path: string | undefined, { disks }: Machine): string {
  return disks.get(name) ?? path ?? name
}

/** For each network of what is built the group of its arguments. */
export function networksOf(built: Built): Launch['networks'] {
  return isProcess(built)
    ? built.interfaces.map(groupOf)
    : built.attached.filter(({ kind }) => kind === 'net').map(({ group }) => group)
}

/** Whether what is built runs as a process of Node, rather than as a machine. */
export function isProcess({ target }: Built): boolean {
  return target === 'unix' || target === 'macosx'
}

/** `admin` of `--admin-interface`: the arguments of its stack have the same in front of their names. */
function groupOf(name: string): string | undefined {
  return /^--(.+)-interface$/.exec(name)?.[1]
}

function sptDevices({ attached }: Built, machine: Machine, wiring: Wiring): readonly string[] {
  let networks = 0
  const devices = attached.map(({ kind, name, path }) => {
    if (kind === 'block') return `--block:${name}=${diskFile(name, path, machine)}`
    const index = networks++
    const places = {
      taps: `tap${index}`,
      'open-taps': `@${FIRST_FD + index}`,
      streams: `stream:${FIRST_FD + index}`,
    }
    return `--net:${name}=${places[wiring]}`
  })
  return [`--mem=${machine.memory ?? MEMORY}`, ...devices]
}

/** MB. A guest gets them as it touches them. */
const MEMORY = 256

/** Ours, and where compiled code is kept between runs. */
function environment(): NodeJS.ProcessEnv {
  // Node 20 has no such cache.
  const cache = 'getCompileCacheDir' in module ? module.getCompileCacheDir() : undefined
  return cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: cache }
}
