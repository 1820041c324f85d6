import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import * as checksum from '@mirage/bytes/checksum'
import { hex } from '@mirage/bytes/hex'
import { done, err } from '@mirage/result'
import {
  ACK,
  PROTOCOL,
  PSH,
  SYN,
  Segment,
  type SegmentError,
  emit,
  headerSize,
  parse,
  span,
} from './segment.ts'

// 10.0.0.1:49152 asks 10.0.0.2:80 for a connection, then says "hi!". Python packed and summed them.
const CONNECT = hex('c000 0050 fffffff0 00000000 7002 ffff afd4 0000 020405b4 01030307')
const HI = hex('c000 0050 fffffff1 80000000 5018 2000 b21a 0000 686921')

function pseudo(length: number): checksum.Sum {
  return checksum.pseudo(ipv4.of(10, 0, 0, 1), ipv4.of(10, 0, 0, 2), PROTOCOL, length)
}

describe('segments', () => {
  it('parses a SYN and its options', () => {
    const segment = new Segment()
    assert.deepEqual(parse(CONNECT, 0, CONNECT.length, pseudo(CONNECT.length), segment), done)
    const { srcPort, dstPort, seq, flags, window, mss, scale, textLength } = segment
    assert.deepEqual(
      { srcPort, dstPort, seq, flags, window, mss, scale, textLength },
      {
        srcPort: 49_152,
        dstPort: 80,
        seq: -16,
        flags: SYN,
        window: 65_535,
        mss: 1460,
        scale: 7,
        textLength: 0,
      },
    )
    assert.equal(span(segment), 1)
  })

  it('parses text in the middle of a frame, and says where it is', () => {
    const segment = new Segment()
    const frame = hex(`eeee ${[...HI].map((byte) => byte.toString(16).padStart(2, '0')).join('')} eeeeee`)
    assert.deepEqual(parse(frame, 2, 2 + HI.length, pseudo(HI.length), segment), done)
    const { seq, ack, flags, textOffset, textLength, mss, scale } = segment
    assert.deepEqual(
      { seq, ack, flags, textOffset, textLength, mss, scale },
      { seq: -15, ack: -0x8000_0000, flags: PSH | ACK, textOffset: 22, textLength: 3, mss: 0, scale: -1 },
    )
  })

  for (const [what, bytes] of [
    ['a SYN', CONNECT],
    ['text', HI],
  ] as const) {
    it(`emits ${what} as it was parsed`, () => {
      const segment = new Segment()
      parse(bytes, 0, bytes.length, pseudo(bytes.length), segment)
      const frame = new Uint8Array(bytes.length + 2)
      frame.set(bytes.subarray(segment.textOffset), 1 + headerSize(segment))
      emit(frame, 1, segment, checksum.add(bytes, segment.textOffset, bytes.length, pseudo(bytes.length)))
      assert.deepEqual(frame.subarray(1, 1 + bytes.length), bytes)
    })
  }

  const rejected: [what: string, frame: Uint8Array, error: SegmentError][] = [
    ['one byte less than a header', CONNECT.subarray(0, 19), 'too-short'],
    ['an offset inside the header', change(HI, 12, 0x40), 'bad-offset'],
    ['an offset behind the end', change(HI, 12, 0x60), 'bad-offset'],
    ['one flipped bit', change(HI, 22, 0x20), 'bad-checksum'],
  ]
  for (const [what, frame, error] of rejected) {
    it(`rejects ${what}`, () => {
      assert.deepEqual(parse(frame, 0, frame.length, pseudo(frame.length), new Segment()), err(error))
    })
  }
})

function change(bytes: Uint8Array, at: number, to: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = to
  return changed
}
