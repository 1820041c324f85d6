/**
 * ELF files for x86-64, as far as an image is one: a header, a table of segments, and what the segments hold.
 *
 *     0      16   18        20        24      32      40      48      52       54          56
 *     +------+----+---------+---------+-------+-------+-------+-------+--------+-----------+-------+
 *     | ident| type| machine| version | entry | phoff | shoff | flags | ehsize | phentsize | phnum | …
 *     +------+----+---------+---------+-------+-------+-------+-------+--------+-----------+-------+
 *
 *     a segment:  0      4       8        16       24       32       40      48
 *                 +------+-------+--------+--------+--------+--------+-------+-------+
 *                 | type | flags | offset | vaddr  | paddr  | filesz | memsz | align |
 *                 +------+-------+--------+--------+--------+--------+-------+-------+
 *
 * (System V ABI, chapters 4 and 5.) What `parse` gives is safe to load: nothing else looks at the raw fields.
 */
import { type Result, err, ok } from '@mirage/result'
import { getU16, getU32, getU64, setU32, setU64 } from './little-endian.ts'

/** Bytes of the file's header. */
export const HEADER_SIZE = 64
/** Bytes of a segment's. */
export const SEGMENT_HEADER_SIZE = 56

/** Kinds of segments. */
export const PT: Readonly<Record<'null' | 'load' | 'interp' | 'note', number>> = {
  null: 0,
  load: 1,
  interp: 3,
  note: 4,
}

/** What a segment's memory may be used for: bits. */
export const PF: Readonly<Record<'execute' | 'write' | 'read', number>> = { execute: 1, write: 2, read: 4 }

/** Segments that one image may have: an image of ours has eight. */
export const SEGMENTS_MAX = 64
/** No image reaches this address: hosts give guests less, and every number below is exact. */
export const ADDRESS_MAX: number = 2 ** 40
/** Segments begin and end on pages, as far as protection goes. */
export const PAGE_SIZE = 0x1000

/** Why a file is no image that could be loaded. */
export type ElfError =
  /** The file ends before what its header says is in it. */
  | 'truncated'
  | 'not-elf'
  /** An ELF file, but no 64-bit little-endian executable for x86-64. */
  | 'wrong-kind'
  /** Sizes in the header that no such file has. */
  | 'bad-header'
  | 'too-many-segments'
  /** A segment that is larger in the file than in memory, or ends behind every address. */
  | 'bad-segment'
  /** Two segments share a page, or are not in the order of their addresses. */
  | 'overlap'
  | 'writable-and-executable'
  /** Nothing to load, or an entry point that is not in an executable segment. */
  | 'bad-entry'

/** A segment that lies inside the file; one to load, inside memory as well. */
export interface Segment {
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly address: number
  readonly fileSize: number
  readonly memorySize: number
}

/** An executable. */
export interface Elf {
  readonly entry: number
  /** All segments, in the order of the table; those to load are in the order of their addresses. */
  readonly segments: readonly Segment[]
  /** Where the header of segment 0 lies in the file; the others follow it. */
  readonly tableOffset: number
}

/** Reads an executable. It never throws, whatever the bytes. */
export function parse(file: Uint8Array): Result<Elf, ElfError> {
  if (file.length < 4 || getU32(file, 0) !== MAGIC) return err('not-elf')
  if (file.length < HEADER_SIZE) return err('truncated')
  if (!isOurKind(file)) return err('wrong-kind')
  if (getU16(file, 52) !== HEADER_SIZE || getU16(file, 54) !== SEGMENT_HEADER_SIZE) return err('bad-header')
  const [entry, tableOffset, count] = [getU64(file, 24), getU64(file, 32), getU16(file, 56)]
  if (count > SEGMENTS_MAX) return err('too-many-segments')
  if (tableOffset < HEADER_SIZE || tableOffset > ADDRESS_MAX) return err('bad-header')
  if (tableOffset + count * SEGMENT_HEADER_SIZE > file.length) return err('truncated')
  const segments: Segment[] = []
  for (let index = 0; index < count; index++) {
    const segment = segmentAt(file, tableOffset + index * SEGMENT_HEADER_SIZE)
    const wrong = reasonAgainst(segment, file.length)
    if (wrong !== undefined) return err(wrong)
    segments.push(segment)
  }
  const wrong = layoutError(loaded(segments), entry)
  return wrong === undefined ? ok({ entry, segments, tableOffset }) : err(wrong)
}

/** The segments that are loaded, in the order of their addresses. */
export function loaded(segments: readonly Segment[]): readonly Segment[] {
  return segments.filter(({ type, memorySize }) => type === PT.load && memorySize > 0)
}

/** Writes the header of a segment to `offset` of `file`. */
export function emitSegment(file: Uint8Array, offset: number, segment: Segment): void {
  setU32(file, offset, segment.type)
  setU32(file, offset + 4, segment.flags)
  setU64(file, offset + 8, segment.offset)
  setU64(file, offset + 16, segment.address)
  setU64(file, offset + 24, segment.address)
  setU64(file, offset + 32, segment.fileSize)
  setU64(file, offset + 40, segment.memorySize)
  setU64(file, offset + 48, PAGE_SIZE)
}

/** The first page that begins at `address` or after it. */
export function pageUp(address: number): number {
  return Math.ceil(address / PAGE_SIZE) * PAGE_SIZE
}

const MAGIC = 0x464c457f
/** 64 bits, little-endian, version 1. */
const IDENT = [2, 1, 1]
const [TYPE_EXECUTABLE, MACHINE_X86_64, VERSION] = [2, 62, 1]

function isOurKind(file: Uint8Array): boolean {
  if (IDENT.some((value, index) => file[4 + index] !== value)) return false
  return (
    getU16(file, 16) === TYPE_EXECUTABLE &&
    getU16(file, 18) === MACHINE_X86_64 &&
    getU32(file, 20) === VERSION
  )
}

function segmentAt(file: Uint8Array, at: number): Segment {
  return {
    type: getU32(file, at),
    flags: getU32(file, at + 4),
    offset: getU64(file, at + 8),
    address: getU64(file, at + 16),
    fileSize: getU64(file, at + 32),
    memorySize: getU64(file, at + 40),
  }
}

function reasonAgainst(segment: Segment, length: number): ElfError | undefined {
  const { type, flags, offset, address, fileSize, memorySize } = segment
  if (type === PT.null) return undefined
  const numbers = [offset, address, fileSize, memorySize]
  if (numbers.some((value) => value > ADDRESS_MAX) || address + memorySize > ADDRESS_MAX) return 'bad-segment'
  if (fileSize > memorySize) return 'bad-segment'
  if (offset + fileSize > length) return 'truncated'
  if (type !== PT.load) return undefined
  return (flags & PF.write) !== 0 && (flags & PF.execute) !== 0 ? 'writable-and-executable' : undefined
}

function layoutError(segments: readonly Segment[], entry: number): ElfError | undefined {
  let end = 0
  for (const { address, memorySize } of segments) {
    // Protection is a page's, so two segments on one page would share it.
    if (address < end) return 'overlap'
    end = pageUp(address + memorySize)
  }
  const isEntered = segments.some(
    ({ flags, address, fileSize }) =>
      (flags & PF.execute) !== 0 && entry >= address && entry < address + fileSize,
  )
  return isEntered ? undefined : 'bad-entry'
}
