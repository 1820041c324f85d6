import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BROADCAST, type Mac } from '@mirage/address/mac'
import { hex } from '@mirage/bytes/hex'
import type { Net } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { done, err } from '@mirage/result'
import { ARP, type Ethernet, IPV4, IPV6, connect } from './ethernet.ts'

/** Ethernet at `a`, and what arrives as bytes at `b`. */
function rig(): { eth: Ethernet; peer: Net; arrived: Uint8Array[]; deliver: () => number } {
  const { a, b, deliver } = cable()
  const arrived: Uint8Array[] = []
  b.listen((frame) => arrived.push(frame.slice()))
  return { eth: connect(a), peer: b, arrived, deliver }
}

function cable(): { a: Net; b: Net; deliver: () => number } {
  const joined = pair({ mtu: 100 })
  return { a: joined.a, b: joined.b, deliver: () => joined.deliver() }
}

function send(net: Net, frame: Uint8Array): void {
  net.write(frame.length, (buffer) => {
    buffer.set(frame)
    return frame.length
  })
}

describe('ethernet', () => {
  it('writes destination, source and type in front of the payload', () => {
    const { eth, arrived, deliver } = rig()
    const sent = eth.write(0x0123_4567_89ab as Mac, ARP, { size: 5 }, (payload) => {
      assert.deepEqual(payload, new Uint8Array(5))
      payload.set([1, 2, 3])
      return 3
    })
    assert.equal(sent, done)
    deliver()
    assert.deepEqual(arrived, [hex('0123456789ab 025000000001 0806 010203')])
  })

  it('writes for another source where it is told', () => {
    const { eth, arrived, deliver } = rig()
    eth.write(BROADCAST, IPV4, { size: 1, src: 0x0a00_0000_0001 as Mac }, () => 1)
    deliver()
    assert.deepEqual(arrived, [hex('ffffffffffff 0a0000000001 0800 00')])
  })

  it('lets the fill of a hot path write behind the header', () => {
    const { eth, arrived, deliver } = rig()
    eth.writeAt(BROADCAST, IPV6, 2, (frame, offset) => {
      assert.deepEqual([offset, frame.length], [14, 16])
      frame[offset] = 7
      return 1
    })
    deliver()
    assert.deepEqual(arrived, [hex('ffffffffffff 025000000001 86dd 07')])
  })

  it('has the MTU and the address of its device', () => {
    const { eth } = rig()
    assert.deepEqual([eth.mtu, eth.mac], [100, 0x0250_0000_0001])
    assert.ok(eth.write(BROADCAST, ARP, { size: 100 }, () => 100).ok)
    assert.deepEqual(
      eth.write(BROADCAST, ARP, { size: 101 }, () => assert.fail('fill was called')),
      err('exceeds-mtu'),
    )
  })

  it('passes on why its device did not send', () => {
    const { a } = cable()
    const eth = connect(a)
    a.disconnect()
    assert.deepEqual(
      eth.write(BROADCAST, ARP, { size: 1 }, () => 1),
      err('disconnected'),
    )
  })

  it('throws on a count that is negative or above the size, and sends an empty payload', () => {
    const { eth } = rig()
    assert.ok(eth.write(BROADCAST, ARP, { size: 1 }, () => 0).ok)
    assert.throws(() => eth.write(BROADCAST, ARP, { size: 1 }, () => -1))
    assert.throws(() => eth.write(BROADCAST, ARP, { size: 1 }, () => 2))
  })

  it('hands payloads of a type to its listener, with both addresses', () => {
    const { eth, peer, deliver } = rig()
    const received: unknown[] = []
    eth.listen(IPV4, (frame, offset, src, dst) => received.push([frame.slice(offset), src, dst]))
    eth.listen(ARP, () => received.push('arp'))
    send(peer, hex('025000000001 025000000002 0800 0102'))
    send(peer, hex('ffffffffffff 025000000002 0806'))
    send(peer, hex('01005e000001 025000000002 0800 03'))
    deliver()
    assert.deepEqual(received, [
      [Uint8Array.of(1, 2), 0x0250_0000_0002, 0x0250_0000_0001],
      'arp',
      [Uint8Array.of(3), 0x0250_0000_0002, 0x0100_5e00_0001],
    ])
    assert.deepEqual(eth.drops, { 'too-short': 0, 'not-for-us': 0, 'unknown-type': 0 })
  })

  const dropped: [why: string, frame: string, reason: keyof Ethernet['drops']][] = [
    ['an empty frame', '', 'too-short'],
    ['a frame one byte short of a header', '025000000001 025000000002 08', 'too-short'],
    ['a frame for another device', '025000000003 025000000002 0800 01', 'not-for-us'],
    ['a type that nobody listens to', '025000000001 025000000002 86dd 01', 'unknown-type'],
    ['an IEEE 802.3 length', '025000000001 025000000002 0003 424203', 'unknown-type'],
  ]
  for (const [why, frame, reason] of dropped) {
    it(`drops and counts ${why}`, () => {
      const { eth, peer, deliver } = rig()
      eth.listen(IPV4, () => assert.fail('handed on'))
      send(peer, hex(frame))
      deliver()
      assert.deepEqual(eth.drops, { 'too-short': 0, 'not-for-us': 0, 'unknown-type': 0, [reason]: 1 })
    })
  }
})
