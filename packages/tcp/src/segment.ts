/**
 * TCP segments on the wire: RFC 9293 §3.1.
 *
 *      0                   1                   2                   3
 *      +-------------------------------+-------------------------------+
 *      |          source port          |       destination port        |
 *      +-------------------------------+-------------------------------+
 *      |                        sequence number                        |
 *      +---------------------------------------------------------------+
 *      |                     acknowledgment number                     |
 *      +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 *      |offset |       |C|E|U|A|P|R|S|F|            window             |
 *      +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
 *      |           checksum            |        urgent pointer         |
 *      +-------------------------------+-------------------------------+
 *      |  options, up to offset · 4  |  text ...
 *
 * The urgent pointer and its flag are not used: RFC 6093 §4 advises against them.
 */
import { getU16, getU32, setU16, setU32 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { type Result, done, err } from '@mirage/result'
import * as options from './options.ts'
import type { Sequence } from './sequence.ts'

export const HEADER_SIZE = 20
/** Where in the header the checksum is. */
export const CHECKSUM_OFFSET = 16
export const PROTOCOL = 6

export const FIN = 1
export const SYN = 2
export const RST = 4
export const PSH = 8
export const ACK = 16
export const URG = 32
/** Congestion was experienced, and the sender's window reduced: RFC 3168 §6.1. */
export const ECE = 64
export const CWR = 128

/**
 * A segment, parsed or to be sent. One of each serves for all segments of a stack, so that none is made on the
 * path of every segment: what is in it is good until the next one.
 */
export class Segment implements options.Options {
  srcPort = 0
  dstPort = 0
  seq: Sequence = 0
  ack: Sequence = 0
  flags = 0
  /** As it is in the header: not yet scaled. */
  window = 0
  mss = 0
  scale = -1
  isSackPermitted = false
  hasTimestamps = false
  tsVal = 0
  tsEcr = 0
  sackCount = 0
  readonly sacks: Int32Array = new Int32Array(2 * options.SACKS_MAX)
  /** The two bits of congestion notification in the traffic class of its packet: RFC 3168 §5. */
  ecn = 0
  /** The frame that lends the text, and where in it the text begins. */
  frame: Uint8Array = NOTHING
  textOffset = 0
  textLength = 0
  /**
   * Of one to be sent: the text of each segment that it is to be cut into, of which the last may be shorter. FIN and
   * PSH are for the last of them.
   */
  segmentSize = 0
}

const NOTHING = new Uint8Array(0)

export type SegmentError = 'too-short' | 'bad-offset' | 'bad-checksum' | options.OptionError

/**
 * Reads the segment between `offset` and `end`; `pseudo` is the sum of its pseudo-header, which is not looked at if the
 * checksum was checked already. Its text stays lent.
 */
export function parse(
  frame: Uint8Array,
  offset: number,
  end: number,
  pseudo: checksum.Sum,
  into: Segment,
  isChecked: boolean = false,
): Result<void, SegmentError> {
  if (end - offset < HEADER_SIZE) return err('too-short')
  const headerSize = (frame[offset + 12]! >>> 4) * 4
  if (headerSize < HEADER_SIZE || offset + headerSize > end) return err('bad-offset')
  if (!isChecked && checksum.of(frame, offset, end, pseudo) !== 0) return err('bad-checksum')
  into.srcPort = getU16(frame, offset)
  into.dstPort = getU16(frame, offset + 2)
  into.seq = getU32(frame, offset + 4) | 0
  into.ack = getU32(frame, offset + 8) | 0
  into.flags = frame[offset + 13]!
  into.window = getU16(frame, offset + 14)
  into.frame = frame
  into.textOffset = offset + headerSize
  into.textLength = end - into.textOffset
  if (headerSize > HEADER_SIZE) return options.parse(frame, offset + HEADER_SIZE, into.textOffset, into)
  options.clear(into)
  return done
}

/** The size of `segment`'s header and options. */
export function headerSize(segment: Readonly<Segment>): number {
  return HEADER_SIZE + options.size(segment)
}

/**
 * Writes the header of `segment` at `offset`. `sum` is that of the pseudo-header and of the text behind the header; of
 * the pseudo-header alone, which is then left in the checksum's place, if the device is to complete it (`isPartial`).
 */
export function emit(
  frame: Uint8Array,
  offset: number,
  segment: Readonly<Segment>,
  sum: checksum.Sum,
  isPartial: boolean = false,
): void {
  const { srcPort, dstPort, seq, ack, flags, window } = segment
  const size = headerSize(segment)
  const offsetAndFlags = ((size / 4) << 12) | flags
  setU16(frame, offset, srcPort)
  setU16(frame, offset + 2, dstPort)
  setU32(frame, offset + 4, seq)
  setU32(frame, offset + 8, ack)
  setU16(frame, offset + 12, offsetAndFlags)
  setU16(frame, offset + 14, window)
  setU16(frame, offset + CHECKSUM_OFFSET, 0)
  setU16(frame, offset + 18, 0)
  if (size > HEADER_SIZE) options.emit(frame, offset + HEADER_SIZE, segment)
  if (isPartial) return setU16(frame, offset + CHECKSUM_OFFSET, checksum.folded(sum))
  // The sum of numbers that are at hand: reading them back takes 25 ns more.
  const numbers = (seq >>> 16) + (seq & 0xffff) + (ack >>> 16) + (ack & 0xffff) + offsetAndFlags + window
  const fixed = sum + srcPort + dstPort + numbers
  setU16(frame, offset + CHECKSUM_OFFSET, checksum.of(frame, offset + HEADER_SIZE, offset + size, fixed))
}

/** How much of the sequence space it takes: its text, and one each for SYN and FIN. RFC 9293 §3.4. */
export function span(segment: Readonly<Segment>): number {
  return segment.textLength + ((segment.flags & SYN) === 0 ? 0 : 1) + (segment.flags & FIN)
}
