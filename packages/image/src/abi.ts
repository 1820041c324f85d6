/** The note that says for which target an image is, and for which version of its ABI: ABI1 of the public Solo5 ABI. */
import { type Result, err, ok } from '@mirage/result'
import type { Elf } from './elf.ts'
import { getU32 } from './little-endian.ts'
import { findNote } from './note.ts'

/** "ABI1" */
export const ABI1 = 0x31494241
/** Two numbers that count, and two that do not yet. */
const CONTENT_SIZE = 16

/** The targets of the public ABI, by their numbers from 1 on. */
export const TARGETS = ['hvt', 'spt', 'virtio', 'muen', 'genode', 'xen'] as const
/** A target of the public ABI. */
export type AbiTarget = (typeof TARGETS)[number]

/** Whom an image is for. */
export interface Abi {
  readonly target: AbiTarget
  readonly version: number
}

/** Why an image does not say whom it is for. */
export type AbiError = 'no-abi' | 'bad-abi'

/** What the image says. */
export function readAbi(file: Uint8Array, elf: Elf): Result<Abi, AbiError> {
  const note = findNote(file, elf, 'Solo5', ABI1)
  if (!note.ok) return err(note.error === 'no-note' ? 'no-abi' : 'bad-abi')
  const { contentOffset, contentSize } = note.value
  if (contentSize !== CONTENT_SIZE) return err('bad-abi')
  const target = TARGETS[getU32(file, contentOffset) - 1]
  return target === undefined ? err('bad-abi') : ok({ target, version: getU32(file, contentOffset + 4) })
}
