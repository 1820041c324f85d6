/**
 * The manifest: which devices an image wants, by name. It is the note MFT1 of the public Solo5 ABI.
 *
 *     0       4         8          112        216
 *     +-------+---------+----------+----------+---
 *     |version| entries | reserved | a device | …           an entry:  0            68     72        104
 *     +-------+---------+----------+----------+---                     +------------+------+---------+
 *                                                                      | name, NULs | type | zeros   |
 *                                                                      +------------+------+---------+
 *
 * The zeros are the room of whoever starts the image. It begins on a multiple of 8, which is 4 bytes into the note.
 */
import { type Result, assert, err, ok } from '@mirage/result'
import type { Elf } from './elf.ts'
import { getU32, setU32 } from './little-endian.ts'
import { type Note, findNote } from './note.ts'

/** "MFT1" */
export const MFT1 = 0x3154464d
/** Devices that one image may have. */
export const DEVICES_MAX = 63

/** What kind of device. */
export type DeviceType = 'BLOCK_BASIC' | 'NET_BASIC'

/** A device that the image wants. */
export interface Device {
  readonly name: string
  readonly type: DeviceType
}

/** Why an image does not say what it wants. */
export type ManifestError = 'no-manifest' | 'bad-manifest'

const TYPES: Readonly<Record<DeviceType, number>> = { BLOCK_BASIC: 1, NET_BASIC: 2 }
const RESERVED_FIRST = 2 ** 30
const VERSION = 1
const PADDING = 4
const [ENTRIES_OFFSET, ENTRY_SIZE, NAME_SIZE] = [8, 104, 68]

/** Whether `name` can be that of a device: 1 to 67 letters and digits. */
export function isDeviceName(name: string): boolean {
  return /^[A-Za-z0-9]{1,67}$/.test(name)
}

/** Bytes of the note's content for so many devices. */
export function contentSize(devices: number): number {
  return PADDING + ENTRIES_OFFSET + (devices + 1) * ENTRY_SIZE
}

/** The content of the note. At most 63 devices, each with a name of its own that is one. */
export function emitManifest(devices: readonly Device[]): Uint8Array {
  assert(devices.length <= DEVICES_MAX, 'a manifest has at most 63 devices')
  assert(
    devices.every(({ name }) => isDeviceName(name)),
    'the name of a device is 1 to 67 letters and digits',
  )
  assert(new Set(devices.map(({ name }) => name)).size === devices.length, 'every device has its own name')
  const content = new Uint8Array(contentSize(devices.length))
  setU32(content, PADDING, VERSION)
  setU32(content, PADDING + 4, devices.length + 1)
  setU32(content, entryOffset(0) + NAME_SIZE, RESERVED_FIRST)
  devices.forEach(({ name, type }, index) => {
    const offset = entryOffset(index + 1)
    for (let at = 0; at < name.length; at++) content[offset + at] = name.charCodeAt(at)
    setU32(content, offset + NAME_SIZE, TYPES[type])
  })
  return content
}

/** The devices that the content of a note names; nothing is trusted. */
export function parseManifest(content: Uint8Array): Result<readonly Device[], 'bad-manifest'> {
  if (content.length < contentSize(0) || getU32(content, PADDING) !== VERSION) return err('bad-manifest')
  const count = getU32(content, PADDING + 4) - 1
  if (count < 0 || count > DEVICES_MAX || content.length !== contentSize(count)) return err('bad-manifest')
  if (typeAt(content, 0) !== RESERVED_FIRST || nameAt(content, 0) !== '') return err('bad-manifest')
  const devices: Device[] = []
  const names = new Set<string>()
  for (let index = 1; index <= count; index++) {
    const type = DEVICE_TYPES.find((each) => TYPES[each] === typeAt(content, index))
    const name = nameAt(content, index)
    if (type === undefined || name === undefined || !isDeviceName(name) || names.has(name)) {
      return err('bad-manifest')
    }
    names.add(name)
    devices.push({ name, type })
  }
  return ok(devices)
}

/** Finds the manifest of an image, and reads it. */
export function readManifest(
  file: Uint8Array,
  elf: Elf,
): Result<{ readonly note: Note; readonly devices: readonly Device[] }, ManifestError> {
  const note = findNote(file, elf, 'Solo5', MFT1)
  if (!note.ok) return err(note.error === 'no-note' ? 'no-manifest' : 'bad-manifest')
  const { contentOffset, contentSize, address } = note.value
  if (address % 8 !== 0) return err('bad-manifest')
  const devices = parseManifest(file.subarray(contentOffset, contentOffset + contentSize))
  return devices.ok ? ok({ note: note.value, devices: devices.value }) : devices
}

const DEVICE_TYPES = ['BLOCK_BASIC', 'NET_BASIC'] as const

function entryOffset(index: number): number {
  return PADDING + ENTRIES_OFFSET + index * ENTRY_SIZE
}

function typeAt(content: Uint8Array, index: number): number {
  return getU32(content, entryOffset(index) + NAME_SIZE)
}

/** The name of an entry, unless something other than zeros follows it. */
function nameAt(content: Uint8Array, index: number): string | undefined {
  const field = content.subarray(entryOffset(index), entryOffset(index) + NAME_SIZE)
  const length = field.indexOf(0)
  if (length < 0 || field.subarray(length).some((byte) => byte !== 0)) return undefined
  return String.fromCharCode(...field.subarray(0, length))
}
