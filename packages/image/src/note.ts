/**
 * The notes of an image: what it says about itself to whoever starts it.
 *
 *     0       4       8      12          20 (names of up to 8 bytes)
 *     +-------+-------+------+-----------+----------------+
 *     | namesz| descsz| type | name      | description …  |
 *     +-------+-------+------+-----------+----------------+
 *
 * Each has a segment of its own, and only the first note of a segment counts, as for every reader of the public ABI.
 */
import { type Result, err, ok } from '@mirage/result'
import { type Elf, PT } from './elf.ts'
import { getU32 } from './little-endian.ts'

/** The three sizes, and a name of up to seven letters. */
export const NOTE_HEADER_SIZE = 20

/** Why there is nothing to read. */
export type NoteError =
  | 'no-note'
  /** A note that is larger than its segment. */
  | 'bad-note'

/** A note's place in the file. */
export interface Note {
  /** Of its header. */
  readonly offset: number
  /** Of what it says, and how many bytes that has. */
  readonly contentOffset: number
  readonly contentSize: number
  /** How large `contentSize` may become: the rest of its segment. */
  readonly roomSize: number
  /** Where its header is loaded. */
  readonly address: number
}

/** Finds the note that `name` calls `type`. */
export function findNote(file: Uint8Array, elf: Elf, name: string, type: number): Result<Note, NoteError> {
  for (const segment of elf.segments) {
    const { offset, fileSize } = segment
    if (segment.type !== PT.note || fileSize < NOTE_HEADER_SIZE) continue
    if (getU32(file, offset + 8) !== type || !isNamed(file, offset, name)) continue
    const contentSize = getU32(file, offset + 4)
    const roomSize = fileSize - NOTE_HEADER_SIZE
    if (contentSize > roomSize) return err('bad-note')
    return ok({
      offset,
      contentOffset: offset + NOTE_HEADER_SIZE,
      contentSize,
      roomSize,
      address: segment.address,
    })
  }
  return err('no-note')
}

function isNamed(file: Uint8Array, offset: number, name: string): boolean {
  if (getU32(file, offset) !== name.length + 1 || file[offset + 12 + name.length] !== 0) return false
  for (let index = 0; index < name.length; index++) {
    if (file[offset + 12 + index] !== name.charCodeAt(index)) return false
  }
  return true
}
