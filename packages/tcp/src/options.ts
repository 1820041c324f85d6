/**
 * The options of a SYN: maximum segment size, RFC 9293 §3.7.1, and window scale, RFC 7323 §2.
 *
 *     +------+------+-------------+      +------+------+-------+
 *     |  2   |  4   |     MSS     |      |  3   |  3   | shift |
 *     +------+------+-------------+      +------+------+-------+
 *
 * Timestamps (8) and selective acknowledgement (4, 5) would be read here; they are not used, only checked.
 */
import { getU16, setU16 } from '@mirage/bytes'
import { type Result, done, err } from '@mirage/result'

const END = 0
const NOP = 1
const MSS = 2
const WINDOW_SCALE = 3

/** The length of every option that has only one; a kind that is not here is skipped, RFC 9293 §3.1. */
const fixedLengths: ReadonlyMap<number, number> = new Map([
  [MSS, 4],
  [WINDOW_SCALE, 3],
  [4, 2],
  [8, 10],
])

/** Smaller ones are sent only to make us spend a header on every few bytes. */
const MSS_MIN = 88
/** RFC 7323 §2.3: a larger shift is used as 14. */
const SCALE_MAX = 14

/** What a SYN may carry. */
export interface Options {
  /** 88 to 65535; 0 if it was absent. */
  mss: number
  /** 0 to 14; -1 if it was absent. */
  scale: number
}

export type OptionError = 'bad-option' | 'bad-mss'

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
  options.mss = 0
  options.scale = -1
  let i = offset
  while (i < end && frame[i] !== END) {
    if (frame[i] === NOP) {
      i += 1
      continue
    }
    const length = i + 1 < end ? frame[i + 1]! : 0
    if (length < 2 || i + length > end) return done
    const parsed = parseOne(frame, i, length, options)
    if (!parsed.ok) return parsed
    i += length
  }
  return done
}

function parseOne(
  frame: Uint8Array,
  at: number,
  length: number,
  options: Options,
): Result<void, OptionError> {
  const kind = frame[at]!
  if (length !== (fixedLengths.get(kind) ?? length)) return err('bad-option')
  if (kind === MSS) {
    options.mss = getU16(frame, at + 2)
    if (options.mss < MSS_MIN) return err('bad-mss')
  }
  if (kind === WINDOW_SCALE) options.scale = Math.min(frame[at + 2]!, SCALE_MAX)
  return done
}

/** How many bytes `emit` writes: a multiple of 4. */
export function size(options: Readonly<Options>): number {
  return (options.mss > 0 ? 4 : 0) + (options.scale >= 0 ? 4 : 0)
}

export function emit(frame: Uint8Array, offset: number, options: Readonly<Options>): void {
  let i = offset
  if (options.mss > 0) {
    frame[i] = MSS
    frame[i + 1] = 4
    setU16(frame, i + 2, options.mss)
    i += 4
  }
  if (options.scale >= 0) {
    frame[i] = NOP
    frame[i + 1] = WINDOW_SCALE
    frame[i + 2] = 3
    frame[i + 3] = options.scale
  }
}
