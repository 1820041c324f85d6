import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Ipv4, of } from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import { hex } from '@mirage/bytes/hex'
import { err, ok } from '@mirage/result'
import * as fc from 'fast-check'
import * as wire from './wire.ts'

// A request and its answer from a capture: who has 192.168.1.1, asks 192.168.1.100.
const REQUEST = hex('0001 0800 06 04 0001 00c0 9fa0 9701 c0a8 0164 0000 0000 0000 c0a8 0101')
const REPLY = hex('0001 0800 06 04 0002 0012 3f07 5d02 c0a8 0101 00c0 9fa0 9701 c0a8 0164')

const mac = fc.bigInt(0n, 2n ** 48n - 1n).map((n) => Number(n) as Mac)
const ip = fc.nat(0xffff_ffff).map((n) => n as Ipv4)
const arp: fc.Arbitrary<wire.Arp> = fc.record(
  {
    operation: fc.constantFrom('request' as const, 'reply' as const),
    srcMac: mac,
    srcIp: ip,
    dstMac: mac,
    dstIp: ip,
  },
  { noNullPrototype: true },
)

describe('arp packets', () => {
  it('are read as they were captured', () => {
    assert.deepEqual(
      wire.parse(REQUEST, 0),
      ok({
        operation: 'request',
        srcMac: 0x00c0_9fa0_9701,
        srcIp: of(192, 168, 1, 100),
        dstMac: 0,
        dstIp: of(192, 168, 1, 1),
      }),
    )
    const reply = wire.parse(REPLY, 0)
    assert.ok(reply.ok)
    assert.equal(reply.value.operation, 'reply')
    assert.equal(reply.value.srcMac, 0x0012_3f07_5d02)
    assert.equal(reply.value.dstMac, 0x00c0_9fa0_9701)
  })

  it('are written as they were captured, where they are told', () => {
    for (const captured of [REQUEST, REPLY]) {
      const parsed = wire.parse(captured, 0)
      assert.ok(parsed.ok)
      const frame = new Uint8Array(32).fill(0xa5)
      wire.emit(frame, 2, parsed.value)
      assert.deepEqual(frame, hex(`a5a5 ${Buffer.from(captured).toString('hex')} a5a5`))
    }
  })

  it('are the same after writing and reading', () => {
    fc.assert(
      fc.property(arp, fc.nat(5), (packet, offset) => {
        const frame = new Uint8Array(offset + wire.SIZE)
        wire.emit(frame, offset, packet)
        assert.deepEqual(wire.parse(frame, offset), ok(packet))
      }),
      { numRuns: 1000 },
    )
  })

  it('may be followed by padding', () => {
    const frame = new Uint8Array(46).fill(0xa5)
    frame.set(REPLY)
    assert.deepEqual(wire.parse(frame, 0), wire.parse(REPLY, 0))
  })

  it('are too short below 28 bytes, whatever these say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 27 }), (frame) => {
        assert.deepEqual(wire.parse(frame, 0), err('too-short'))
      }),
    )
    assert.deepEqual(wire.parse(REQUEST, 1), err('too-short'))
  })

  const unhandled: [what: string, offset: number, value: number][] = [
    ['another hardware', 1, 6],
    ['another hardware, in its high byte', 0, 1],
    ['another protocol', 3, 1],
    ['another protocol, in its high byte', 2, 0x86],
    ['hardware addresses of another length', 4, 8],
    ['protocol addresses of another length', 5, 16],
  ]
  for (const [what, offset, value] of unhandled) {
    it(`are not handled for ${what}`, () => {
      const frame = REQUEST.slice()
      frame[offset] = value
      assert.deepEqual(wire.parse(frame, 0), err('unhandled'))
    })
  }

  it('have one of two operations', () => {
    fc.assert(
      fc.property(fc.nat(0xffff), (operation) => {
        const frame = REQUEST.slice()
        frame[6] = operation >>> 8
        frame[7] = operation & 255
        const isKnown = operation === 1 || operation === 2
        const parsed = wire.parse(frame, 0)
        assert.equal(parsed.ok, isKnown)
        if (!parsed.ok) assert.equal(parsed.error, 'bad-operation')
      }),
    )
  })

  it('never throw, whatever arrives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(20), (frame, offset) => {
        wire.parse(frame, offset)
      }),
    )
  })
})
