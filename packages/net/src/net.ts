/** A network device: it carries Ethernet frames, may lose them, and never corrupts them. */
import type { Mac } from '@mirage/address/mac'
import type { Result } from '@mirage/result'

/** Destination, source and type: the 14 bytes in front of every frame's payload. */
export const HEADER_SIZE = 14

/** Why a frame was not sent. */
export type NetError =
  | 'disconnected'
  /** The device's queue is full. The frame is lost, as any frame may be. */
  | 'busy'

/** Writes into a lent buffer, which holds zeros, and says how many of its bytes count. */
export type Fill = (buffer: Uint8Array) => number

/**
 * The same for the path of every frame: it writes from `offset` on and does not touch what is before, which
 * belongs to the layers below. It saves one view of the buffer per layer.
 */
export type FillAt = (frame: Uint8Array, offset: number) => number

/** What a device has carried since it was connected or `resetCounters` was called. */
export interface Counters {
  rxFrames: number
  rxBytes: number
  txFrames: number
  txBytes: number
}

/** One device on a link. */
export interface Net {
  readonly mac: Mac
  /** The most bytes that a frame carries after its 14-byte Ethernet header. */
  readonly mtu: number
  readonly counters: Readonly<Counters>

  /**
   * Sends one frame of at most `size` bytes, header included.
   *
   * The device lends `fill` a zeroed buffer of exactly `size` bytes and sends as many of them as `fill`
   * returns. `fill` runs once, before `write` returns, or not at all if the device cannot send; the buffer is
   * the device's again as soon as `fill` returns: to write to it later is a bug in the caller.
   *
   * A `size` above `mtu + 14`, or a count outside 0 to `size`, is a bug in the caller and throws.
   */
  write(size: number, fill: Fill): Result<void, NetError>

  /**
   * Hands every frame received from now on to `receive`, in order, never inside a `write`, until
   * `disconnect`. The frame is lent: `receive` may read it until it returns, must not change it, and copies
   * what it wants to keep. There is one listener: listening again replaces it.
   */
  listen(receive: (frame: Uint8Array) => void): void

  resetCounters(): void

  /** Stops the device. Disconnecting twice is the same as once. */
  disconnect(): void
}
