import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { hex } from '@mirage/bytes/hex'
import { done, err } from '@mirage/result'
import { ipv6 as address } from '../../../address/src/testing/literals.ts'
import { Names } from './names.ts'
import { LINUX } from './testing/linux.ts'
import * as wire from './wire.ts'

function parse(bytes: Uint8Array, offset: number = 0): { result: unknown; packet: wire.MutablePacket } {
  const packet = wire.create()
  return { result: wire.parse(bytes, offset, packet, new Names()), packet }
}

describe('ipv6 headers', () => {
  it('are parsed as Linux wrote them, and padding of the link is left out', () => {
    const { result, packet } = parse(hex(`eeeeee ${Buffer.from(LINUX.probe).toString('hex')} aaaaaa`), 3)
    assert.equal(result, done)
    assert.equal(ipv6.format(packet.src), '::')
    assert.equal(ipv6.format(packet.dst), 'ff02::1:ff00:2')
    const { header, offset, end, protocol, ttl, trafficClass } = packet
    assert.deepEqual([header, offset, end, protocol, ttl, trafficClass], [3, 43, 75, 58, 255, 0])
  })

  it('have a traffic class beside their version, and a flow label that is of no interest', () => {
    const bytes = LINUX.probe.slice()
    bytes.set([0x6a, 0x5f, 0xff, 0xff])
    assert.equal(parse(bytes).packet.trafficClass, 0xa5)
  })

  it('are emitted into a buffer that was not clean', () => {
    const frame = new Uint8Array(43).fill(0xa5)
    const header = {
      src: address('fd00::1'),
      dst: address('fd00::2'),
      protocol: 17,
      hopLimit: 64,
      trafficClass: 0xb9,
    }
    wire.emit(frame, 3, header, 8)
    assert.deepEqual(
      frame,
      hex('a5a5a5 6b900000 0008 11 40 fd000000000000000000000000000001 fd000000000000000000000000000002'),
    )
  })

  it('are refused where they are none', () => {
    const whole = LINUX.routerSolicitation
    for (let length = 0; length < 40; length++) {
      assert.deepEqual(parse(whole.subarray(0, length)).result, err('too-short'))
    }
    for (let length = 40; length < whole.length; length++) {
      assert.deepEqual(parse(whole.subarray(0, length)).result, err('bad-length'))
    }
    const other = whole.slice()
    other[0] = 0x45
    assert.deepEqual(parse(other).result, err('bad-version'))
  })
})

describe('names', () => {
  it('are the same string for the same bytes, and right where two share a slot', () => {
    const names = new Names()
    const bytes = new Uint8Array(17)
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 600; i++) {
        bytes.set([0xfd, i & 0xff, i >>> 8], 1)
        bytes[16] = i * 7
        assert.equal(names.read(bytes, 1), ipv6.read(bytes, 1))
      }
    }
  })
})
