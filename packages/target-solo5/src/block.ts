/** A disk of an image: blocks that the host keeps. */
import type { Block, BlockError, BlockInfo } from '@mirage/block'
import { type Result, assert, done, err, ok } from '@mirage/result'
import { type Handle, RESULT, type BlockInfo as Acquired, type Solo5, solo5 } from './solo5.ts'

/** Opens the disk that the manifest calls `name`. */
export function connect({ name }: { readonly name: string }): Result<Block, string> {
  const platform = solo5()
  const acquired = platform.blockAcquire(name)
  if (acquired === undefined) return err(`the manifest of this image has no disk ${name}`)
  const { blockSize, capacity } = acquired
  if (blockSize < 512 || (blockSize & (blockSize - 1)) !== 0 || capacity % blockSize !== 0) {
    return err(`the disk ${name} has blocks of ${blockSize} bytes, which is no power of two from 512 on`)
  }
  return ok(new Solo5Block(platform, acquired))
}

/** A disk that was opened. The unikernel stands still while it moves bytes: the interface has no other way. */
export class Solo5Block implements Block {
  readonly info: BlockInfo
  readonly #solo5: Solo5
  readonly #handle: Handle
  #isConnected = true

  constructor(platform: Solo5, { handle, capacity, blockSize }: Acquired) {
    this.#solo5 = platform
    this.#handle = handle
    // Nobody tells whether a disk can be written: one that cannot gives `io`.
    this.info = { writable: true, sectorSize: blockSize, sectorCount: capacity / blockSize }
  }

  async read(sector: number, buffers: readonly Uint8Array[]): Promise<Result<void, BlockError>> {
    return this.#move(sector, buffers, (offset, bytes) =>
      this.#solo5.blockRead(this.#handle, offset, bytes, 0, bytes.length),
    )
  }

  async write(sector: number, buffers: readonly Uint8Array[]): Promise<Result<void, BlockError>> {
    return this.#move(sector, buffers, (offset, bytes) =>
      this.#solo5.blockWrite(this.#handle, offset, bytes, 0, bytes.length),
    )
  }

  /** What was written is the host's already. */
  async flush(): Promise<Result<void, BlockError>> {
    return this.#isConnected ? done : err('disconnected')
  }

  disconnect(): void {
    this.#isConnected = false
  }

  #move(
    sector: number,
    buffers: readonly Uint8Array[],
    step: (offset: number, bytes: Uint8Array) => number,
  ): Result<void, BlockError> {
    this.#check(sector, buffers)
    if (!this.#isConnected) return err('disconnected')
    let offset = sector * this.info.sectorSize
    for (const buffer of buffers) {
      if (buffer.length > 0 && step(offset, buffer) !== RESULT.ok) return err('io')
      offset += buffer.length
    }
    return done
  }

  #check(sector: number, buffers: readonly Uint8Array[]): void {
    const { sectorSize, sectorCount } = this.info
    let size = 0
    for (const { length } of buffers) {
      assert(length % sectorSize === 0, 'a buffer is a whole number of sectors')
      size += length
    }
    const isInside = Number.isSafeInteger(sector) && sector >= 0
    assert(isInside && sector + size / sectorSize <= sectorCount, 'sectors lie on the device')
  }
}
