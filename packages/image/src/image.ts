/**
 * Images: what is in one, and how one is put together from a base, a program and the names of its devices.
 *
 * A base is an image without a program. It has a note "Mirage" that is to say where the program lies, room in its
 * manifest for every device, and at the end of its table an empty segment, which becomes the program's.
 */
import { type Result, err, ok } from '@mirage/result'
import { type Abi, type AbiError, readAbi } from './abi.ts'
import { type Elf, type ElfError, PF, PT, SEGMENT_HEADER_SIZE, type Segment } from './elf.ts'
import { emitSegment, loaded, pageUp, parse } from './elf.ts'
import { getU64, setU32, setU64 } from './little-endian.ts'
import { type Device, type ManifestError, contentSize, emitManifest, readManifest } from './manifest.ts'
import { type Note, type NoteError, findNote } from './note.ts'

/** What an image says about itself. */
export interface Image {
  readonly abi: Abi
  readonly devices: readonly Device[]
  /** The segments that are loaded, in the order of their addresses. */
  readonly segments: readonly Segment[]
  /** Where the program's bytecode is loaded; nothing in a base, and in an image that others made. */
  readonly program: Place | undefined
}

/** A part of memory. */
export interface Place {
  readonly address: number
  readonly size: number
}

/** Why a file is no image. */
export type ImageError = ElfError | AbiError | ManifestError | 'bad-program'

/** Why no image can be made of a base. */
export type AssembleError =
  | ImageError
  /** It has a program already, or none of the places that an image needs. */
  | 'no-base'

/** Reads what an image says about itself. It never throws, whatever the bytes. */
export function readImage(file: Uint8Array): Result<Image, ImageError> {
  const elf = parse(file)
  if (!elf.ok) return elf
  const abi = readAbi(file, elf.value)
  if (!abi.ok) return abi
  const manifest = readManifest(file, elf.value)
  if (!manifest.ok) return manifest
  const segments = loaded(elf.value.segments)
  const note = findProgram(file, elf.value)
  if (!note.ok && note.error === 'bad-note') return err('bad-program')
  const program = note.ok ? placeIn(file, note.value) : undefined
  if (program !== undefined && !isLoaded(program, segments)) return err('bad-program')
  return ok({ abi: abi.value, devices: manifest.value.devices, segments, program })
}

/**
 * Puts an image together: `base` with `program`, bytecode for its engine, which wants `devices` (as `emitManifest`
 * wants them). Equal input gives equal bytes; `base` is not touched.
 */
export function assemble(
  base: Uint8Array,
  program: Uint8Array,
  devices: readonly Device[],
): Result<Uint8Array, AssembleError> {
  const image = readImage(base)
  if (!image.ok) return image
  const elf = parse(base)
  if (!elf.ok) return elf
  const manifest = readManifest(base, elf.value)
  if (!manifest.ok) return manifest
  const note = findProgram(base, elf.value)
  const last = elf.value.segments.length - 1
  const isBase = image.value.program === undefined && elf.value.segments[last]?.type === PT.null
  if (!note.ok || !isBase || program.length === 0) return err('no-base')
  if (contentSize(devices.length) > manifest.value.note.roomSize) return err('no-base')

  const segment = segmentFor(program, base.length, image.value.segments)
  const file = new Uint8Array(segment.offset + program.length)
  file.set(base)
  file.set(program, segment.offset)
  emitSegment(file, elf.value.tableOffset + last * SEGMENT_HEADER_SIZE, segment)
  replaceManifest(file, manifest.value.note, emitManifest(devices))
  setU64(file, note.value.contentOffset + PLACE_OFFSET, segment.address)
  setU64(file, note.value.contentOffset + PLACE_OFFSET + 8, program.length)
  return ok(file)
}

const MIRAGE = 1
/** The place is two 64-bit numbers, on a multiple of 8: 4 bytes into the note. */
const [PLACE_OFFSET, PLACE_SIZE] = [4, 20]

function findProgram(file: Uint8Array, elf: Elf): Result<Note, NoteError> {
  const note = findNote(file, elf, 'Mirage', MIRAGE)
  return note.ok && note.value.contentSize !== PLACE_SIZE ? err('bad-note') : note
}

function placeIn(file: Uint8Array, { contentOffset }: Note): Place | undefined {
  const address = getU64(file, contentOffset + PLACE_OFFSET)
  const size = getU64(file, contentOffset + PLACE_OFFSET + 8)
  return address === 0 && size === 0 ? undefined : { address, size }
}

/** Whether the program is in the file, and in memory that it cannot change. */
function isLoaded({ address, size }: Place, segments: readonly Segment[]): boolean {
  return segments.some(
    (segment) =>
      segment.flags === PF.read &&
      address >= segment.address &&
      address + size <= segment.address + segment.fileSize,
  )
}

/** After everything else, in the file and in memory. */
function segmentFor(program: Uint8Array, fileEnd: number, segments: readonly Segment[]): Segment {
  const last = segments.at(-1)
  return {
    type: PT.load,
    flags: PF.read,
    offset: pageUp(fileEnd),
    address: pageUp(last === undefined ? 0 : last.address + last.memorySize),
    fileSize: program.length,
    memorySize: program.length,
  }
}

function replaceManifest(
  file: Uint8Array,
  { offset, contentOffset, roomSize }: Note,
  content: Uint8Array,
): void {
  file.fill(0, contentOffset, contentOffset + roomSize)
  file.set(content, contentOffset)
  setU32(file, offset + 4, content.length)
}
