/** A disk in memory: its sectors are zeros at first, and gone with the program. */
import { type Result, assert, done, err } from '@mirage/result'
import type { Block, BlockError, BlockInfo } from './block.ts'

/** What a disk in memory is made with. */
export interface MemoryOptions {
  readonly sectorCount: number
  /** Bytes; a power of two, at least 512, which it is unless told. */
  readonly sectorSize?: number
  /** Writable unless told. */
  readonly writable?: boolean
  /** What the disk holds at first, from its first sector on. It is copied. */
  readonly content?: Uint8Array
}

/** A disk of `sectorCount` sectors. Content that does not fit throws. */
export function memory({ sectorCount, sectorSize = 512, writable = true, content }: MemoryOptions): Block {
  assert(isSectorSize(sectorSize), 'a sector has a power of two of bytes, at least 512')
  const medium = new Uint8Array(sectorCount * sectorSize)
  if (content !== undefined) medium.set(content)
  return new MemoryBlock({ writable, sectorSize, sectorCount }, medium)
}

/** Throws unless `buffers` are whole sectors that lie inside the device from `sector` on. */
export function checkTransfer(info: BlockInfo, sector: number, buffers: readonly Uint8Array[]): void {
  assert(Number.isSafeInteger(sector) && sector >= 0, 'a sector is a natural number')
  let count = 0
  for (const { length } of buffers) {
    assert(length % info.sectorSize === 0, 'a buffer is a whole number of sectors')
    count += length / info.sectorSize
  }
  assert(sector + count <= info.sectorCount, 'a transfer lies inside the device')
}

function isSectorSize(size: number): boolean {
  return size >= 512 && Number.isInteger(Math.log2(size))
}

class MemoryBlock implements Block {
  readonly info: BlockInfo
  readonly #medium: Uint8Array
  #isConnected = true

  constructor(info: BlockInfo, medium: Uint8Array) {
    this.info = info
    this.#medium = medium
  }

  async read(sector: number, buffers: readonly Uint8Array[]): Promise<Result<void, BlockError>> {
    checkTransfer(this.info, sector, buffers)
    if (!this.#isConnected) return err('disconnected')
    let offset = sector * this.info.sectorSize
    for (const buffer of buffers) {
      buffer.set(this.#medium.subarray(offset, offset + buffer.length))
      offset += buffer.length
    }
    return done
  }

  async write(sector: number, buffers: readonly Uint8Array[]): Promise<Result<void, BlockError>> {
    checkTransfer(this.info, sector, buffers)
    if (!this.#isConnected) return err('disconnected')
    if (!this.info.writable) return err('read-only')
    let offset = sector * this.info.sectorSize
    for (const buffer of buffers) {
      this.#medium.set(buffer, offset)
      offset += buffer.length
    }
    return done
  }

  async flush(): Promise<Result<void, BlockError>> {
    return this.#isConnected ? done : err('disconnected')
  }

  disconnect(): void {
    this.#isConnected = false
  }
}
