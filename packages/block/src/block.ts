/** A device of fixed-size sectors: a disk, a partition, a file that serves as one. */
import type { Result } from '@mirage/result'

/** Why a transfer failed. What it had transferred by then is undefined. */
export type BlockError =
  | 'disconnected'
  /** The host could not read or write the medium. */
  | 'io'
  | 'read-only'

/** What a device is like. It stays so while the device is connected. */
export interface BlockInfo {
  readonly writable: boolean
  /** Bytes; a power of two, at least 512. */
  readonly sectorSize: number
  readonly sectorCount: number
}

/** Sectors to read and write, several of them at a time. */
export interface Block {
  readonly info: BlockInfo

  /**
   * Fills `buffers`, one after the other, from the sectors that begin at `sector`. Each buffer is a whole
   * number of sectors and may be a view of a larger one; it must not be touched until the promise resolves.
   * Sectors outside the device, or a buffer of another size, are a bug in the caller and throw.
   */
  read(sector: number, buffers: readonly Uint8Array[]): Promise<Result<void, BlockError>>

  /** Writes `buffers` to the sectors that begin at `sector`, under the same rules. */
  write(sector: number, buffers: readonly Uint8Array[]): Promise<Result<void, BlockError>>

  /** Resolves when everything written before has reached the medium. */
  flush(): Promise<Result<void, BlockError>>

  /** Stops the device. Disconnecting twice is the same as once. */
  disconnect(): void
}
