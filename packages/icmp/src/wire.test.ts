import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import { hex } from '@mirage/bytes/hex'
import { err, ok } from '@mirage/result'
import * as fc from 'fast-check'
import * as icmp from './wire.ts'

// An echo with the id 0x0bb8, the sequence number 1 and "abcd", put together by Python.
const ECHO = hex('0800 2780 0bb8 0001 61626364')
// "Port unreachable" about a datagram from 10.0.0.1:5000 to 10.0.0.2:9, put together by Python.
const QUOTE = hex('4500 001c 0007 0000 4011 66c8 0a000001 0a000002 1388 0009 0008 d84a')

describe('icmp messages', () => {
  it('are read', () => {
    assert.deepEqual(
      icmp.parse(ECHO, 0, 12),
      ok({ type: 8, code: 0, first: 0x0bb8, second: 1, offset: 8, end: 12 }),
    )
  })

  it('are written where they are told, into a buffer that was not clean', () => {
    const frame = hex(`a5a5 a5a5a5a5 a5a5a5a5 61626364 a5`)
    icmp.emit(frame, 2, 14, { type: 8, code: 0, first: 0x0bb8, second: 1 })
    assert.deepEqual(frame.subarray(2, 14), ECHO)
    assert.deepEqual([frame[1], frame[14]], [0xa5, 0xa5])
  })

  it('are too short below 8 bytes', () => {
    for (let end = 0; end < 8; end++) assert.deepEqual(icmp.parse(ECHO, 0, end), err('too-short'))
    assert.deepEqual(icmp.parse(ECHO, 5, 12), err('too-short'))
  })

  it('are refused with a flipped bit anywhere', () => {
    for (let i = 0; i < ECHO.length * 8; i++) {
      const frame = ECHO.slice()
      frame[i >>> 3]! ^= 1 << (i & 7)
      assert.deepEqual(icmp.parse(frame, 0, 12), err('bad-checksum'))
    }
  })

  it('report errors by type', () => {
    const errors = Array.from({ length: 256 }, (_, type) => type).filter((type) => icmp.isError(type))
    assert.deepEqual(errors, [3, 4, 5, 11, 12])
  })
})

describe('a quoted packet', () => {
  it('tells where it came from, where to, and its ports', () => {
    assert.deepEqual(
      icmp.parseQuoted(QUOTE, 0, QUOTE.length),
      ok({ src: of(10, 0, 0, 1), dst: of(10, 0, 0, 2), protocol: 17, length: 28, offset: 20, end: 28 }),
    )
  })

  const broken: [why: string, offset: number, value: number][] = [
    ['of another version', 0, 0x65],
    ['with a header of less than five words', 0, 0x44],
    ['with a header that ends behind it', 0, 0x4f],
    ['that is a later fragment', 7, 1],
  ]
  for (const [why, offset, value] of broken) {
    it(`is refused ${why}`, () => {
      const frame = QUOTE.slice()
      frame[offset] = value
      assert.deepEqual(icmp.parseQuoted(frame, 0, frame.length), err('bad-quote'))
    })
  }

  it('ends where it ended, whatever comes behind', () => {
    const frame = new Uint8Array(60)
    frame.set(QUOTE, 3)
    const quoted = icmp.parseQuoted(frame, 3, 60)
    assert.ok(quoted.ok)
    assert.deepEqual([quoted.value.offset, quoted.value.end], [23, 31])
    frame[3 + 3] = 27
    assert.deepEqual(icmp.parseQuoted(frame, 3, 60), err('bad-quote'))
  })

  it('is refused with less than 8 bytes of payload', () => {
    for (let end = 0; end < 28; end++) assert.deepEqual(icmp.parseQuoted(QUOTE, 0, end), err('bad-quote'))
  })

  it('never makes the reader throw, or read behind its end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(20), (frame, offset) => {
        if (frame.length > offset) frame[offset] = 0x45
        const quoted = icmp.parseQuoted(frame, offset, frame.length)
        if (!quoted.ok) return
        assert.ok(quoted.value.end - quoted.value.offset >= 8 && quoted.value.end <= frame.length)
      }),
    )
  })
})
