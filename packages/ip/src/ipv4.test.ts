import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BROADCAST, type Ipv4, UNSPECIFIED, of } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { connect as connectArp } from '@mirage/arp'
import { getU16 } from '@mirage/bytes'
import { IPV4 } from '@mirage/ethernet'
import { done, err } from '@mirage/result'
import { type Ipv4Layer, UDP } from './ip.ts'
import {
  A,
  B,
  CONFIG,
  PROTOCOL,
  type Sent,
  acquainted,
  collect,
  parse,
  rig,
  send,
  writeAt,
} from './testing/rig.ts'
import { HOPS_MAX, PACKETS_MAX } from './waiting.ts'
import * as wire from './wire.ts'

describe('ip output', () => {
  it('writes what is filled, then the payloads, behind a header', async () => {
    const { ip, arrived, settle } = acquainted()
    const fill = (buffer: Uint8Array): number => {
      assert.deepEqual(buffer, new Uint8Array(4))
      buffer.set([1, 2])
      return 2
    }
    assert.equal(ip.write(B, PROTOCOL, { size: 4 }, fill, [Uint8Array.of(3), Uint8Array.of(4, 5)]), done)
    await settle()
    const packet = parse(arrived[0]!)
    assert.deepEqual([packet.src, packet.dst, packet.protocol, packet.ttl], [A, B, PROTOCOL, 64])
    assert.deepEqual([...packet.frame.subarray(packet.offset, packet.end)], [1, 2, 3, 4, 5])
    assert.equal(arrived[0]!.length, 25)
  })

  it('writes payloads alone', async () => {
    const { ip, arrived, settle } = acquainted()
    assert.ok(ip.write(B, PROTOCOL, {}, () => 0, [Uint8Array.of(3)]).ok)
    await settle()
    assert.deepEqual([...arrived[0]!.subarray(20)], [3])
  })

  it('sets what it is told: time to live, source, no fragments', async () => {
    const { ip, arrived, settle } = acquainted()
    ip.write(B, PROTOCOL, { ttl: 1, src: of(9, 9, 9, 9), fragment: false }, () => 0)
    ip.write(B, PROTOCOL, {}, () => 0, [])
    await settle()
    const packet = parse(arrived[0]!)
    assert.deepEqual([packet.ttl, packet.src], [1, of(9, 9, 9, 9)])
    assert.equal(getU16(arrived[0]!, 6), wire.DONT_FRAGMENT)
    assert.equal(getU16(arrived[1]!, 6), 0)
  })

  it('gives packets that may be cut ids that cannot be guessed', async () => {
    const { ip, arrived, settle } = acquainted()
    for (let i = 0; i < 100; i++) ip.write(B, PROTOCOL, {}, () => 0)
    await settle()
    const ids = new Set(arrived.map((packet) => getU16(packet, 4)))
    assert.ok(ids.size > 95)
  })

  it('has packets as large as its network is said to have, and as a frame carries', () => {
    const { ip } = rig()
    const mtu = (mtu: number): number => {
      ip.configure({ ...CONFIG, mtu })
      return ip.mtu(B)
    }
    assert.deepEqual([mtu(1400), mtu(9000), mtu(1)], [1380, 1480, 48])
    ip.configure(CONFIG)
    assert.equal(ip.mtu(B), 1480)
  })

  it('cuts what does not fit, and every piece but the last is a multiple of 8', async () => {
    const { ip, arrived, settle } = acquainted({ config: CONFIG }, 61)
    assert.equal(ip.mtu(B), 41)
    const payload = Uint8Array.from({ length: 100 }, (_, i) => i)
    assert.equal(
      ip.write(B, PROTOCOL, { size: 10 }, (buffer) => (buffer.fill(9), 10), [payload]),
      done,
    )
    await settle()
    const offsets = arrived.map((packet) => wire.fragmentOffset(packet, 0))
    assert.deepEqual(offsets, [0, 40, 80])
    assert.deepEqual(
      arrived.map((packet) => packet.length),
      [60, 60, 50],
    )
    assert.deepEqual(
      arrived.map((packet) => getU16(packet, 6) & 0xe000),
      [0x2000, 0x2000, 0],
    )
    assert.equal(new Set(arrived.map((packet) => getU16(packet, 4))).size, 1)
    const whole = arrived.flatMap((packet) => [...packet.subarray(20)])
    assert.deepEqual(whole, [...new Uint8Array(10).fill(9), ...payload])
  })

  it('refuses to cut what may not be, and runs no fill', () => {
    const { ip } = acquainted({ config: CONFIG }, 61)
    const fill = (): number => assert.fail('fill was called')
    assert.deepEqual(ip.write(B, PROTOCOL, { size: 42, fragment: false }, fill), err('would-fragment'))
    assert.deepEqual(writeAt(ip, B, PROTOCOL, 42, fill), err('would-fragment'))
    assert.ok(ip.write(B, PROTOCOL, { size: 41, fragment: false }, () => 41).ok)
    assert.ok(writeAt(ip, B, PROTOCOL, 41, () => 41).ok)
  })

  it('has no route where there is none, and runs no fill', () => {
    const { ip } = rig({ config: { cidr: CONFIG.cidr } })
    const fill = (): number => assert.fail('fill was called')
    for (const size of [1, 5000])
      assert.deepEqual(ip.write(of(8, 8, 8, 8), PROTOCOL, { size }, fill), err('no-route'))
    assert.deepEqual(writeAt(ip, of(8, 8, 8, 8), PROTOCOL, 1, fill), err('no-route'))
  })

  it('throws on what only a bug can ask for', () => {
    const { ip } = acquainted()
    assert.throws(() => ip.write(B, PROTOCOL, { size: 65_516 }, () => 0))
    assert.throws(() => ip.write(B, PROTOCOL, { size: 1 }, () => 2))
    assert.throws(() => ip.write(B, PROTOCOL, { size: 2000 }, () => 2001))
    for (const ttl of [0, 256]) assert.throws(() => ip.write(B, PROTOCOL, { size: 1, ttl }, () => 1))
    assert.doesNotThrow(() => ip.write(B, PROTOCOL, { size: 65_515, ttl: 255 }, () => 65_515))
  })

  it('writes segments behind both headers, never to be cut', async () => {
    const { ip, arrived, settle } = acquainted()
    const sent = writeAt(ip, B, 6, 3, (frame, offset) => {
      assert.equal(offset, 34)
      frame[offset] = 7
      return 2
    })
    assert.equal(sent, done)
    await settle()
    const packet = parse(arrived[0]!)
    assert.deepEqual([packet.src, packet.dst, packet.protocol, packet.ttl, packet.end], [A, B, 6, 64, 22])
    assert.deepEqual([getU16(arrived[0]!, 4), getU16(arrived[0]!, 6)], [0, wire.DONT_FRAGMENT])
    writeAt(ip, B, 6, 0, () => 0, of(9, 9, 9, 9))
    await settle()
    assert.equal(parse(arrived[1]!).src, of(9, 9, 9, 9))
  })

  it('sends broadcasts and groups without asking anybody', async () => {
    const { ip, peer, settle } = rig()
    const to: mac.Mac[] = []
    peer.listen(IPV4, (_frame, _offset, _src, dst) => to.push(dst))
    for (const dst of [BROADCAST, of(10, 0, 0, 255), of(224, 0, 0, 251)])
      writeAt(ip, dst, PROTOCOL, 1, () => 1)
    await settle()
    assert.deepEqual(to, [mac.BROADCAST, mac.BROADCAST, 0x0100_5e00_00fb])
  })
})

describe('ip and the next hop', () => {
  it('keeps packets, in order, until the next hop has answered', async () => {
    const made = rig()
    const { ip, arp, peer, arrived, settle } = made
    const bytes = Uint8Array.of(1)
    assert.equal(
      ip.write(B, PROTOCOL, {}, () => 0, [bytes]),
      done,
    )
    bytes[0] = 9
    writeAt(ip, B, PROTOCOL, 1, (frame, offset) => ((frame[offset] = 2), 1))
    await settle()
    assert.equal(arrived.length, 0)
    arp.static(B, peer.mac)
    await settle()
    assert.deepEqual(
      arrived.map((packet) => [...packet.subarray(20)]),
      [[1], [2]],
    )
    assert.deepEqual(parse(arrived[1]!).dst, B)
  })

  it('asks the gateway’s address for what is elsewhere', async () => {
    const { ip, arp, peer, arrived, settle } = rig()
    arp.static(of(10, 0, 0, 254), peer.mac)
    writeAt(ip, of(8, 8, 8, 8), PROTOCOL, 1, () => 1)
    await settle()
    assert.equal(parse(arrived[0]!).dst, of(8, 8, 8, 8))
  })

  it('tells which destinations cannot be reached, once each', async () => {
    const { ip, clock, settle } = rig()
    const unreachable: Ipv4[] = []
    ip.onUnreachable((dst) => unreachable.push(dst))
    for (const dst of [of(8, 8, 8, 8), of(8, 8, 4, 4), of(8, 8, 8, 8), B])
      writeAt(ip, dst, PROTOCOL, 1, () => 1)
    clock.advance(8999)
    await settle()
    assert.deepEqual(unreachable, [])
    clock.advance(1)
    await settle()
    assert.deepEqual(unreachable, [of(8, 8, 8, 8), of(8, 8, 4, 4), B])
    assert.equal(ip.drops.unresolved, 4)
    assert.equal(clock.pending, 0)
  })

  it('is busy when too many packets wait for one hop', () => {
    const { ip } = rig()
    for (let i = 0; i < PACKETS_MAX; i++) assert.ok(writeAt(ip, B, PROTOCOL, 1, () => 1).ok)
    assert.deepEqual(
      writeAt(ip, B, PROTOCOL, 1, () => 1),
      err('busy'),
    )
  })

  it('asks for a neighbour however many do not answer: who was asked first counts as unreachable', async () => {
    const { ip, arp, peer, clock, arrived, settle } = rig()
    const unreachable: Ipv4[] = []
    ip.onUnreachable((dst) => unreachable.push(dst))
    for (let i = 0; i < HOPS_MAX; i++) writeAt(ip, of(10, 0, 0, 100 + i), PROTOCOL, 1, () => 1)
    assert.deepEqual(unreachable, [])
    connectArp({ ethernet: peer, clock }).add(B)
    assert.ok(writeAt(ip, B, PROTOCOL, 1, () => 1).ok)
    assert.deepEqual(unreachable, [of(10, 0, 0, 100)])
    assert.equal(ip.drops.unresolved, 1)
    await settle()
    assert.equal(arp.lookup(B), peer.mac)
    assert.equal(arrived.length, 1)
  })

  it('follows a neighbour that has another MAC address', async () => {
    const { ip, arp, peer, settle } = acquainted()
    const to: mac.Mac[] = []
    peer.listen(IPV4, (_frame, _offset, _src, dst) => to.push(dst))
    writeAt(ip, B, PROTOCOL, 1, () => 1)
    arp.static(B, mac.BROADCAST)
    writeAt(ip, B, PROTOCOL, 1, () => 1)
    await settle()
    assert.deepEqual(to, [peer.mac, mac.BROADCAST])
  })

  it('tells ARP which address is its own, and no longer is', () => {
    const { ip, arp } = rig({})
    assert.deepEqual(ip.config, { cidr: { address: UNSPECIFIED, prefixLength: 0 } })
    assert.deepEqual(arp.addresses, [])
    ip.configure(CONFIG)
    assert.deepEqual(arp.addresses, [A])
    assert.equal(ip.src(B), A)
    ip.configure({ cidr: { address: B, prefixLength: 8 } })
    assert.deepEqual(arp.addresses, [B])
    ip.configure({ cidr: { address: UNSPECIFIED, prefixLength: 0 } })
    assert.deepEqual(arp.addresses, [])
  })

  it('forgets the way when it is configured anew', () => {
    const { ip } = acquainted()
    assert.ok(writeAt(ip, B, PROTOCOL, 1, () => 1).ok)
    ip.configure({ cidr: { address: of(192, 168, 0, 1), prefixLength: 24 } })
    assert.deepEqual(
      writeAt(ip, B, PROTOCOL, 1, () => 1),
      err('no-route'),
    )
  })
})

describe('ip input', () => {
  it('hands on what is for this host, without headers and padding', async () => {
    const made = rig()
    const received = collect(made.ip)
    const payload = [1, 2, 3]
    send(made, payload)
    made.peer.write(mac.local(1), IPV4, { size: 46 }, (packet) => {
      packet.fill(0xa5)
      packet.set(payload, 20)
      wire.emit(
        packet,
        0,
        { src: B, dst: A, protocol: PROTOCOL, ttl: 9, trafficClass: 0, id: 7, fragmentation: 0 },
        23,
      )
      return 46
    })
    await made.settle()
    const expected = { src: B, dst: A, ttl: 9, payload }
    assert.deepEqual(received, [expected, expected])
  })

  it('hears broadcasts, in general and of its network', async () => {
    const made = rig()
    const received = collect(made.ip)
    send(made, [1], { dst: BROADCAST, to: mac.BROADCAST })
    send(made, [2], { dst: of(10, 0, 0, 255), to: mac.BROADCAST })
    await made.settle()
    assert.deepEqual(
      received.map(({ payload }) => payload),
      [[1], [2]],
    )
  })

  const dropped: [why: string, reason: keyof Ipv4Layer['drops'], sent: Sent][] = [
    ['for another host', 'not-for-us', { dst: of(10, 0, 0, 9) }],
    ['for the broadcast of another network', 'not-for-us', { dst: of(10, 0, 1, 255), to: mac.BROADCAST }],
    [
      'for a group that it has not joined',
      'not-for-us',
      { dst: of(224, 0, 0, 1), to: 0x0100_5e00_0001 as mac.Mac },
    ],
    ['for this host but sent to everyone', 'not-for-us', { to: mac.BROADCAST }],
    ['from itself', 'bad-source', { src: A }],
    ['from nobody, and not to everyone', 'bad-source', { src: UNSPECIFIED }],
    ['from everyone', 'bad-source', { src: BROADCAST }],
    ['from everyone in its network', 'bad-source', { src: of(10, 0, 0, 255) }],
    ['from a group', 'bad-source', { src: of(224, 0, 0, 1) }],
    ['from a loopback', 'bad-source', { src: of(127, 0, 0, 1) }],
    ['that is a fragment of a bad length', 'fragment-size', { fragmentation: 0x2000 }],
    ['that is a fragment of too large a packet', 'fragment-too-long', { fragmentation: 0x1fff }],
    ['of a protocol that nobody listens to', 'unknown-protocol', { protocol: 201 }],
  ]
  for (const [why, reason, sent] of dropped) {
    it(`drops and counts a packet ${why}`, async () => {
      const made = rig()
      const received = collect(made.ip)
      send(made, [1], sent)
      await made.settle()
      assert.deepEqual(received, [])
      const counted = Object.entries(made.ip.drops).filter(([, count]) => count > 0)
      assert.deepEqual(counted, [[reason, 1]])
    })
  }

  it('drops and counts what is no packet', async () => {
    const { ip, peer, settle } = rig()
    for (const bytes of [[], [0x45], Array<number>(20).fill(0), [0x45, ...Array<number>(19).fill(0)]]) {
      peer.write(mac.local(1), IPV4, { size: bytes.length }, (payload) => (payload.set(bytes), bytes.length))
    }
    await settle()
    assert.deepEqual([ip.drops['too-short'], ip.drops['bad-version'], ip.drops['bad-length']], [2, 1, 1])
  })

  it('lets packets pass whose only flag is "don’t fragment"', async () => {
    const made = rig()
    const received = collect(made.ip)
    send(made, [1], { fragmentation: wire.DONT_FRAGMENT })
    await made.settle()
    assert.equal(received.length, 1)
  })

  it('hands protocols without a listener to who asked for the others', async () => {
    const made = rig()
    collect(made.ip)
    const others: number[] = []
    made.ip.listenOther(({ protocol }) => others.push(protocol))
    send(made, [1])
    send(made, [1], { protocol: 201 })
    await made.settle()
    assert.deepEqual(others, [201])
    assert.equal(made.ip.drops['unknown-protocol'], 0)
  })

  it('takes the offer of a DHCP server while it has no address, and nothing else', async () => {
    const made = rig({})
    const udp = collect(made.ip, UDP)
    const other = collect(made.ip)
    send(made, [1], { dst: of(10, 0, 0, 77), protocol: UDP })
    send(made, [2], { dst: of(10, 0, 0, 77) })
    await made.settle()
    assert.deepEqual(
      udp.map(({ payload }) => payload),
      [[1]],
    )
    assert.deepEqual(other, [])
  })

  it('takes packets for every host where it is promiscuous', async () => {
    const made = rig({ config: CONFIG, isPromiscuous: true })
    const received = collect(made.ip)
    for (const dst of [A, of(8, 8, 8, 8), of(224, 0, 0, 1)]) send(made, [1], { dst })
    await made.settle()
    assert.deepEqual(
      received.map(({ dst }) => dst),
      [A, of(8, 8, 8, 8)],
    )
  })
})
