import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { local } from '@mirage/address/mac'
import { equal } from '@mirage/bytes'
import { hex } from '@mirage/bytes/hex'
import { done, err } from '@mirage/result'
import { ipv6 as address } from '../../address/src/testing/literals.ts'
import {
  A,
  acquainted,
  B,
  collect,
  discover,
  FAR,
  KNOWN,
  LINK_A,
  MAC_B,
  PROTOCOL,
  send,
  text,
} from './ipv6/testing/rig.ts'
import { HOPS_MAX } from './waiting.ts'

describe('ipv6 output', () => {
  it('writes what is filled, then the payloads, behind a header', () => {
    const { ip, clock, arrived } = acquainted()
    const fill = (buffer: Uint8Array): number => {
      assert.deepEqual(buffer, new Uint8Array(4))
      buffer.set([1, 2])
      return 2
    }
    assert.equal(
      ip.write(B, PROTOCOL, { size: 4, trafficClass: 0xb8 }, fill, [Uint8Array.of(3), Uint8Array.of(4, 5)]),
      done,
    )
    clock.advance(0)
    assert.deepEqual(arrived, [
      hex('6b800000 0005 c8 40 fd000000000000000000000000000001 fd000000000000000000000000000002 0102030405'),
    ])
  })

  it('sets the hop limit and the source that it is told', () => {
    const { ip, clock, arrived } = acquainted()
    ip.write(B, PROTOCOL, { ttl: 3, src: FAR }, () => 0)
    clock.advance(0)
    assert.deepEqual([arrived[0]![7], ipv6.read(arrived[0]!, 8)], [3, FAR])
  })

  it('keeps packets to groups on the link, and sends them to the MAC address of the group', () => {
    const { ip, clock, arrived } = acquainted()
    assert.equal(
      ip.write(ipv6.ALL_NODES, PROTOCOL, {}, () => 0),
      done,
    )
    clock.advance(0)
    assert.deepEqual([arrived[0]![7], ipv6.read(arrived[0]!, 8)], [1, LINK_A])
  })

  it('writes at an offset what a protocol fills itself, if it fits', () => {
    const { ip, clock, arrived } = acquainted()
    const packet = {
      dst: B,
      src: A,
      protocol: 6,
      size: 1460,
      trafficClass: 2,
      checksumOffset: -1,
      segmentSize: 0,
      headerSize: 0,
    }
    const fill = (frame: Uint8Array, offset: number): number => {
      assert.equal(offset, 54)
      frame[offset] = 9
      return 1
    }
    assert.equal(ip.writeAt(packet, fill), done)
    assert.deepEqual(ip.writeAt({ ...packet, size: 1461 }, fill), err('would-fragment'))
    clock.advance(0)
    assert.deepEqual([arrived.length, arrived[0]!.length, arrived[0]![40]], [1, 41, 9])
  })

  it('cuts what does not fit, and the other end joins it', () => {
    const { ip, clock, arrived } = acquainted()
    const payload = text(4000)
    assert.deepEqual(
      ip.write(B, PROTOCOL, { fragment: false }, () => 0, [payload]),
      err('would-fragment'),
    )
    assert.equal(
      ip.write(B, PROTOCOL, {}, () => 0, [payload]),
      done,
    )
    clock.advance(0)
    assert.deepEqual(
      arrived.map(({ length }) => length),
      [1496, 1496, 1152],
    )
    const other = acquainted()
    const received = collect(other.ip)
    for (const packet of arrived) send(other, 44, packet.slice(40))
    assert.deepEqual(received[0]?.payload, payload)
  })

  it('carries 65,535 bytes, and no more', () => {
    const { ip, clock, arrived } = acquainted()
    const payload = text(65_535)
    assert.ok(ip.write(B, PROTOCOL, {}, () => 0, [payload]).ok)
    clock.advance(0)
    const other = acquainted()
    const received = collect(other.ip)
    for (const packet of arrived.reverse()) send(other, 44, packet.slice(40))
    // The difference of two arrays of this length would take all memory.
    assert.ok(received[0] !== undefined && equal(received[0].payload, payload))
    assert.throws(() => ip.write(B, PROTOCOL, { size: 1 }, () => 1, [payload]), /65,535/)
  })

  it('obeys what is known of a path, down to 1280 bytes', () => {
    const { ip } = acquainted()
    assert.equal(ip.mtu(B), 1460)
    assert.equal(ip.reducePathMtu(B, 1400), true)
    assert.deepEqual([ip.mtu(B), ip.mtu(FAR)], [1360, 1460])
    ip.reducePathMtu(B, 600)
    assert.equal(ip.mtu(B), 1240)
  })

  it('asks for the MAC address of a neighbour, and sends what waited', () => {
    const made = acquainted()
    const { ip, clock, arrived } = made
    const other = address('fd00::3')
    for (const byte of [1, 2, 3]) assert.ok(ip.write(other, PROTOCOL, {}, () => 0, [Uint8Array.of(byte)]).ok)
    clock.advance(0)
    assert.deepEqual([arrived.length, arrived[0]![40], ipv6.read(arrived[0]!, 48)], [1, 135, other])
    const answer = {
      kind: 'neighbour-advertisement',
      target: other,
      isRouter: false,
      isSolicited: true,
    } as const
    discover(made, { ...answer, isOverride: true, mac: local(3) }, { src: other })
    // It went to another MAC address, which the end of the cable hears all the same where it is told to.
    assert.equal(arrived.length, 1)
    discover(made, { ...answer, isOverride: true, mac: MAC_B }, { src: other })
    ip.write(other, PROTOCOL, {}, () => 0, [Uint8Array.of(4)])
    clock.advance(0)
    assert.deepEqual(
      arrived.slice(1).map((packet) => packet[40]),
      [4],
    )
  })

  it('tells of a neighbour that does not answer, and loses what waited', () => {
    const { ip, clock } = acquainted()
    const lost: ipv6.Ipv6[] = []
    ip.onUnreachable((dst) => lost.push(dst))
    const other = address('fd00::3')
    for (let i = 0; i < 3; i++) ip.write(other, PROTOCOL, {}, () => 0)
    clock.advance(2999)
    assert.deepEqual(lost, [])
    clock.advance(1)
    assert.deepEqual([lost, ip.drops.unresolved], [[other], 3])
  })

  it('asks for a neighbour however many do not answer: who was asked first counts as unreachable', () => {
    const { ip } = acquainted()
    const lost: ipv6.Ipv6[] = []
    ip.onUnreachable((dst) => lost.push(dst))
    const nth = (i: number): ipv6.Ipv6 => ipv6.of(0xfd00, 0, 0, 0, 0, 0, 1, i)
    for (let i = 0; i < HOPS_MAX; i++) assert.ok(ip.write(nth(i), PROTOCOL, {}, () => 0).ok)
    assert.deepEqual(lost, [])
    assert.ok(ip.write(address('fd00::3'), PROTOCOL, {}, () => 0).ok)
    assert.deepEqual([lost, ip.drops.unresolved], [[nth(0)], 1])
  })

  it('has no way beyond the link, to itself, to ::1 and to ::', () => {
    const { ip } = acquainted()
    for (const dst of [FAR, A, LINK_A, ipv6.LOOPBACK, ipv6.UNSPECIFIED]) {
      assert.deepEqual(
        ip.write(dst, PROTOCOL, {}, () => 0),
        err('no-route'),
      )
    }
  })

  it('goes by way of the gateway', () => {
    const { ip, clock, arrived } = acquainted({ ...KNOWN, gateway: B })
    assert.equal(ip.gateway, B)
    ip.write(FAR, PROTOCOL, {}, () => 0)
    clock.advance(0)
    assert.deepEqual(ipv6.read(arrived[0]!, 24), FAR)
  })

  it('goes by way of a router that shows itself, from an address in its prefix, as large as it says', () => {
    const made = acquainted()
    const router = address('fe80::50:ff:fe00:2')
    const prefix = { address: address('2001:db8:1::'), prefixLength: 64 }
    const lifetimes = { validLifetime: 3600, preferredLifetime: 3600 }
    discover(
      made,
      {
        kind: 'router-advertisement',
        hopLimit: 33,
        routerLifetime: 1800,
        preference: 0,
        reachableTime: 0,
        retransTimer: 0,
        mac: MAC_B,
        mtu: 1400,
        prefixes: [{ prefix, isOnLink: true, isAutonomous: true, ...lifetimes }],
        dnsServers: [{ address: FAR, lifetime: 600 }],
      },
      { src: router, dst: ipv6.ALL_NODES },
    )
    const { ip, clock, arrived } = made
    clock.advance(2000)
    arrived.length = 0
    assert.deepEqual([ip.gateway, ip.dnsServers, ip.mtu(FAR)], [router, [FAR], 1360])
    assert.ok(ip.write(FAR, PROTOCOL, {}, () => 0).ok)
    clock.advance(0)
    assert.deepEqual(
      [ipv6.format(ipv6.read(arrived[0]!, 8)), arrived[0]![7]],
      ['2001:db8:1:0:50:ff:fe00:1', 33],
    )
    clock.advance(599_999)
    assert.deepEqual(ip.dnsServers, [])
  })

  it('obeys what is known of a path to more than another router had said that the link carries', () => {
    const made = acquainted({ ...KNOWN, acceptsRouters: true })
    const { ip } = made
    const nothing = { routerLifetime: 0, preference: 0, reachableTime: 0, retransTimer: 0, hopLimit: 0 }
    const message = {
      kind: 'router-advertisement',
      ...nothing,
      mtu: 1300,
      prefixes: [],
      dnsServers: [],
    } as const
    discover(made, message, { src: address('fe80::2'), dst: ipv6.ALL_NODES })
    assert.equal(ip.mtu(FAR), 1260)
    ip.becomeRouter()
    assert.equal(ip.mtu(FAR), 1460)
    assert.equal(ip.reducePathMtu(FAR, 1400), true)
    assert.equal(ip.mtu(FAR), 1360)
  })
})
