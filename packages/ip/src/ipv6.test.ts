import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { local } from '@mirage/address/mac'
import { concat, equal, setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { hex } from '@mirage/bytes/hex'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { type Ethernet, IPV6, connect as connectEthernet } from '@mirage/ethernet'
import { pair } from '@mirage/net/pair'
import { below } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'
import { done, err } from '@mirage/result'
import { ipv6 as address } from '../../address/src/testing/literals.ts'
import { ICMPV6, type Ipv6Event, type Ipv6Layer, type Problem } from './ip.ts'
import { type Options, connect } from './ipv6.ts'
import { LINUX } from './ipv6/testing/linux.ts'
import * as wire from './ipv6/wire.ts'
import * as ndp from './ndp/wire.ts'
import { HOPS_MAX } from './waiting.ts'

const A = address('fd00::1')
const B = address('fd00::2')
const FAR = address('2001:db8::1')
const LINK_A = address('fe80::50:ff:fe00:1')
const MAC_A = local(1)
const MAC_B = local(2)
/** A protocol that nobody is assigned. */
const PROTOCOL = 200
const KNOWN: Options = { addresses: [{ address: A, prefixLength: 64 }], isTrusted: true }

interface Rig {
  readonly ip: Ipv6Layer
  readonly clock: ManualClock
  /** The other end of the link, and the packets that arrived there. */
  readonly peer: Ethernet
  readonly arrived: Uint8Array[]
  readonly events: Ipv6Event[]
  readonly problems: Problem[]
}

/** A host A, of which the other end knows nothing yet. */
function rig(options: Options = KNOWN, mtu: number = 1500): Rig {
  const clock = manual()
  const cable = pair({ clock, mtu })
  const peer = connectEthernet(cable.b)
  const arrived: Uint8Array[] = []
  peer.listen(IPV6, (frame, offset) => arrived.push(frame.slice(offset)))
  const ip = connect({ ethernet: connectEthernet(cable.a), clock, random: seeded(1) }, options)
  const events: Ipv6Event[] = []
  ip.onEvent((event) => events.push(event))
  const problems: Problem[] = []
  ip.onProblem((_packet, problem) => problems.push(problem))
  return { ip, clock, peer, arrived, events, problems }
}

/** A host that knows the MAC address of B, and has said all that it says at the beginning. */
function acquainted(options?: Options, mtu?: number): Rig {
  const made = rig(options, mtu)
  made.clock.advance(2000)
  const message = { kind: 'neighbour-solicitation', target: A, mac: MAC_B } as const
  discover(made, message, { src: B, dst: ipv6.solicitedNode(A) })
  made.arrived.length = 0
  return made
}

interface Sent {
  readonly src?: ipv6.Ipv6
  readonly dst?: ipv6.Ipv6
  readonly to?: typeof MAC_A
  readonly hopLimit?: number
}

/** Sends a payload of `protocol` from the other end of the link. */
function send({ peer, clock }: Rig, protocol: number, payload: Uint8Array, sent: Sent = {}): void {
  const { src = B, dst = A, hopLimit = 9 } = sent
  const to = sent.to ?? (ipv6.isMulticast(dst) ? ipv6.multicastMac(dst) : MAC_A)
  peer.write(to, IPV6, { size: 40 + payload.length }, (packet) => {
    packet.set(payload, 40)
    wire.emit(packet, 0, { src, dst, protocol, hopLimit, trafficClass: 0xb8 }, payload.length)
    return 40 + payload.length
  })
  clock.advance(0)
}

/** Sends a message of neighbour discovery. */
function discover(made: Rig, message: ndp.Message, sent: Sent = {}): void {
  const { src = B, dst = A } = sent
  const bytes = new Uint8Array(ndp.sizeOf(message))
  ndp.emit(bytes, 0, message)
  setU16(bytes, 2, checksum.of(bytes, 0, bytes.length, checksum.pseudo(src, dst, ICMPV6, bytes.length)))
  send(made, ICMPV6, bytes, { hopLimit: 255, ...sent })
}

/** What arrives at the host. */
function collect(
  ip: Ipv6Layer,
  protocol: number = PROTOCOL,
): { src: string; dst: string; payload: Uint8Array }[] {
  const received: { src: string; dst: string; payload: Uint8Array }[] = []
  ip.listen(protocol, ({ frame, offset, end, src, dst }) => {
    received.push({ src: ipv6.format(src), dst: ipv6.format(dst), payload: frame.slice(offset, end) })
  })
  return received
}

/** Bytes that are all different from those before and behind. */
function text(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7)
}

/** The fragments of `payload`, each of `size` bytes of it, a multiple of 8. */
function fragments(payload: Uint8Array, size: number, id: number = 7): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let offset = 0; offset < payload.length; offset += size) {
    const end = Math.min(offset + size, payload.length)
    const header = new Uint8Array([PROTOCOL, 0, 0, 0, 0, 0, 0, id])
    setU16(header, 2, offset | (end < payload.length ? 1 : 0))
    pieces.push(concat([header, payload.subarray(offset, end)]))
  }
  return pieces
}

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

  it('lets packets wait for so many neighbours, and no more', () => {
    const { ip } = acquainted()
    for (let i = 0; i < HOPS_MAX; i++) {
      assert.ok(ip.write(ipv6.of(0xfd00, 0, 0, 0, 0, 0, 1, i), PROTOCOL, {}, () => 0).ok)
    }
    assert.deepEqual(
      ip.write(address('fd00::3'), PROTOCOL, {}, () => 0),
      err('busy'),
    )
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
        dnsServers: [FAR],
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
  })
})

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

describe('an ipv6 interface of a router', () => {
  const fill = (frame: Uint8Array, offset: number): number => {
    frame.fill(0xab, offset, offset + 30)
    return 30
  }

  it('sees packets for any host, and fragments as they come, unless the link carried them to all', () => {
    const made = acquainted()
    const seen: ipv6.Ipv6[] = []
    made.ip.intercept(({ dst }) => seen.push(dst) > 0)
    send(made, PROTOCOL, Uint8Array.of(1), { dst: FAR })
    send(made, 44, fragments(text(32), 16)[0]!)
    send(made, PROTOCOL, Uint8Array.of(1), { dst: ipv6.ALL_NODES })
    assert.deepEqual([seen, made.ip.drops['not-for-us']], [[FAR, A], 0])
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
