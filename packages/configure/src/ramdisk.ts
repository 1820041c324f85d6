/** The component of `ramdisk()`: a disk in memory, of zeros. */
import type { Block } from '@mirage/block'
import { memory } from '@mirage/block/memory'
import { type Ok, ok } from '@mirage/result'

/** Makes the disk, of `sectorCount` sectors of 512 bytes. */
export function connect({ sectorCount }: { readonly sectorCount: number }): Ok<Block> {
  return ok(memory({ sectorCount }))
}
