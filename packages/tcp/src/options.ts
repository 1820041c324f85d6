/**
 * The options of segments: maximum segment size, RFC 9293 §3.7.1; window scale and timestamps, RFC 7323; selective
 * acknowledgement, RFC 2018.
 *
 *     +------+------+-------------+      +------+------+-------+      +------+------+
 *     |  2   |  4   |     MSS     |      |  3   |  3   | shift |      |  4   |  2   |  SACK permitted
 *     +------+------+-------------+      +------+------+-------+      +------+------+
 *
 *     +------+------+---------------------------+---------------------------+
 *     |  8   |  10  |          TSval            |          TSecr            |
 *     +------+------+---------------------------+---------------------------+
 *     |  5   | 2+8n |   left edge, right edge, of each of n blocks  ...
 */
import { getU16, getU32, setU16, setU32 } from '@mirage/bytes'
import { type Result, done, err } from '@mirage/result'
import type { Sequence } from './sequence.ts'

const END = 0
const NOP = 1
const MSS = 2
const WINDOW_SCALE = 3
const SACK_PERMITTED = 4
const SACK = 5
const TIMESTAMPS = 8

/** Smaller ones are sent only to make us spend a header on every few bytes. */
const MSS_MIN = 88
/** RFC 7323 §2.3: a larger shift is used as 14. */
const SCALE_MAX = 14
/** Two NOPs and the option: RFC 7323 appendix A. */
export const TIMESTAMPS_SIZE = 12
/** NOP, NOP, 8, 10: how nearly every segment's options begin, and end 8 bytes later. */
const TIMESTAMPS_HEAD = 0x0101_080a
/** What 40 bytes of options have room for. */
export const SACKS_MAX = 4

/** What a segment may carry. */
export interface Options {
  /** Of a SYN: 88 to 65535; 0 if it was absent. */
  mss: number
  /** Of a SYN: 0 to 14; -1 if it was absent. */
  scale: number
  /** Of a SYN: whether blocks may be sent. */
  isSackPermitted: boolean
  hasTimestamps: boolean
  tsVal: number
  tsEcr: number
  /** Blocks in `sacks`: the left and the right edge of each. */
  sackCount: number
  readonly sacks: Int32Array
}

export type OptionError = 'bad-option' | 'bad-mss'

/** Says that there are none. */
export function clear(options: Options): void {
  options.mss = 0
  options.scale = -1
  options.isSackPermitted = false
  options.hasTimestamps = false
  options.sackCount = 0
}

/**
 * Reads the options from `offset` up to `end` into `options`. A length that cannot be ends the list, as END does,
 * and what came before it counts; a known option of another length than its own condemns the segment.
 */
export function parse(
  frame: Uint8Array,
  offset: number,
  end: number,
  options: Options,
): Result<void, OptionError> {
  clear(options)
  if (end - offset === TIMESTAMPS_SIZE && getU32(frame, offset) === TIMESTAMPS_HEAD) {
    takeTimestamps(frame, offset + 2, options)
    return done
  }
  let i = offset
  while (i < end && frame[i] !== END) {
    if (frame[i] === NOP) {
      i += 1
      continue
    }
    const length = i + 1 < end ? frame[i + 1]! : 0
    if (length < 2 || i + length > end) return done
    const error = parseOne(frame, i, length, options)
    if (error !== undefined) return err(error)
    i += length
  }
  return done
}

function parseOne(frame: Uint8Array, at: number, length: number, options: Options): OptionError | undefined {
  switch (frame[at]!) {
    case MSS:
      if (length !== 4) return 'bad-option'
      options.mss = getU16(frame, at + 2)
      return options.mss < MSS_MIN ? 'bad-mss' : undefined
    case WINDOW_SCALE:
      if (length !== 3) return 'bad-option'
      options.scale = Math.min(frame[at + 2]!, SCALE_MAX)
      return undefined
    case SACK_PERMITTED:
      if (length !== 2) return 'bad-option'
      options.isSackPermitted = true
      return undefined
    case SACK:
      if (length % 8 !== 2 || length === 2) return 'bad-option'
      takeSacks(frame, at, length, options)
      return undefined
    case TIMESTAMPS:
      if (length !== 10) return 'bad-option'
      takeTimestamps(frame, at, options)
      return undefined
    default: // RFC 9293 §3.1: what is not known is skipped.
      return undefined
  }
}

function takeTimestamps(frame: Uint8Array, at: number, options: Options): void {
  options.hasTimestamps = true
  options.tsVal = getU32(frame, at + 2) | 0
  options.tsEcr = getU32(frame, at + 6) | 0
}

function takeSacks(frame: Uint8Array, at: number, length: number, options: Options): void {
  options.sackCount = Math.min((length - 2) / 8, SACKS_MAX)
  for (let i = 0; i < 2 * options.sackCount; i++) options.sacks[i] = getU32(frame, at + 2 + 4 * i)
}

/** How many bytes `emit` writes: a multiple of 4. */
export function size(options: Readonly<Options>): number {
  const stamps = options.hasTimestamps ? TIMESTAMPS_SIZE : options.isSackPermitted ? 4 : 0
  const sacks = options.sackCount > 0 ? 4 + 8 * options.sackCount : 0
  return (options.mss > 0 ? 4 : 0) + (options.scale >= 0 ? 4 : 0) + stamps + sacks
}

export function emit(frame: Uint8Array, offset: number, options: Readonly<Options>): void {
  let i = offset
  if (options.mss > 0) {
    setU16(frame, i, (MSS << 8) | 4)
    setU16(frame, i + 2, options.mss)
    i += 4
  }
  if (options.hasTimestamps || options.isSackPermitted) {
    // SACK-permitted takes the place of the padding.
    setU16(frame, i, options.isSackPermitted ? (SACK_PERMITTED << 8) | 2 : (NOP << 8) | NOP)
    setU16(frame, i + 2, options.hasTimestamps ? (TIMESTAMPS << 8) | 10 : (NOP << 8) | NOP)
    i += 4
  }
  if (options.hasTimestamps) {
    setU32(frame, i, options.tsVal)
    setU32(frame, i + 4, options.tsEcr)
    i += 8
  }
  if (options.scale >= 0) {
    setU16(frame, i, (NOP << 8) | WINDOW_SCALE)
    setU16(frame, i + 2, (3 << 8) | options.scale)
    i += 4
  }
  if (options.sackCount > 0) emitSacks(frame, i, options)
}

function emitSacks(frame: Uint8Array, offset: number, { sackCount, sacks }: Readonly<Options>): void {
  setU16(frame, offset, (NOP << 8) | NOP)
  setU16(frame, offset + 2, (SACK << 8) | (2 + 8 * sackCount))
  for (let i = 0; i < 2 * sackCount; i++) setU32(frame, offset + 4 + 4 * i, sacks[i]!)
}

/** Adds a block, if there is room for `sacksMax` of them. */
export function addSack(options: Options, left: Sequence, right: Sequence, sacksMax: number): void {
  const at = 2 * options.sackCount
  if (options.sackCount >= sacksMax) return
  options.sacks[at] = left
  options.sacks[at + 1] = right
  options.sackCount += 1
}
