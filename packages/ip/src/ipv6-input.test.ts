import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { concat, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { hex } from '@mirage/bytes/hex'
import { ipv6 as address } from '../../address/src/testing/literals.ts'
import { ICMPV6 } from './ip.ts'
import {
  A,
  acquainted,
  B,
  collect,
  discover,
  FAR,
  fragments,
  KNOWN,
  MAC_B,
  PROTOCOL,
  send,
  type Sent,
  text,
} from './ipv6/testing/rig.ts'
import * as ndp from './ndp/wire.ts'

describe('ipv6 input', () => {
  it('hands on the payload of packets for the host, and for its groups', () => {
    const made = acquainted()
    const received = collect(made.ip)
    send(made, PROTOCOL, Uint8Array.of(1))
    send(made, PROTOCOL, Uint8Array.of(2), { dst: ipv6.ALL_NODES })
    send(made, PROTOCOL, Uint8Array.of(3), { dst: ipv6.solicitedNode(A) })
    assert.deepEqual(
      received.map(({ src, dst, payload }) => [src, dst, payload[0]]),
      [
        ['fd00::2', 'fd00::1', 1],
        ['fd00::2', 'ff02::1', 2],
        ['fd00::2', 'ff02::1:ff00:1', 3],
      ],
    )
  })

  it('tells the traffic class and the hop limit', () => {
    const made = acquainted()
    const seen: number[] = []
    made.ip.listen(PROTOCOL, ({ trafficClass, ttl }) => seen.push(trafficClass, ttl))
    send(made, PROTOCOL, Uint8Array.of(1))
    assert.deepEqual(seen, [0xb8, 9])
  })

  const elsewhere: [what: string, sent: Sent, reason: 'not-for-us' | 'bad-source'][] = [
    ['another host', { dst: FAR }, 'not-for-us'],
    ['a group of others', { dst: ipv6.solicitedNode(address('fd00::77:7777')) }, 'not-for-us'],
    ['the host, that the link carried to all', { to: ipv6.multicastMac(ipv6.ALL_NODES) }, 'not-for-us'],
    ['the host, from a group', { src: ipv6.ALL_NODES }, 'bad-source'],
    ['the host, from ::1', { src: ipv6.LOOPBACK }, 'bad-source'],
    ['the host, from itself', { src: A }, 'bad-source'],
  ]
  for (const [what, sent, reason] of elsewhere) {
    it(`drops packets for ${what}`, () => {
      const made = acquainted()
      const received = collect(made.ip)
      send(made, PROTOCOL, Uint8Array.of(1), sent)
      assert.deepEqual([received.length, made.ip.drops[reason]], [0, 1])
    })
  }

  it('takes packets for every host where it is told to', () => {
    const made = acquainted({ ...KNOWN, isPromiscuous: true })
    const received = collect(made.ip)
    send(made, PROTOCOL, Uint8Array.of(1), { dst: FAR })
    assert.equal(received.length, 1)
  })

  it('steps over extension headers', () => {
    const made = acquainted()
    const received = collect(made.ip)
    send(made, 60, hex('c800 010400000000 2a'))
    assert.deepEqual(received[0]?.payload, hex('2a'))
  })

  it('tells what is the matter, and drops the packet', () => {
    const made = acquainted()
    send(made, 60, hex('c800 c20400000000'))
    send(made, 60, hex('c800 420400000000'))
    assert.deepEqual([made.problems, made.ip.drops['bad-extension']], [[{ code: 2, pointer: 42 }], 2])
  })

  it('tells of a protocol that nobody listens to, unless somebody takes what is left', () => {
    const made = acquainted()
    send(made, 60, hex('c800 010400000000 2a'))
    assert.deepEqual([made.problems, made.ip.drops['unknown-protocol']], [[{ code: 1, pointer: 40 }], 1])
    let others = 0
    made.ip.listenOther(() => others++)
    send(made, PROTOCOL, Uint8Array.of(1))
    assert.deepEqual([others, made.problems.length], [1, 1])
  })

  it('joins fragments in any order, behind extension headers', () => {
    const made = acquainted()
    const received = collect(made.ip)
    const payload = text(2001)
    for (const piece of fragments(payload, 1000).reverse()) {
      send(made, 60, concat([hex('3c00 010400000000 2c00 010400000000'), piece]))
    }
    assert.deepEqual(received, [{ src: 'fd00::2', dst: 'fd00::1', payload }])
  })

  it('waits for no fragments once it is disconnected', () => {
    const made = acquainted()
    const [first, second] = fragments(text(16), 8)
    send(made, 44, first!)
    assert.equal(made.ip.fragmentsSize, 8)
    made.ip.disconnect()
    send(made, 44, second!)
    assert.deepEqual([made.ip.fragmentsSize, made.clock.pending], [0, 0])
  })

  it('takes a fragment of a whole packet for the packet, whatever waits with the same key', () => {
    const made = acquainted()
    const received = collect(made.ip)
    const [first, second] = fragments(text(16), 8)
    send(made, 44, first!)
    send(made, 44, hex('c8000000 00000007 2a'))
    send(made, 44, second!)
    assert.deepEqual(
      received.map(({ payload }) => payload),
      [hex('2a'), text(16)],
    )
  })

  it('drops packets of which fragments overlap', () => {
    const made = acquainted()
    const received = collect(made.ip)
    const pieces = fragments(text(64), 16)
    for (const piece of [pieces[0]!, pieces[1]!, pieces[1]!, pieces[2]!, pieces[3]!]) send(made, 44, piece)
    assert.deepEqual([received.length, made.ip.drops['fragment-overlap']], [0, 3])
  })

  it('tells of a packet whose rest did not come', () => {
    const made = acquainted()
    const timeouts: number[] = []
    made.ip.onReassemblyTimeout(({ end, header }) => timeouts.push(end - header))
    send(made, 44, fragments(text(64), 16)[0]!)
    made.clock.advance(10_000)
    assert.deepEqual(timeouts, [64])
  })

  it('refuses a first fragment that does not reach to its payload', () => {
    const made = acquainted()
    send(made, 44, hex('3c00 0001 00000007'))
    send(made, 44, hex('0600 0001 00000007 0102030405060708'))
    assert.deepEqual(made.problems, [
      { code: 3, pointer: 0 },
      { code: 3, pointer: 0 },
    ])
  })

  it('refuses fragments in fragments', () => {
    const made = acquainted()
    const received = collect(made.ip)
    const inner = concat([hex('2c000000 00000009'), fragments(text(32), 16)[0]!])
    send(made, 44, inner)
    assert.deepEqual([received.length, made.ip.drops['bad-extension']], [0, 1])
  })

  it('looks at one header of a fragment and no more, however many a packet has', () => {
    const made = acquainted(KNOWN, 65_535)
    const header = hex('2c00000000000000')
    send(made, 44, concat(Array.from({ length: 8000 }, () => header)))
    assert.equal(made.ip.drops['bad-extension'], 1)
    const received = collect(made.ip)
    send(made, 44, hex('c800000000000000 2a'))
    assert.deepEqual(
      received.map(({ payload }) => payload),
      [hex('2a')],
    )
  })

  it('believes no neighbour in fragments, from afar, or with a wrong checksum', () => {
    const made = acquainted()
    const question: ndp.Message = { kind: 'neighbour-solicitation', target: A, mac: MAC_B }
    discover(made, question, { hopLimit: 254 })
    const bytes = new Uint8Array(ndp.sizeOf(question))
    ndp.emit(bytes, 0, question)
    send(made, ICMPV6, bytes, { hopLimit: 255 })
    setU16(bytes, 2, checksum.of(bytes, 0, bytes.length, checksum.pseudo(B, A, ICMPV6, bytes.length)))
    send(made, 44, concat([hex('3a000000 00000007'), bytes]), { hopLimit: 255 })
    assert.deepEqual([made.arrived.length, made.ip.drops['bad-discovery']], [0, 3])
    send(made, ICMPV6, bytes, { hopLimit: 255 })
    assert.equal(made.arrived.length, 1)
  })

  it('hands on other messages of ICMPv6', () => {
    const made = acquainted()
    const received = collect(made.ip, ICMPV6)
    send(made, ICMPV6, hex('80000000 00000000'))
    send(made, ICMPV6, new Uint8Array(0))
    assert.equal(received.length, 2)
  })
})
