import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BROADCAST, type Ipv4, UNSPECIFIED, of } from '@mirage/address/ipv4'
import { connect as connectArp } from '@mirage/arp'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { connect as connectEthernet } from '@mirage/ethernet'
import { ICMP, type Ipv4Layer, type Packet } from '@mirage/ip'
import { type Options, connect as connectIp } from '@mirage/ip/ipv4'
import type { Net } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { done, err } from '@mirage/result'
import { type EchoReply, type ErrorReport, type Icmp, connect } from './icmp.ts'
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
  readonly clock: ManualClock
  readonly settle: () => Promise<void>
}

/** Two hosts on a link; the second may be a gateway, and is the way to everything for the first. */
function rig(options: Options = {}): Rig {
  const clock = manual()
  const cable = pair({ clock })
  const ipA = ipOn(cable.a, clock, A, {})
  const ipB = ipOn(cable.b, clock, B, options)
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 6; i++) {
      clock.advance(0)
      await Promise.resolve()
    }
  }
  return { a: connect({ ip: ipA, clock }), b: connect({ ip: ipB, clock }), ipA, ipB, clock, settle }
}

function ipOn(net: Net, clock: ManualClock, address: Ipv4, options: Options): Ipv4Layer {
  const ethernet = connectEthernet(net)
  const arp = connectArp({ ethernet, clock })
  const config = { cidr: { address, prefixLength: 24 }, gateway: B }
  return connectIp({ ethernet, arp, clock, random: seeded(1) }, { config, ...options })
}

/** Copies of the replies and errors that arrive. */
function collect(icmp: Icmp): { replies: EchoReply[]; reports: ErrorReport[] } {
  const replies: EchoReply[] = []
  const reports: ErrorReport[] = []
  icmp.onReply((reply) => replies.push({ ...reply, payload: reply.payload.slice() }))
  icmp.onError((report) => {
    const packet = { ...report.packet, payload: report.packet.payload.slice() }
    reports.push({ ...report, packet })
  })
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
      reports.map(({ code, src, packet }) => [code, src, packet.dst]),
      [[1, B, ELSEWHERE]],
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

describe('an error', () => {
  it('comes from who has no listener for a protocol, and quotes the packet', async () => {
    const { a, ipA, settle } = rig()
    const { reports } = collect(a)
    const payload = Uint8Array.from({ length: 12 }, (_, i) => i)
    ipA.write(B, PROTOCOL, {}, () => 0, [payload])
    await settle()
    const packet = { src: A, dst: B, protocol: PROTOCOL, payload }
    assert.deepEqual(reports, [{ kind: 'unreachable', code: 2, src: B, mtu: undefined, packet }])
  })

  it('quotes no more than an error may have', async () => {
    const { a, ipA, settle } = rig()
    const { reports } = collect(a)
    ipA.write(B, PROTOCOL, { size: 1000 }, () => 1000)
    await settle()
    assert.equal(reports[0]?.packet.payload.length, 576 - 20 - 8 - 20)
  })

  type Report = (icmp: Icmp, packet: Packet<Ipv4>) => void
  const kinds: [what: string, report: Report, kind: string, code: number, src: Ipv4, mtu?: number][] = [
    ['a port', (icmp, packet) => icmp.portUnreachable(packet), 'unreachable', 3, ELSEWHERE],
    ['a protocol', (icmp, packet) => icmp.protocolUnreachable(packet), 'unreachable', 2, ELSEWHERE],
    ['a host', (icmp, packet) => icmp.hostUnreachable(packet), 'unreachable', 1, B],
    ['a size', (icmp, packet) => icmp.fragmentationNeeded(packet, 1400), 'unreachable', 4, B, 1400],
    ['a time to live', (icmp, packet) => icmp.timeExceeded(packet), 'time-exceeded', 0, B],
  ]
  for (const [what, report, kind, code, src, mtu] of kinds) {
    it(`about ${what} comes from who knows it`, async () => {
      const { a, b, ipA, ipB, settle } = rig({ isPromiscuous: true })
      const { reports } = collect(a)
      ipB.listen(PROTOCOL, (packet) => report(b, packet))
      ipA.write(ELSEWHERE, PROTOCOL, { size: 8 }, () => 8)
      await settle()
      const packet = { src: A, dst: ELSEWHERE, protocol: PROTOCOL, payload: new Uint8Array(8) }
      assert.deepEqual(reports, [{ kind, code, src, mtu, packet }])
    })
  }

  const unsaid: [about: string, write: (ip: Ipv4Layer) => void][] = [
    ['a broadcast', (ip) => ip.write(BROADCAST, PROTOCOL, { size: 8 }, () => 8)],
    ['a broadcast of the network', (ip) => ip.write(of(10, 0, 0, 255), PROTOCOL, { size: 8 }, () => 8)],
    ['a packet from nowhere', (ip) => ip.write(B, PROTOCOL, { size: 8, src: UNSPECIFIED }, () => 8)],
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
    // IP drops fragments, so the packet is made to look like one.
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
