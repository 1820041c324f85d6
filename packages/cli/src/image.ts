/** Machine images: a linked unikernel as bytecode, put together with the base of its target. */
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { Attachment } from '@mirage/configure/attachment'
import { type Built as Prebuilt, missing, pathOf } from '@mirage/engine-quickjs/files'
import { assemble } from '@mirage/image'
import type { DeviceType } from '@mirage/image/manifest'
import { type Result, err, ok } from '@mirage/result'
import { writeWhole } from './file.ts'
import type { Part } from './link.ts'
import { type Failure, failure } from './problem.ts'
import type { Project } from './project.ts'

/** A machine image, in memory. */
export interface MachineImage {
  readonly bytes: Uint8Array
  /** What it is put together from. */
  readonly parts: readonly Part[]
  /** The files that it was made from besides the unikernel's own: absolute. */
  readonly inputs: readonly string[]
}

const TYPES: Readonly<Record<Attachment['kind'], DeviceType>> = { net: 'NET_BASIC', block: 'BLOCK_BASIC' }

/** The image for `target` that runs `code`, a module. Equal input gives equal bytes. */
export async function machineImage(
  project: Project,
  name: string,
  target: string,
  code: Uint8Array,
  attached: readonly Attachment[],
): Promise<Result<MachineImage, Failure>> {
  const prebuilt: readonly Prebuilt[] = [`base-${target}.elf` as Prebuilt, 'qjs-compile']
  const absent = missing(...prebuilt)
  if (absent !== false) return err(failure(1, `images for ${target} need a base: ${absent}`))
  const [base = '', compiler = ''] = prebuilt.map((file) => pathOf(file))
  const bytecode = await compile(project, name, code, compiler)
  if (!bytecode.ok) return bytecode
  const bare = readFileSync(base)
  const devices = attached.map(({ name, kind }) => ({ name, type: TYPES[kind] }))
  const image = assemble(bare, bytecode.value, devices)
  if (!image.ok)
    return err(failure(1, `${base} is no base (${image.error}): make it anew with npm run build:bases`))
  const rest = image.value.length - bare.length - bytecode.value.length
  const parts = [
    { name: `${basename(base)}: engine and devices`, size: bare.length },
    { name: 'bytecode of all of it', size: bytecode.value.length },
    { name: 'padding', size: rest },
  ]
  return ok({ bytes: image.value, parts, inputs: [base, compiler] })
}

async function compile(
  project: Project,
  name: string,
  code: Uint8Array,
  compiler: string,
): Promise<Result<Uint8Array, Failure>> {
  // The name of the source is what a stack trace says.
  const [source, bytecode] = [join(project.cache, `${name}.mjs`), join(project.cache, `${name}.bytecode`)]
  try {
    mkdirSync(project.cache, { recursive: true })
    writeWhole(source, code)
    await promisify(execFile)(compiler, [source, bytecode])
    return ok(readFileSync(bytecode))
  } catch (error) {
    return err(failure(1, `${name} cannot be compiled: ${(error as Error).message.trim()}`))
  }
}
