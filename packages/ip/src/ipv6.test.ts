import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { concat, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { hex } from '@mirage/bytes/hex'
import { IPV6 } from '@mirage/ethernet'
import { below } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'
import { done, err } from '@mirage/result'
import { ipv6 as address } from '../../address/src/testing/literals.ts'
import { ICMPV6 } from './ip.ts'
import { LINUX } from './ipv6/testing/linux.ts'
import {
  A,
  acquainted,
  B,
  discover,
  FAR,
  fragments,
  KNOWN,
  LINK_A,
  MAC_A,
  MAC_B,
  PROTOCOL,
  rig,
  send,
  text,
} from './ipv6/testing/rig.ts'
import * as wire from './ipv6/wire.ts'

describe('an ipv6 interface', () => {
  it('tells the link of its address, and asks whether somebody has it, before it uses it', () => {
    const { ip, clock, arrived, events } = rig({ addresses: [{ address: A, prefixLength: 64 }] })
    assert.equal(ip.addresses.length, 0)
    assert.deepEqual(
      ip.write(B, PROTOCOL, {}, () => 0),
      err('no-route'),
    )
    clock.advance(2000)
    assert.deepEqual(ip.addresses.map(ipv6.formatCidr), ['fe80::50:ff:fe00:1/64', 'fd00::1/64'])
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['assigned', 'assigned'],
    )
    const asked = arrived.map((packet) => [packet[6] === 0 ? packet[48] : packet[40], packet[7]])
    // Reports with a router alert; questions about both addresses, and for routers.
    assert.deepEqual(
      asked.filter(([type]) => type !== 143),
      [
        [135, 255],
        [135, 255],
        [133, 255],
      ],
    )
    assert.deepEqual(asked[0], [143, 1])
  })

  it('says the same as Linux when it comes to a link', () => {
    const { clock, arrived } = rig({ acceptsRouters: false })
    clock.advance(1000)
    const [report] = arrived
    const probe = arrived.find((packet) => packet[40] === 135)
    // The interface of Linux was the second one.
    const [ours, theirs] = [report!, LINUX.report.slice()]
    for (const bytes of [ours, theirs]) bytes.fill(0, 50, 52).fill(0, 75)
    assert.deepEqual(ours, theirs)
    const solicitation = LINUX.probe.slice(0, 64)
    solicitation[5] = 24
    solicitation[39] = 1
    solicitation[63] = 1
    for (const bytes of [probe!, solicitation]) bytes.fill(0, 42, 44)
    assert.deepEqual(probe, solicitation)
  })

  it('does not use an address that somebody has, and says so', () => {
    const made = rig({ acceptsRouters: false })
    made.clock.advance(1000)
    const target = LINK_A
    discover(
      made,
      {
        kind: 'neighbour-advertisement',
        target,
        isRouter: false,
        isSolicited: false,
        isOverride: true,
        mac: MAC_B,
      },
      { src: target, dst: ipv6.ALL_NODES },
    )
    made.clock.advance(5000)
    assert.deepEqual(made.ip.addresses, [])
    assert.deepEqual(
      made.events.map(({ kind }) => kind),
      ['duplicate'],
    )
  })

  it('needs a link of 1280 bytes', () => {
    assert.throws(() => rig(KNOWN, 1279), /1,280/)
  })

  it('sets no timer once it is disconnected', () => {
    const { ip, clock } = rig()
    ip.disconnect()
    clock.advance(0)
    assert.equal(clock.deadline, undefined)
  })

  it('takes and gives up addresses while it runs', () => {
    const { ip, clock } = acquainted()
    assert.equal(ip.add({ address: FAR, prefixLength: 64 }), true)
    assert.equal(ip.add({ address: FAR, prefixLength: 64 }), false)
    clock.advance(1000)
    assert.ok(ip.isOwn(FAR))
    ip.remove(FAR)
    assert.equal(ip.isOwn(FAR), false)
  })
})

describe('an ipv6 interface of a router', () => {
  const fill = (frame: Uint8Array, offset: number): number => {
    frame.fill(0xab, offset, offset + 30)
    return 30
  }

  it('sees packets for any host, and for groups of its own, and fragments as they come', () => {
    const made = acquainted()
    const seen: unknown[] = []
    made.ip.intercept(({ dst }, isToGroup) => seen.push([dst, isToGroup]) > 0)
    send(made, PROTOCOL, Uint8Array.of(1), { dst: FAR })
    send(made, 44, fragments(text(32), 16)[0]!)
    send(made, PROTOCOL, Uint8Array.of(1), { dst: ipv6.ALL_NODES })
    send(made, 44, fragments(text(32), 16)[0]!, { dst: ipv6.ALL_NODES })
    send(made, PROTOCOL, Uint8Array.of(1), { dst: ipv6.ALL_ROUTERS })
    const { drops } = made.ip
    assert.deepEqual(seen, [
      [FAR, false],
      [A, false],
      [ipv6.ALL_NODES, true],
      [ipv6.ALL_NODES, true],
    ])
    assert.equal(drops['not-for-us'], 1)
  })

  it('hands packets to neighbours as they are', () => {
    const { ip, clock, arrived } = acquainted()
    assert.equal(ip.relay(B, 30, fill), done)
    clock.advance(0)
    assert.deepEqual(arrived, [new Uint8Array(30).fill(0xab)])
  })

  it('gives back what waited for a neighbour in vain', () => {
    const { ip, clock } = acquainted()
    const lost: number[] = []
    ip.onUnreachable(() => assert.fail('nobody here wrote to it'))
    assert.equal(
      ip.relay(address('fd00::9'), 100, fill, (packet) => lost.push(packet.length)),
      done,
    )
    clock.advance(3000)
    assert.deepEqual(lost, [30])
  })
})

describe('membership of groups', () => {
  it('is told to a router of this link that asks, and to no other', () => {
    const made = acquainted()
    const src = address('fe80::50:ff:fe00:2')
    const ask = (hopLimit: number): void => {
      const query = hex(`82000000 03e80000 ${'00'.repeat(16)} 00000000`)
      setU16(query, 2, checksum.of(query, 0, 28, checksum.pseudo(src, ipv6.ALL_NODES, ICMPV6, 28)))
      const alert = hex('3a00 0502 0000 0100')
      send(made, 0, concat([alert, query]), { src, dst: ipv6.ALL_NODES, hopLimit })
      made.clock.advance(1000)
    }
    ask(64)
    assert.equal(made.arrived.length, 0)
    ask(1)
    assert.deepEqual(
      made.arrived.map((packet) => [packet[48], packet[7], packet[55]]),
      [[143, 1, 1]],
    )
  })
})

describe('whatever arrives at an ipv6 interface', () => {
  it('throws nothing, and leaves it working (20 000 frames)', () => {
    const random = seeded(3)
    const made = acquainted()
    const samples = [LINUX.report, LINUX.probe, LINUX.routerSolicitation].map((bytes) => bytes.slice())
    for (const piece of fragments(text(900), 296)) {
      const packet = new Uint8Array(40 + piece.length)
      wire.emit(packet, 0, { src: B, dst: A, protocol: 44, hopLimit: 9, trafficClass: 0 }, piece.length)
      packet.set(piece, 40)
      samples.push(packet)
    }
    for (let i = 0; i < 20_000; i++) {
      const sample = samples[below(random, samples.length)]!
      const length = below(random, 3) === 0 ? below(random, sample.length + 20) : sample.length
      const packet = new Uint8Array(length)
      packet.set(sample.subarray(0, length))
      if (length >= 40 && below(random, 3) > 0)
        ipv6.write(packet, 24, below(random, 2) === 0 ? A : ipv6.ALL_NODES)
      if (length >= 40 && below(random, 2) > 0) setU16(packet, 4, length - 40)
      for (let k = length === 0 ? 0 : below(random, 5); k > 0; k--) {
        packet[below(random, length)] =
          below(random, 4) === 0 ? [0, 43, 44, 60][below(random, 4)]! : below(random, 256)
      }
      made.peer.write(MAC_A, IPV6, { size: length }, (frame) => {
        frame.set(packet)
        return length
      })
      made.clock.advance(below(random, 20))
    }
    made.clock.advance(60_000)
    made.arrived.length = 0
    discover(made, { kind: 'neighbour-solicitation', target: A, mac: MAC_B }, { dst: ipv6.solicitedNode(A) })
    assert.equal(made.arrived.length, 1)
  })
})
