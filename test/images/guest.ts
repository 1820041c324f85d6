/** Test guests: each file of solo5/tests linked with a binding, without the engine, and with a manifest of its own. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const SOLO5 = path.resolve(import.meta.dirname, '../../solo5')

const COMPILE = (
  '-std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding -fno-builtin -fno-pic -fno-stack-protector ' +
  '-fno-asynchronous-unwind-tables -mno-red-zone'
).split(' ')
const LINK =
  '-static -no-pie -nostdlib -s -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack'.split(' ')

export type Kind = 'block' | 'net'

/** A device of the manifest. */
export interface Entry {
  readonly name: string
  readonly kind: Kind
}

/** The public ABI's numbers for them (reference: its manifest header). */
const TYPES: Record<Kind, number> = { block: 1, net: 2 }
const MANIFEST_NOTE = 0x3154464d
const PVH_NOTE = 18
/** Multiboot 0.6.96 §3.1. */
const MULTIBOOT_MAGIC = Buffer.from('02b0ad1b', 'hex')
const MULTIBOOT_SEARCH_SIZE = 8192
const ENTRY_SIZE = 104
const ENTRIES_MAX = 64

function sources(folder: string): readonly string[] {
  return fs
    .readdirSync(path.join(SOLO5, folder))
    .filter((name) => /\.[cS]$/.test(name))
    .map((name) => path.join(SOLO5, folder, name))
}

function gcc(...args: readonly string[]): void {
  execFileSync('gcc', [...COMPILE, '-I', path.join(SOLO5, 'include'), ...args], { stdio: 'pipe' })
}

/** All of a binding as one object, made once in `folder`. */
function bindingObject(binding: string, folder: string): string {
  const object = path.join(folder, `${binding}.o`)
  if (!fs.existsSync(object)) {
    gcc('-r', '-nostdlib', '-o', object, ...sources(`bindings/${binding}`), ...sources('bindings'))
  }
  return object
}

/** Builds `solo5/tests/<name>.c` for a binding into `folder`, and returns the image's path. */
export function build(binding: string, name: string, folder: string): string {
  const image = path.join(folder, `${name}.${binding}.elf`)
  const layout = path.join(SOLO5, 'bindings', binding, 'layout.ld')
  const tests = [name, 'libc'].map((each) => path.join(SOLO5, 'tests', `${each}.c`))
  gcc(...LINK, `-Wl,-T,${layout}`, '-o', image, bindingObject(binding, folder), ...tests)
  return image
}

/** Where the first note of each PT_NOTE segment of a 64-bit image lies, by its type. */
function noteOffset(image: Buffer, type: number): number {
  const headers = Number(image.readBigUInt64LE(0x20))
  const size = image.readUInt16LE(0x36)
  const count = image.readUInt16LE(0x38)
  for (let at = headers; at < headers + size * count; at += size) {
    const offset = Number(image.readBigUInt64LE(at + 8))
    if (image.readUInt32LE(at) === 4 && image.readUInt32LE(offset + 8) === type) return offset
  }
  throw new Error(`the image has no note of type ${type}`)
}

function writeCopy(image: string, suffix: string, bytes: Buffer): string {
  const copy = image.replace(/\.elf$/, `.${suffix}.elf`)
  fs.writeFileSync(copy, bytes)
  return copy
}

/** A copy of an image whose manifest has these devices, at most 63. */
export function withManifest(image: string, suffix: string, entries: readonly Entry[]): string {
  if (entries.length >= ENTRIES_MAX) throw new Error('a manifest has at most 63 devices')
  const bytes = fs.readFileSync(image)
  const note = noteOffset(bytes, MANIFEST_NOTE)
  bytes.writeUInt32LE(4 + 8 + ENTRY_SIZE * (entries.length + 1), note + 4)
  bytes.writeUInt32LE(entries.length + 1, note + 28)
  for (const [index, { name, kind }] of entries.entries()) {
    const entry = note + 32 + ENTRY_SIZE * (index + 1)
    bytes.write(name, entry, 'latin1')
    bytes.writeUInt32LE(TYPES[kind], entry + 68)
  }
  return writeCopy(image, suffix, bytes)
}

/**
 * A copy of an image without its multiboot header. A loader that knows both, as QEMU does, takes an image with one for
 * multiboot, and looks for the note of PVH only then.
 */
export function withoutMultiboot(image: string): string {
  const bytes = fs.readFileSync(image)
  const header = bytes.subarray(0, MULTIBOOT_SEARCH_SIZE).indexOf(MULTIBOOT_MAGIC)
  if (header < 0) throw new Error('the image has no multiboot header')
  bytes.fill(0, header, header + MULTIBOOT_MAGIC.length)
  return writeCopy(image, 'pvh', bytes)
}

/** A copy of an image without the note of PVH. */
export function withoutPvh(image: string): string {
  const bytes = fs.readFileSync(image)
  bytes.writeUInt32LE(0, noteOffset(bytes, PVH_NOTE) + 8)
  return writeCopy(image, 'multiboot', bytes)
}
