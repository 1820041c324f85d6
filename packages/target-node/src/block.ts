/** A file of the host as a disk. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Block, BlockError, BlockInfo } from '@mirage/block'
import { type Result, assert, done, err, ok } from '@mirage/result'

const SECTOR_SIZE = 512

/** Opens the file `path`: to read and write where the host allows it, to read where it does not. */
export async function connect({ path }: { readonly path: string }): Promise<Result<Block, string>> {
  try {
    const [file, writable] = await openFile(path)
    const stat = await file.stat()
    const refusal = stat.isFile() ? reasonAgainst(stat.size) : 'is no file'
    if (refusal === undefined) {
      return ok(
        new FileBlock(file, { writable, sectorSize: SECTOR_SIZE, sectorCount: stat.size / SECTOR_SIZE }),
      )
    }
    await file.close()
    return err(`${path} ${refusal}`)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return err(code === 'ENOENT' ? `there is no file ${path}` : message)
  }
}

async function openFile(path: string): Promise<[file: FileHandle, writable: boolean]> {
  try {
    return [await open(path, constants.O_RDWR), true]
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) throw error
    return [await open(path, constants.O_RDONLY), false]
  }
}

function reasonAgainst(size: number): string | undefined {
  if (size > 0 && size % SECTOR_SIZE === 0) return undefined
  return `has ${size} bytes, which is no whole number of sectors of ${SECTOR_SIZE}`
}

type Transfer = (buffers: readonly Uint8Array[], position: number) => Promise<number>

class FileBlock implements Block {
  readonly info: BlockInfo
  readonly #file: FileHandle
  #isConnected = true

  constructor(file: FileHandle, info: BlockInfo) {
    this.#file = file
    this.info = info
  }

  async read(sector: number, buffers: readonly Uint8Array[]): Promise<Result<void, BlockError>> {
    this.#check(sector, buffers)
    if (!this.#isConnected) return err('disconnected')
    return transfer(sector, buffers, async (rest, at) => (await this.#file.readv(rest, at)).bytesRead)
  }

  async write(sector: number, buffers: readonly Uint8Array[]): Promise<Result<void, BlockError>> {
    this.#check(sector, buffers)
    if (!this.#isConnected) return err('disconnected')
    if (!this.info.writable) return err('read-only')
    return transfer(sector, buffers, async (rest, at) => (await this.#file.writev(rest, at)).bytesWritten)
  }

  async flush(): Promise<Result<void, BlockError>> {
    if (!this.#isConnected) return err('disconnected')
    try {
      await this.#file.datasync()
      return done
    } catch {
      return err('io')
    }
  }

  disconnect(): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    // It waits for the transfers that are on their way; nobody is left to be told if it fails.
    this.#file.close().catch(() => {})
  }

  #check(sector: number, buffers: readonly Uint8Array[]): void {
    let size = 0
    for (const { length } of buffers) {
      assert(length % SECTOR_SIZE === 0, 'a buffer is a whole number of sectors')
      size += length
    }
    const isInside = Number.isSafeInteger(sector) && sector >= 0
    assert(isInside && sector + size / SECTOR_SIZE <= this.info.sectorCount, 'sectors lie on the device')
  }
}

/** Moves all bytes of `buffers`, in as many steps as the host takes. */
async function transfer(
  sector: number,
  buffers: readonly Uint8Array[],
  step: Transfer,
): Promise<Result<void, BlockError>> {
  let rest = buffers.filter(({ length }) => length > 0)
  let position = sector * SECTOR_SIZE
  try {
    while (rest.length > 0) {
      const moved = await step(rest.slice(0, BUFFERS_MAX), position)
      if (moved === 0) return err('io')
      position += moved
      rest = withoutFirst(rest, moved)
    }
    return done
  } catch {
    return err('io')
  }
}

/** So many buffers the host takes at once (IOV_MAX of Linux). */
const BUFFERS_MAX = 1024

/** What is left of `buffers` without their first `count` bytes. */
export function withoutFirst(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let index = 0
  let left = count
  while (index < buffers.length && left >= buffers[index]!.length) left -= buffers[index++]!.length
  const [first, ...others] = buffers.slice(index)
  return first === undefined ? [] : [first.subarray(left), ...others]
}
