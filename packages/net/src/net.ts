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
 * belongs to the layers below. It saves one view of the buffer per layer. What the buffer holds is unknown: every byte
 * that counts is written.
 */
export type FillAt = (frame: Uint8Array, offset: number) => number

/**
 * What a device does for the layers above it. A frame that it may cut, and one that it has put together, carries up to
 * 65,535 bytes after its Ethernet header, whatever the MTU.
 */
export interface Offloads {
  /** It completes the checksums that `Offload` asks for, and vouches for those of frames that it has checked. */
  readonly checksum: boolean
  /** The most bytes after the Ethernet header of a TCP frame that it cuts into segments itself; 0 if it cuts none. */
  readonly segmentation: number
  /**
   * It cuts frames of UDP as well, up to the same size, into 64 datagrams at most; and may hand over such that nobody has
   * cut. Absent: it does neither.
   */
  readonly datagrams?: boolean
}

/** What a device without offloads does. */
export const NO_OFFLOADS: Offloads = { checksum: false, segmentation: 0 }

/**
 * What is left to the device in one frame, as in the header of a virtio network device (virtio 1.2 §5.1.6). One
 * record may serve for many frames. Only a device whose `offloads` say so is given one.
 */
export interface Offload {
  /** Where the bytes begin that the checksum covers, which go to the end of the frame. */
  checksumStart: number
  /** Where from there the checksum is put. The field holds the sum of the pseudo-header, for the frame as it is. */
  checksumOffset: number
  /**
   * The bytes of text in each segment that the device cuts, or of payload in each datagram, of which the last may be
   * shorter; 0 if the frame is sent as it is.
   */
  segmentSize: number
  /** The bytes in front of the text, which every segment gets. */
  headerSize: number
  /** Whether the packet is of IPv6: what is cut differs. */
  isIpv6: boolean
  /** Whether datagrams are cut: where `offloads.datagrams` says that the device can. */
  isUdp: boolean
}

/**
 * Takes a frame, which is lent until the call returns, and is not changed. `isChecked`: the device vouches for the checksum
 * of the TCP segment or UDP datagram inside. `segmentSize`: nobody has cut the UDP datagrams that it is made of, each
 * with so many bytes of payload, the last perhaps with fewer; whoever takes it checks that. Absent: they are as on a wire.
 */
export type Receive = (frame: Uint8Array, isChecked?: boolean, segmentSize?: number) => void

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
  /** What it does for the layers above; absent if that is nothing. It stays the same. */
  readonly offloads?: Offloads

  /**
   * Sends one frame of at most `size` bytes, header included.
   *
   * The device lends `fill` a zeroed buffer of exactly `size` bytes and sends as many of them as `fill`
   * returns. `fill` runs once, before `write` returns, or not at all if the device cannot send; the buffer is
   * the device's again as soon as `fill` returns: to write to it later is a bug in the caller.
   *
   * A `size` above `mtu + 14` (above 65,535 + 14 for a frame that the device cuts), or a count outside 0 to `size`,
   * is a bug in the caller and throws.
   *
   * With `isFilled`, `fill` writes every byte that counts, and the buffer may hold what earlier frames left: to zero what is
   * written over takes as long as to copy it.
   */
  write(size: number, fill: Fill, offload?: Readonly<Offload>, isFilled?: boolean): Result<void, NetError>

  /**
   * Hands every frame received from now on to `receive`, in order, never inside a `write`, until
   * `disconnect`. The frame is lent: `receive` may read it until it returns, must not change it, and copies
   * what it wants to keep. There is one listener: listening again replaces it.
   */
  listen(receive: Receive): void

  /**
   * From now on every frame that arrives is as on a wire: no larger than the MTU, and with its checksums, for which the
   * device need not vouch. For who hands frames on. Absent where they always are.
   */
  declineOffloads?(): void

  resetCounters(): void

  /** Stops the device. Disconnecting twice is the same as once. */
  disconnect(): void
}
