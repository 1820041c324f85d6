import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UNSPECIFIED, of } from '@mirage/address/ipv4'
import { hex } from '@mirage/bytes/hex'
import { done, err } from '@mirage/result'
import * as fc from 'fast-check'
import * as wire from './wire.ts'

// From 172.16.10.99 to 172.16.10.12, captured; its length is changed to that of a header alone, its checksum Python's.
const HEADER = hex('4500 0014 1c46 4000 4006 b20e ac10 0a63 ac10 0a0c')
// The same with the options "aaaa" and two bytes of payload.
const OPTIONS = hex('4600 001a 1c46 4000 4006 ee45 ac10 0a63 ac10 0a0c 61616161 0102')

function blank(): wire.MutablePacket {
  return {
    frame: new Uint8Array(),
    header: 0,
    offset: 0,
    end: 0,
    src: UNSPECIFIED,
    dst: UNSPECIFIED,
    protocol: 0,
    ttl: 0,
    trafficClass: 0,
    isChecked: false,
    segmentSize: undefined,
  }
}

/** What `parse` says of `frame`, and the fields but for the frame. */
function parsed(frame: Uint8Array, offset: number = 0): unknown {
  const packet = blank()
  const result = wire.parse(frame, offset, packet)
  if (!result.ok) return result
  assert.equal(result, done)
  assert.equal(packet.frame, frame)
  return [packet.header, packet.offset, packet.end, packet.src, packet.dst, packet.protocol, packet.ttl]
}

describe('ipv4 headers', () => {
  it('are read as they were captured', () => {
    assert.deepEqual(parsed(HEADER), [0, 20, 20, of(172, 16, 10, 99), of(172, 16, 10, 12), 6, 64])
  })

  it('may have options, which are skipped', () => {
    assert.deepEqual(parsed(OPTIONS), [0, 24, 26, of(172, 16, 10, 99), of(172, 16, 10, 12), 6, 64])
  })

  it('may come behind other bytes, and before padding of the link', () => {
    const frame = new Uint8Array(60).fill(0xa5)
    frame.set(OPTIONS, 14)
    assert.deepEqual(parsed(frame, 14), [14, 38, 40, of(172, 16, 10, 99), of(172, 16, 10, 12), 6, 64])
  })

  const broken: [why: string, offset: number, value: number, error: wire.HeaderError][] = [
    ['of another version', 0, 0x65, 'bad-version'],
    ['with less than five words', 0, 0x44, 'bad-header-length'],
    ['with more words than there are', 0, 0x46, 'bad-header-length'],
    ['longer than the packet', 3, 19, 'bad-length'],
    ['of a packet that is longer than the frame', 3, 21, 'bad-length'],
    ['of a packet that is much longer', 2, 1, 'bad-length'],
    ['with a flipped bit', 8, 0x41, 'bad-checksum'],
  ]
  for (const [why, offset, value, error] of broken) {
    it(`are refused ${why}`, () => {
      const frame = HEADER.slice()
      frame[offset] = value
      assert.deepEqual(parsed(frame), err(error))
    })
  }

  it('are too short below 20 bytes', () => {
    for (let length = 0; length < 20; length++) {
      assert.deepEqual(parsed(HEADER.subarray(0, length)), err('too-short'))
    }
    assert.deepEqual(parsed(HEADER, 1), err('too-short'))
  })

  it('never throw, and never say more than the frame has', () => {
    const bytes = fc.uint8Array({ minLength: 20, maxLength: 80 })
    fc.assert(
      fc.property(bytes, fc.nat(70), fc.boolean(), (frame, offset, isPlausible) => {
        if (isPlausible) frame[0] = 0x45
        const packet = blank()
        if (!wire.parse(frame, offset, packet).ok) return
        assert.ok(packet.offset <= packet.end && packet.end <= frame.length)
      }),
    )
  })

  it('are written as they were captured, into a buffer that was not clean', () => {
    const frame = new Uint8Array(24).fill(0xa5)
    const header = {
      src: of(172, 16, 10, 99),
      dst: of(172, 16, 10, 12),
      protocol: 6,
      ttl: 64,
      trafficClass: 0,
      id: 0x1c46,
      fragmentation: wire.DONT_FRAGMENT,
    }
    wire.emit(frame, 2, header, 20)
    assert.deepEqual(frame.subarray(2, 22), HEADER)
    assert.deepEqual([frame[1], frame[22]], [0xa5, 0xa5])
  })

  it('have the right checksum whatever they say', () => {
    const u32 = fc.nat(0xffff_ffff)
    const u16 = fc.nat(0xffff)
    fc.assert(
      fc.property(
        u32,
        u32,
        fc.nat(255),
        fc.nat(255),
        u16,
        u16,
        (src, dst, protocol, ttl, id, fragmentation) => {
          const frame = new Uint8Array(30)
          const header = {
            src: src as typeof UNSPECIFIED,
            dst: dst as typeof UNSPECIFIED,
            protocol,
            ttl,
            trafficClass: 0,
            id,
            fragmentation,
          }
          wire.emit(frame, 0, header, 30)
          assert.deepEqual(parsed(frame), [0, 20, 30, src, dst, protocol, ttl])
        },
      ),
    )
  })

  const fragments: [text: string, isFragment: boolean, offset: number][] = [
    ['0000', false, 0],
    ['4000', false, 0],
    ['8000', false, 0],
    ['2000', true, 0],
    ['0001', true, 8],
    ['3fff', true, 65_528],
  ]
  for (const [text, isFragment, offset] of fragments) {
    it(`are of ${isFragment ? 'a fragment' : 'a whole packet'} with ${text} as flags and offset`, () => {
      const frame = HEADER.slice()
      frame.set(hex(text), 6)
      assert.equal(wire.isFragment(frame, 0), isFragment)
      assert.equal(wire.fragmentOffset(frame, 0), offset)
    })
  }
})
