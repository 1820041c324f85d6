import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import { pseudo } from '@mirage/bytes/checksum'
import { hex } from '@mirage/bytes/hex'
import { err, ok } from '@mirage/result'
import * as udp from './wire.ts'

// 10.0.0.1:49152 says "hello" to the echo port of 10.0.0.2. Python packed it, not `emit`.
const HELLO = hex('c000 0007 000d e7f7 68 65 6c 6c 6f')
const PSEUDO = pseudo(of(10, 0, 0, 1), of(10, 0, 0, 2), 17, 0)

describe('udp datagrams', () => {
  it('believes a device that has checked the sum', () => {
    const wrong = HELLO.map((byte, i) => (i === 6 ? byte ^ 1 : byte))
    assert.deepEqual(udp.parse(wrong, 0, 13, PSEUDO), err('bad-checksum'))
    assert.ok(udp.parse(wrong, 0, 13, PSEUDO, true).ok)
  })

  it('parses a datagram', () => {
    const expected = { srcPort: 49_152, dstPort: 7, offset: 8, end: 13 }
    assert.deepEqual(udp.parse(HELLO, 0, HELLO.length, PSEUDO), ok(expected))
  })

  it('parses one behind other bytes', () => {
    const frame = hex('a5a5a5 c000 0007 000d e7f7 68 65 6c 6c 6f a5')
    const expected = { srcPort: 49_152, dstPort: 7, offset: 11, end: 16 }
    assert.deepEqual(udp.parse(frame, 3, 16, PSEUDO), ok(expected))
  })

  it('emits the same bytes into a buffer that was not clean, and touches nothing around them', () => {
    const frame = hex('a5 a5a5 a5a5 a5a5 a5a5 68 65 6c 6c 6f a5')
    udp.emit(frame, 1, 14, { srcPort: 49_152, dstPort: 7 }, PSEUDO)
    assert.deepEqual(frame, hex('a5 c000 0007 000d e7f7 68 65 6c 6c 6f a5'))
  })

  it('keeps padding out of the payload', () => {
    const frame = hex('c000 0007 000d e7f7 68 65 6c 6c 6f de ad be')
    const parsed = udp.parse(frame, 0, frame.length, PSEUDO)
    assert.equal(parsed.ok && parsed.value.end, 13)
  })

  it('accepts a datagram that was sent unchecked', () => {
    const frame = hex('c000 0007 000d 0000 68 65 6c 6c 6f')
    assert.ok(udp.parse(frame, 0, frame.length, PSEUDO).ok)
  })

  it('sends a checksum of zero as 0xffff, and takes it for right', () => {
    const frame = hex('0000 0000 0000 0000')
    udp.emit(frame, 0, 8, { srcPort: 0, dstPort: 0 }, 0xffff - 8 - 8)
    assert.deepEqual(frame, hex('0000 0000 0008 ffff'))
    assert.ok(udp.parse(frame, 0, 8, 0xffff - 8 - 8).ok)
  })

  const rejected: [why: string, frame: string, error: udp.UdpError][] = [
    ['an empty frame', '', 'too-short'],
    ['one byte less than a header', 'c000 0007 000d e7', 'too-short'],
    ['a length under the header', 'c000 0007 0007 e7f7 68 65 6c 6c 6f', 'bad-length'],
    ['a length over the frame', 'c000 0007 000e e7f7 68 65 6c 6c 6f', 'bad-length'],
    ['one flipped bit', 'c000 0007 000d e7f7 68 65 6c 6c 6e', 'bad-checksum'],
  ]
  for (const [why, text, error] of rejected) {
    it(`rejects ${why}`, () => {
      const frame = hex(text)
      assert.deepEqual(udp.parse(frame, 0, frame.length, PSEUDO), err(error))
    })
  }
})
