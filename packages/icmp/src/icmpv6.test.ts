import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { concat, equal, setU16 } from '@mirage/bytes'
import { hex } from '@mirage/bytes/hex'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { connect as connectEthernet } from '@mirage/ethernet'
import { ICMPV6, type Ipv6Layer, type Packet, UDP } from '@mirage/ip'
import type { DeliveryError } from '@mirage/ip/errors'
import { type Options, connect as connectIp } from '@mirage/ip/ipv6'
import type { Net } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { below } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'
import { done, err } from '@mirage/result'
import type { EchoReply, Icmp } from './icmp.ts'
import { even } from './testing/even.ts'
import * as wire from './icmpv6-wire.ts'
import { connect } from './icmpv6.ts'
import { BURST } from './limit.ts'

const A = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)
const B = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)
const ELSEWHERE = ipv6.of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9)
/** A protocol that nobody is assigned. */
const PROTOCOL = 200

interface Rig {
  readonly a: Icmp<ipv6.Ipv6>
  readonly b: Icmp<ipv6.Ipv6>
  readonly ipA: Ipv6Layer
  readonly ipB: Ipv6Layer
  readonly clock: ManualClock
}

/** Two hosts on a link; the second may be a gateway, and is the way to everything for the first. */
function rig(options: Options = {}): Rig {
  const clock = manual()
  const cable = pair({ clock })
  const ipA = ipOn(cable.a, clock, A, { gateway: B })
  const ipB = ipOn(cable.b, clock, B, options)
  clock.advance(2000)
  const needs = { clock, random: even }
  return { a: connect({ ip: ipA, ...needs }), b: connect({ ip: ipB, ...needs }), ipA, ipB, clock }
}

function ipOn(net: Net, clock: ManualClock, address: ipv6.Ipv6, options: Options): Ipv6Layer {
  const known = { addresses: [{ address, prefixLength: 64 }], isTrusted: true, acceptsRouters: false }
  return connectIp({ ethernet: connectEthernet(net), clock, random: seeded(1) }, { ...known, ...options })
}

/** An error, and what came back of the packet's payload. */
type Report = DeliveryError & { readonly payload: Uint8Array }

/** Copies of the replies, and of the errors about the protocols of these tests, that arrive. */
function collect(icmp: Icmp<ipv6.Ipv6>): { replies: EchoReply<ipv6.Ipv6>[]; reports: Report[] } {
  const replies: EchoReply<ipv6.Ipv6>[] = []
  const reports: Report[] = []
  icmp.onReply((reply) => replies.push({ ...reply, payload: reply.payload.slice() }))
  for (const protocol of [ICMPV6, UDP, PROTOCOL, 60]) {
    icmp.onError(protocol, (error) => {
      assert.equal(error.protocol, protocol)
      reports.push({ ...error, payload: error.frame.slice(error.offset, error.end) })
    })
  }
  return { replies, reports }
}

/** What a report says, without where the bytes lie. */
function said({ reports }: { reports: Report[] }): unknown[] {
  return reports.map((report) => {
    const { kind, reporter, type, code, src, dst, payload } = report
    const mtu = report.kind === 'too-big' ? { mtu: report.mtu } : {}
    return { kind, ...mtu, reporter, type, code, src, dst, payload: payload.length }
  })
}

/** Sends a payload of 16 bytes from `a`. */
function send(
  { ipA, clock }: Rig,
  protocol: number,
  dst: ipv6.Ipv6 = B,
  payload: Uint8Array = new Uint8Array(16),
): void {
  assert.ok(ipA.write(dst, protocol, {}, () => 0, [payload]).ok)
  clock.advance(0)
}

describe('an echo over ipv6', () => {
  it('is answered with what it carries', () => {
    const { a, clock } = rig()
    const { replies } = collect(a)
    const payload = Uint8Array.from({ length: 57 }, (_, i) => i)
    assert.equal(a.echo(B, { id: 0xfedc, sequence: 0xba98, payload }), done)
    clock.advance(0)
    assert.deepEqual(replies, [{ src: B, id: 0xfedc, sequence: 0xba98, payload }])
  })

  it('is answered in fragments if it came in fragments', () => {
    const { a, clock } = rig()
    const { replies } = collect(a)
    const payload = Uint8Array.from({ length: 65_000 }, (_, i) => i * 3)
    a.echo(B, { id: 1, sequence: 2, payload })
    clock.advance(0)
    assert.ok(replies[0] !== undefined && equal(replies[0].payload, payload))
  })

  it('to everyone is answered by each in its own name, and not for ever', () => {
    const { a, b, clock } = rig()
    const { replies } = collect(a)
    const echo = { id: 1, sequence: 2, payload: new Uint8Array(3) }
    for (let i = 0; i < BURST + 10; i++) a.echo(ipv6.ALL_NODES, echo)
    clock.advance(0)
    assert.deepEqual([replies.length, b.drops['rate-limited']], [BURST, 10])
    assert.equal(replies[0]?.src, ipv6.fromMac(ipv6.LINK_LOCAL.address, 0x0250_0000_0002 as never))
  })

  it('is answered by a gateway in the name of every host, or left to it', () => {
    const one = rig({ isPromiscuous: true })
    const { replies } = collect(one.a)
    one.a.echo(ELSEWHERE, { id: 1, sequence: 2, payload: new Uint8Array(3) })
    one.clock.advance(0)
    assert.deepEqual(
      replies.map(({ src }) => src),
      [ELSEWHERE],
    )
    const two = rig({ isPromiscuous: true })
    const forwarded: ipv6.Ipv6[] = []
    two.b.forward(({ dst }) => forwarded.push(dst))
    two.a.echo(ELSEWHERE, { id: 1, sequence: 2, payload: new Uint8Array(3) })
    two.a.echo(B, { id: 1, sequence: 2, payload: new Uint8Array(3) })
    two.clock.advance(0)
    assert.deepEqual(forwarded, [ELSEWHERE])
  })
})

describe('an icmpv6 error', () => {
  it('tells the sender that nobody listens to a port', () => {
    const made = rig()
    const collected = collect(made.a)
    made.ipB.listen(UDP, (packet) => made.b.portUnreachable(packet))
    send(made, UDP)
    const about = { reporter: B, src: A, dst: B, payload: 16 }
    assert.deepEqual(said(collected), [{ kind: 'port-unreachable', type: 1, code: 4, ...about }])
  })

  it('tells the sender that nobody listens to a protocol, and where it stands', () => {
    const made = rig()
    const collected = collect(made.a)
    send(made, PROTOCOL)
    const about = { reporter: B, src: A, dst: B, payload: 16 }
    assert.deepEqual(said(collected), [{ kind: 'protocol-unreachable', type: 4, code: 1, ...about }])
    assert.equal(made.b.drops['rate-limited'], 0)
  })

  it('tells the sender which option is not known', () => {
    const made = rig()
    const pointers: number[] = []
    made.ipA.intercept(({ frame, offset, src }) => {
      if (src === B && frame[offset]! < 128)
        pointers.push(frame[offset]!, frame[offset + 1]!, frame[offset + 7]!)
      return false
    })
    send(made, 60, B, hex('c800 c20400000000 0000000000000000'))
    assert.deepEqual(pointers, [4, 2, 42])
  })

  it('tells what routers tell, in their own name', () => {
    const made = rig({ isPromiscuous: true })
    const collected = collect(made.a)
    const say: ((packet: Packet<ipv6.Ipv6>) => void)[] = [
      (packet) => made.b.hostUnreachable(packet),
      (packet) => made.b.timeExceeded(packet),
      (packet) => made.b.fragmentationNeeded(packet, 70_000),
    ]
    made.ipB.listen(PROTOCOL, (packet) => say.shift()?.(packet))
    for (let i = 0; i < 3; i++) send(made, PROTOCOL, ELSEWHERE)
    const about = { reporter: B, src: A, dst: ELSEWHERE, payload: 16 }
    assert.deepEqual(said(collected), [
      { kind: 'host-unreachable', type: 1, code: 3, ...about },
      { kind: 'time-exceeded', type: 3, code: 0, ...about },
      { kind: 'too-big', mtu: 70_000, type: 2, code: 0, ...about },
    ])
  })

  it('is not believed where it tells of a link narrower than any is (RFC 8201 §4)', () => {
    const made = rig({ isPromiscuous: true })
    const { reports } = collect(made.a)
    const mtus = [0, 68, 1279, 1280]
    made.ipB.listen(PROTOCOL, (packet) => made.b.fragmentationNeeded(packet, mtus.shift()!))
    for (let i = 0; i < 4; i++) send(made, PROTOCOL, ELSEWHERE)
    assert.deepEqual(
      reports.map((report) => report.kind === 'too-big' && report.mtu),
      [1280],
    )
    assert.equal(made.a.drops.unhandled, 3)
  })

  it('tells of fragments that did not come', () => {
    const made = rig()
    const collected = collect(made.a)
    send(made, 44, B, hex('c8000001 00000007 0102030405060708'))
    made.clock.advance(10_000)
    const about = { reporter: B, src: A, dst: B, payload: 8 }
    assert.deepEqual(said(collected), [{ kind: 'reassembly-timeout', type: 3, code: 1, ...about }])
  })

  it('is no longer than every link carries', () => {
    const made = rig()
    const collected = collect(made.a)
    send(made, PROTOCOL, B, new Uint8Array(1460))
    assert.deepEqual(
      collected.reports.map(({ payload }) => payload.length),
      [1280 - 40 - 8 - 40],
    )
  })

  it('is sent only so often', () => {
    const made = rig()
    const collected = collect(made.a)
    for (let i = 0; i < 3 * BURST; i++) send(made, PROTOCOL)
    assert.deepEqual([collected.reports.length, made.b.drops['rate-limited']], [BURST, 2 * BURST])
  })

  it('is never sent about an error, a redirect or a packet to a group', () => {
    const made = rig()
    const collected = collect(made.a)
    made.ipB.listen(ICMPV6, (packet) => made.b.portUnreachable(packet))
    for (const type of [1, 3, 100]) made.a.write(B, Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0))
    made.ipB.listen(UDP, (packet) => made.b.portUnreachable(packet))
    send(made, UDP, ipv6.ALL_NODES)
    made.clock.advance(0)
    assert.deepEqual(collected.reports, [])
    made.a.write(B, Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 0))
    made.clock.advance(0)
    assert.equal(collected.reports.length, 1)
  })

  it('is believed only of packets that were sent from here', () => {
    const made = rig()
    const { reports } = collect(made.a)
    const quote = (src: ipv6.Ipv6): Uint8Array => {
      const packet = hex(`60000000 0008 11 40 ${'00'.repeat(32)} 0001000200080000`)
      ipv6.write(packet, 8, src)
      ipv6.write(packet, 24, B)
      return packet
    }
    const error = hex('01040000 00000000')
    made.b.write(A, concat([error, quote(B)]))
    made.b.write(A, concat([error, quote(A).subarray(0, 47)]))
    made.b.write(A, concat([hex('01070000 00000000'), quote(A)]))
    made.b.write(A, concat([error, quote(A)]))
    made.clock.advance(0)
    assert.deepEqual([reports.length, made.a.drops['bad-quote'], made.a.drops.unhandled], [1, 2, 1])
  })

  it('finds the ports behind extension headers, in a first fragment alone', () => {
    const packet = (offset: number): Uint8Array => {
      const bytes = hex(
        `60000000 0018 3c 40 ${'00'.repeat(32)} 2c00 010400000000 1100 0001 00000007 0001000200080000`,
      )
      setU16(bytes, 50, offset | 1)
      return concat([hex('ee'), bytes])
    }
    const first = wire.parseQuoted(packet(0), 1, 65)
    assert.ok(first.ok)
    assert.deepEqual([first.value.protocol, first.value.offset, first.value.end], [17, 57, 65])
    assert.deepEqual(wire.parseQuoted(packet(8), 1, 65), err('bad-quote'))
  })
})

describe('whatever icmpv6 says', () => {
  it('throws nothing (10 000 messages)', () => {
    const random = seeded(5)
    const { a, b, clock } = rig()
    for (let i = 0; i < 10_000; i++) {
      const message = random.generate(8 + below(random, 80))
      message[0] = below(random, 2) === 0 ? 1 + below(random, 4) : below(random, 256)
      message[1] = below(random, 8)
      if (message.length >= 48) {
        message[8] = 0x60
        message[14] = [0, 17, 43, 44, 58, 60][below(random, 6)]!
        ipv6.write(message, 16, A)
      }
      b.write(A, message)
      clock.advance(1)
    }
    const { replies } = collect(a)
    a.echo(B, { id: 1, sequence: 1, payload: new Uint8Array() })
    clock.advance(0)
    assert.equal(replies.length, 1)
  })
})
