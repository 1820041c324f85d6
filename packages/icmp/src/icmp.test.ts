import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BROADCAST, type Ipv4, UNSPECIFIED, of } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { connect as connectArp } from '@mirage/arp'
import { equal } from '@mirage/bytes'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { type Ethernet, IPV4, connect as connectEthernet } from '@mirage/ethernet'
import { ICMP, type Ipv4Layer, type Packet, UDP } from '@mirage/ip'
import type { DeliveryError } from '@mirage/ip/errors'
import { type Options, connect as connectIp } from '@mirage/ip/ipv4'
import * as ipWire from '@mirage/ip/wire'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { done, err } from '@mirage/result'
import { type EchoReply, type Icmp, connect } from './icmp.ts'
import { even } from './testing/even.ts'
import * as wire from './wire.ts'

const A = of(10, 0, 0, 1)
const B = of(10, 0, 0, 2)
const ELSEWHERE = of(8, 8, 8, 8)
/** A protocol that nobody is assigned. */
const PROTOCOL = 200

interface Rig {
  readonly a: Icmp
  readonly b: Icmp
  readonly ipA: Ipv4Layer
  readonly ipB: Ipv4Layer
  readonly linkA: Ethernet
  readonly clock: ManualClock
  readonly settle: () => Promise<void>
}

/** Two hosts on a link; the second may be a gateway, and is the way to everything for the first. */
function rig(options: Options = {}): Rig {
  const clock = manual()
  const cable = pair({ clock })
  const linkA = connectEthernet(cable.a)
  const ipA = ipOn(linkA, clock, A, {})
  const ipB = ipOn(connectEthernet(cable.b), clock, B, options)
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 6; i++) {
      clock.advance(0)
      await Promise.resolve()
    }
  }
  const [a, b] = [ipA, ipB].map((ip) => connect({ ip, clock, random: even })) as [Icmp, Icmp]
  return { a, b, ipA, ipB, linkA, clock, settle }
}

function ipOn(ethernet: Ethernet, clock: ManualClock, address: Ipv4, options: Options): Ipv4Layer {
  const arp = connectArp({ ethernet, clock })
  const config = { cidr: { address, prefixLength: 24 }, gateway: B }
  return connectIp({ ethernet, arp, clock, random: seeded(1) }, { config, ...options })
}

/** An error, and what came back of the packet's payload. */
type Report = DeliveryError & { readonly payload: Uint8Array }

/** Copies of the replies, and of the errors about the protocols of these tests, that arrive. */
function collect(icmp: Icmp): { replies: EchoReply[]; reports: Report[] } {
  const replies: EchoReply[] = []
  const reports: Report[] = []
  icmp.onReply((reply) => replies.push({ ...reply, payload: reply.payload.slice() }))
  for (const protocol of [ICMP, UDP, PROTOCOL]) {
    icmp.onError(protocol, (error) => {
      assert.equal(error.protocol, protocol)
      reports.push({ ...error, payload: error.frame.slice(error.offset, error.end) })
    })
  }
  return { replies, reports }
}

/** Sends `message` with a right checksum from `a`. */
function send({ a }: Rig, dst: Ipv4, message: number[]): void {
  assert.ok(a.write(dst, Uint8Array.from(message)).ok)
}

describe('an echo', () => {
  it('is answered with what it carries', async () => {
    const { a, settle } = rig()
    const { replies } = collect(a)
    const payload = Uint8Array.from({ length: 57 }, (_, i) => i)
    assert.equal(a.echo(B, { id: 0xfedc, sequence: 0xba98, payload }), done)
    assert.equal(a.echo(B, { id: 1, sequence: 2, payload: new Uint8Array() }), done)
    await settle()
    assert.deepEqual(replies, [
      { src: B, id: 0xfedc, sequence: 0xba98, payload },
      { src: B, id: 1, sequence: 2, payload: new Uint8Array() },
    ])
  })

  it('of 65,000 bytes is answered, in fragments both ways', async () => {
    const { a, settle } = rig()
    const { replies } = collect(a)
    for (const length of [65_000, 65_507]) {
      const payload = Uint8Array.from({ length }, (_, i) => (i + (i >>> 8)) & 0xff)
      assert.equal(a.echo(B, { id: 1, sequence: length, payload }), done)
      await settle()
      const reply = replies.pop()
      assert.deepEqual([reply?.src, reply?.id, reply?.sequence], [B, 1, length])
      assert.ok(reply !== undefined && equal(reply.payload, payload))
    }
  })

  it('is answered by a gateway in the name of every host', async () => {
    const { a, settle } = rig({ isPromiscuous: true })
    const { replies } = collect(a)
    a.echo(ELSEWHERE, { id: 1, sequence: 2, payload: new Uint8Array(3) })
    await settle()
    assert.deepEqual(
      replies.map(({ src }) => src),
      [ELSEWHERE],
    )
  })

  it('to another host is for a gateway to decide, if it wants to, and one to itself is not', async () => {
    const { a, b, settle } = rig({ isPromiscuous: true })
    const { replies, reports } = collect(a)
    b.forward((packet) => b.hostUnreachable(packet))
    for (const dst of [ELSEWHERE, B]) a.echo(dst, { id: 1, sequence: 2, payload: new Uint8Array(3) })
    await settle()
    assert.deepEqual(
      replies.map(({ src }) => src),
      [B],
    )
    assert.deepEqual(
      reports.map(({ kind, reporter, dst }) => [kind, reporter, dst]),
      [['host-unreachable', B, ELSEWHERE]],
    )
  })

  it('to another host, or to everyone, is not answered', async () => {
    const { a, b, ipA, ipB, settle } = rig()
    const { replies } = collect(a)
    for (const dst of [ELSEWHERE, BROADCAST, of(10, 0, 0, 255)]) {
      a.echo(dst, { id: 1, sequence: 2, payload: new Uint8Array() })
    }
    await settle()
    assert.deepEqual(replies, [])
    assert.equal(ipB.drops['not-for-us'], 1)
    assert.equal(b.drops.unhandled, 2)
    assert.equal(ipA.drops['bad-source'], 0, 'nothing came back')
  })

  it('is not answered if it is damaged', async () => {
    const { a, b, ipA, settle } = rig()
    const { replies } = collect(a)
    ipA.write(B, ICMP, { size: 8 }, (message) => (message.set([8, 0, 1, 2, 3, 4, 5, 6]), 8))
    ipA.write(B, ICMP, { size: 7 }, (message) => (message.set([8]), 7))
    await settle()
    assert.deepEqual(replies, [])
    assert.deepEqual([b.drops['bad-checksum'], b.drops['too-short']], [1, 1])
  })

  it('goes where there is a route', () => {
    const { a } = rig()
    assert.deepEqual(a.echo(A, { id: 1, sequence: 1, payload: new Uint8Array() }), err('no-route'))
  })
})

/** Sends one fragment with more behind, of the packet `id`, and returns its payload. */
function fragment(link: Ethernet, position: number, payload: Uint8Array, id: number = 1): Uint8Array {
  link.writeAt(mac.local(2), IPV4, 20 + payload.length, (frame, offset) => {
    const header = { src: A, dst: B, protocol: PROTOCOL, ttl: 9, trafficClass: 0, id }
    frame.set(payload, offset + 20)
    const fragmentation = ipWire.MORE_FRAGMENTS | (position / 8)
    ipWire.emit(frame, offset, { ...header, fragmentation }, 20 + payload.length)
    return 20 + payload.length
  })
  return payload
}

describe('an error', () => {
  it('comes from who has no listener for a protocol, and quotes the packet', async () => {
    const { a, ipA, settle } = rig()
    const { reports } = collect(a)
    const payload = Uint8Array.from({ length: 12 }, (_, i) => i)
    ipA.write(B, PROTOCOL, {}, () => 0, [payload])
    await settle()
    const [report, ...others] = reports
    assert.deepEqual(others, [])
    assert.ok(report !== undefined)
    const { frame: _frame, offset: _offset, end: _end, ...rest } = report
    const numbers = { type: 3, code: 2 }
    const packet = { src: A, dst: B, protocol: PROTOCOL, payload }
    assert.deepEqual(rest, { kind: 'protocol-unreachable', reporter: B, ...numbers, ...packet })
  })

  it('quotes no more than an error may have', async () => {
    const { a, ipA, settle } = rig()
    const { reports } = collect(a)
    ipA.write(B, PROTOCOL, { size: 1000 }, () => 1000)
    await settle()
    assert.equal(reports[0]?.payload.length, 576 - 20 - 8 - 20)
  })

  type Write = (icmp: Icmp, packet: Packet<Ipv4>) => void
  const kinds: [
    what: string,
    write: Write,
    kind: string,
    type: number,
    code: number,
    by: Ipv4,
    mtu?: number,
  ][] = [
    ['a port', (icmp, packet) => icmp.portUnreachable(packet), 'port-unreachable', 3, 3, ELSEWHERE],
    [
      'a protocol',
      (icmp, packet) => icmp.protocolUnreachable(packet),
      'protocol-unreachable',
      3,
      2,
      ELSEWHERE,
    ],
    ['a host', (icmp, packet) => icmp.hostUnreachable(packet), 'host-unreachable', 3, 1, B],
    ['a size', (icmp, packet) => icmp.fragmentationNeeded(packet, 1400), 'too-big', 3, 4, B, 1400],
    ['a time to live', (icmp, packet) => icmp.timeExceeded(packet), 'time-exceeded', 11, 0, B],
  ]
  for (const [what, write, kind, type, code, reporter, mtu] of kinds) {
    it(`about ${what} comes from who knows it`, async () => {
      const { a, b, ipA, ipB, settle } = rig({ isPromiscuous: true })
      const { reports } = collect(a)
      ipB.listen(PROTOCOL, (packet) => write(b, packet))
      ipA.write(ELSEWHERE, PROTOCOL, { size: 8 }, () => 8)
      await settle()
      const [report] = reports
      assert.equal(reports.length, 1)
      assert.deepEqual(
        [report?.kind, report?.type, report?.code, report?.reporter, report?.src, report?.dst],
        [kind, type, code, reporter, A, ELSEWHERE],
      )
      assert.ok(report !== undefined)
      assert.deepEqual(report.payload, new Uint8Array(8))
      assert.equal(report.kind === 'too-big' ? report.mtu : undefined, mtu)
    })
  }

  it('is told to those alone that sent the packet', async () => {
    const { a, b, ipA, ipB, settle } = rig()
    let told = 0
    a.onError(UDP, () => assert.fail('that was another protocol'))
    for (let i = 0; i < 2; i++) a.onError(PROTOCOL, () => told++)
    ipB.listen(PROTOCOL, (packet) => b.portUnreachable(packet))
    ipA.write(B, PROTOCOL, { size: 8 }, () => 8)
    await settle()
    assert.equal(told, 2)
  })

  it('comes when the rest of a packet does not, if its beginning did', async () => {
    const { a, linkA, clock, settle } = rig()
    const { reports } = collect(a)
    const quote = fragment(
      linkA,
      0,
      Uint8Array.from({ length: 1480 }, (_, i) => i & 0xff),
    )
    fragment(linkA, 1480, new Uint8Array(8), 2)
    await settle()
    clock.advance(9_999)
    await settle()
    assert.equal(reports.length, 0)
    clock.advance(1)
    await settle()
    assert.deepEqual(
      reports.map(({ kind, type, code, reporter }) => [kind, type, code, reporter]),
      [['reassembly-timeout', 11, 1, B]],
    )
    assert.deepEqual(reports[0]?.payload, quote.subarray(0, 576 - 20 - 8 - 20))
  })

  const unsaid: [about: string, write: (ip: Ipv4Layer) => void][] = [
    ['a broadcast', (ip) => ip.write(BROADCAST, PROTOCOL, { size: 8 }, () => 8)],
    ['a broadcast of the network', (ip) => ip.write(of(10, 0, 0, 255), PROTOCOL, { size: 8 }, () => 8)],
    ['a packet from nowhere', (ip) => ip.write(BROADCAST, PROTOCOL, { size: 8, src: UNSPECIFIED }, () => 8)],
  ]
  for (const [about, write] of unsaid) {
    it(`is not sent about ${about}`, async () => {
      const { b, ipA, ipB, settle } = rig()
      let packets = 0
      ipA.listen(ICMP, () => assert.fail('an error came'))
      ipB.listenOther((packet) => {
        packets++
        b.protocolUnreachable(packet)
      })
      write(ipA)
      await settle()
      assert.equal(packets, 1)
      assert.deepEqual(b.drops['not-sent'], 0)
    })
  }

  for (const [type, isAnswered] of [
    [3, false],
    [4, false],
    [5, false],
    [11, false],
    [12, false],
    [8, true],
    [0, true],
  ] as const) {
    it(`is ${isAnswered ? '' : 'not '}sent about an ICMP message of type ${type}`, async () => {
      const made = rig()
      const { reports } = collect(made.a)
      made.ipB.listen(ICMP, (packet) => made.b.timeExceeded(packet))
      send(made, B, [type, 0, 0, 0, 0, 0, 0, 0])
      await made.settle()
      assert.equal(reports.length, isAnswered ? 1 : 0)
    })
  }

  it('is not sent about a fragment that is not the first', async () => {
    const { a, b, ipA, ipB, settle } = rig()
    const { reports } = collect(a)
    // IP joins fragments, so the packet is made to look like one.
    ipB.listen(PROTOCOL, (packet) => {
      const frame = packet.frame.slice()
      frame[packet.header + 7] = 1
      b.portUnreachable({ ...packet, frame })
    })
    ipA.write(B, PROTOCOL, { size: 8 }, () => 8)
    await settle()
    assert.deepEqual(reports, [])
  })

  it('is sent 50 times at once, and 100 times a second', async () => {
    const { a, b, ipA, clock, settle } = rig()
    const { reports } = collect(a)
    ipA.write(B, PROTOCOL, { size: 8 }, () => 8)
    await settle()
    clock.advance(1000)
    for (let i = 0; i < 60; i++) ipA.write(B, PROTOCOL, { size: 8 }, () => 8)
    await settle()
    assert.equal(reports.length, 1 + 50)
    assert.equal(b.drops['rate-limited'], 10)
    clock.advance(100)
    for (let i = 0; i < 60; i++) ipA.write(B, PROTOCOL, { size: 8 }, () => 8)
    await settle()
    assert.equal(reports.length, 1 + 50 + 10)
  })

  it('is told of only if it quotes a packet from where it came to', async () => {
    const made = rig()
    const { reports } = collect(made.b)
    const quote = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8]
    send(made, B, [11, 0, 0, 0, 0, 0, 0, 0, ...quote])
    send(made, B, [11, 0, 0, 0, 0, 0, 0, 0, ...quote.slice(0, 27)])
    await made.settle()
    assert.deepEqual(reports, [])
    assert.equal(made.b.drops['bad-quote'], 2)
    quote[15] = 2
    send(made, B, [12, 0, 0, 0, 0, 0, 0, 0, ...quote])
    await made.settle()
    assert.deepEqual(
      reports.map(({ kind }) => kind),
      ['parameter-problem'],
    )
  })

  it('of a router that says no MTU is a guess at the next smaller one', async () => {
    const made = rig()
    const { reports } = collect(made.b)
    const quote = [
      0x45, 0, 0x05, 0xdc, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8,
    ]
    send(made, B, [3, 4, 0, 0, 0, 0, 0, 0, ...quote])
    send(made, B, [3, 4, 0, 0, 0, 0, 0x05, 0x14, ...quote])
    await made.settle()
    assert.deepEqual(
      reports.map((report) => (report.kind === 'too-big' ? report.mtu : undefined)),
      [1492, 1300],
    )
  })

  it('that would redirect or slow down is ignored, as is what nobody knows', async () => {
    const made = rig()
    const { reports, replies } = collect(made.b)
    for (const type of [4, 5, 9, 13, 255]) send(made, B, [type, 0, 0, 0, 0, 0, 0, 0])
    await made.settle()
    assert.deepEqual([reports, replies], [[], []])
    assert.equal(made.b.drops.unhandled, 5)
  })
})

describe('a message of one’s own', () => {
  it('is sent with its checksum filled in', async () => {
    const { a, ipB, settle } = rig()
    const types: number[] = []
    ipB.listen(ICMP, ({ frame, offset, end }) => {
      const parsed = wire.parse(frame, offset, end)
      assert.ok(parsed.ok)
      types.push(
        parsed.value.type,
        parsed.value.code,
        parsed.value.first,
        parsed.value.second,
        ...frame.subarray(offset + 8, end),
      )
    })
    // Type 3 code 4, as a router would say it.
    a.write(B, Uint8Array.of(3, 4, 0xff, 0xff, 0, 0, 5, 0, 7))
    await settle()
    assert.deepEqual(types, [3, 4, 0, 1280, 7])
  })

  it('has 8 bytes or more', () => {
    assert.throws(() => rig().a.write(B, new Uint8Array(7)))
  })
})
