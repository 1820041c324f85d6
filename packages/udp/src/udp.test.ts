import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Endpoint } from '@mirage/address/endpoint'
import { BROADCAST, type Ipv4, of } from '@mirage/address/ipv4'
import { connect as connectArp } from '@mirage/arp'
import { setU16 } from '@mirage/bytes'
import { hex } from '@mirage/bytes/hex'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { connect as connectEthernet } from '@mirage/ethernet'
import { type Icmp, connect as connectIcmp } from '@mirage/icmp'
import { type Ip, type Packet, UDP } from '@mirage/ip'
import { connect as connectIp } from '@mirage/ip/ipv4'
import type { Net } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { done, err } from '@mirage/result'
import { type Datagram, PAYLOAD_SIZE_MAX, type Udp, connect } from './udp.ts'

const A = of(10, 0, 0, 1)
const B = of(10, 0, 0, 2)

interface Host {
  readonly ip: Ip
  readonly icmp: Icmp
  readonly udp: Udp
}

function host(net: Net, clock: ManualClock, address: Ipv4, isPromiscuous: boolean): Host {
  const ethernet = connectEthernet(net)
  const random = seeded(1)
  const arp = connectArp({ ethernet, clock })
  const config = { cidr: { address, prefixLength: 24 }, gateway: B }
  const ip = connectIp({ ethernet, arp, clock, random }, { config, isPromiscuous })
  const icmp = connectIcmp({ ip, clock, random })
  return { ip, icmp, udp: connect({ ip, icmp, random }) }
}

/** Two hosts that know each other's MAC address; `b` may be a gateway. */
async function hosts(
  isPromiscuous: boolean = false,
): Promise<{ a: Host; b: Host; settle: () => Promise<void> }> {
  const clock = manual()
  const cable = pair({ clock })
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      clock.advance(0)
      await Promise.resolve()
    }
  }
  return { a: host(cable.a, clock, A, false), b: host(cable.b, clock, B, isPromiscuous), settle }
}

function at(address: Ipv4, port: number): Endpoint {
  return { address, port }
}

function collect(udp: Udp, port: number): Datagram[] {
  const received: Datagram[] = []
  assert.ok(udp.listen(port, (datagram) => received.push(datagram)).ok)
  return received
}

describe('udp between two hosts', () => {
  it('delivers a datagram, which is the listener’s to keep', async () => {
    const { a, b, settle } = await hosts()
    const received = collect(b.udp, 7)
    assert.equal(a.udp.write(at(B, 7), Uint8Array.of(1, 2, 3), { srcPort: 5000 }), done)
    assert.ok(a.udp.write(at(B, 7), new Uint8Array(), { srcPort: 5000 }).ok)
    await settle()
    assert.deepEqual(received, [
      { src: at(A, 5000), dst: at(B, 7), payload: Uint8Array.of(1, 2, 3) },
      { src: at(A, 5000), dst: at(B, 7), payload: new Uint8Array() },
    ])
  })

  it('copies the payload before write returns', async () => {
    const { a, b, settle } = await hosts()
    const received = collect(b.udp, 7)
    const payload = Uint8Array.of(1)
    a.udp.write(at(B, 7), payload)
    payload[0] = 9
    await settle()
    assert.deepEqual(received[0]?.payload, Uint8Array.of(1))
  })

  it('sends from a dynamic port unless told, another one each time', async () => {
    const { a, b, settle } = await hosts()
    const received = collect(b.udp, 7)
    for (let i = 0; i < 20; i++) a.udp.write(at(B, 7), new Uint8Array())
    await settle()
    const ports = new Set(received.map(({ src }) => src.port))
    assert.ok(ports.size > 10)
    for (const port of ports) assert.ok(port >= 49_152 && port <= 65_535)
  })

  it('tells the sender that nobody listens', async () => {
    const { a, b, settle } = await hosts()
    const reports: unknown[] = []
    a.icmp.onError(UDP, ({ kind, reporter, src, dst, frame, offset }) =>
      reports.push([kind, reporter, src, dst, frame.slice(offset, offset + 4)]),
    )
    a.udp.write(at(B, 9), Uint8Array.of(1), { srcPort: 5000 })
    await settle()
    assert.equal(b.udp.drops['no-listener'], 1)
    assert.deepEqual(reports, [['port-unreachable', B, A, B, Uint8Array.of(0x13, 0x88, 0, 9)]])
  })

  it('tells its own user that nobody listens, whoever sent', async () => {
    const { a, settle } = await hosts()
    const errors: unknown[] = []
    a.udp.onError((error) => errors.push(error))
    a.udp.write(at(B, 9), Uint8Array.of(1), { srcPort: 5000 })
    await settle()
    assert.deepEqual(errors, [{ kind: 'port-unreachable', reporter: B, src: at(A, 5000), dst: at(B, 9) }])
  })

  it('hears from which router a datagram went no further', async () => {
    const { a, b, settle } = await hosts()
    b.ip.listen(UDP, (packet) => b.icmp.timeExceeded(packet as Packet<Ipv4>))
    const errors: unknown[] = []
    a.udp.onError(({ kind, reporter }) => errors.push([kind, reporter]))
    a.udp.write(at(B, 33434), Uint8Array.of(1), { ttl: 1 })
    await settle()
    assert.deepEqual(errors, [['time-exceeded', B]])
  })

  it('believes errors about what it sent, or listens to, and no others', async () => {
    const { a, b, settle } = await hosts()
    const errors: unknown[] = []
    a.udp.onError(({ kind }) => errors.push(kind))
    a.udp.listen(7, () => {})
    /** "Fragmentation needed" for a link of `mtu` bytes, about a packet of 1,500 from A to B between these ports. */
    const tooBig = (srcPort: number, dstPort: number, mtu = 1400): void => {
      const quote = hex('4500 05dc 0000 4000 4011 0000 0a000001 0a000002 0000 0000 05c8 0000')
      setU16(quote, 20, srcPort)
      setU16(quote, 22, dstPort)
      const message = new Uint8Array(8 + quote.length)
      message.set([3, 4])
      setU16(message, 6, mtu)
      message.set(quote, 8)
      b.icmp.write(A, message)
    }
    a.udp.write(at(B, 9), new Uint8Array(1472), { srcPort: 5000, segmentSize: 1472 })
    a.udp.write(at(B, 1234), new Uint8Array(1472), { srcPort: 7 })
    a.udp.write(at(B, 1235), new Uint8Array(1471), { srcPort: 7, segmentSize: 1471 })
    await settle()
    errors.length = 0
    const invented = [
      [5000, 10],
      [5001, 9],
      [8, 7],
      // Somebody listens there, but nothing went from there, nothing that a router may not cut, nothing as large.
      [7, 1233],
      [7, 1234],
      [7, 1235],
    ] as const
    for (const [srcPort, dstPort] of invented) tooBig(srcPort, dstPort)
    tooBig(5000, 9, 1500)
    await settle()
    assert.deepEqual([errors, a.udp.drops['bad-error'], a.ip.mtu(B)], [[], 7, 1480])
    tooBig(5000, 9)
    await settle()
    assert.deepEqual([errors, a.udp.drops['bad-error'], a.ip.mtu(B)], [['too-big'], 7, 1380])
  })

  it('says nothing about broadcasts that nobody listens to', async () => {
    const { a, b, settle } = await hosts()
    a.icmp.onError(UDP, () => assert.fail('an error came'))
    a.udp.write(at(BROADCAST, 9), Uint8Array.of(1))
    a.udp.write(at(of(10, 0, 0, 255), 9), Uint8Array.of(1))
    await settle()
    assert.equal(b.udp.drops['no-listener'], 2)
  })

  it('hears broadcasts on a port that it listens to', async () => {
    const { a, b, settle } = await hosts()
    const received = collect(b.udp, 67)
    a.udp.write(at(BROADCAST, 67), Uint8Array.of(1), { srcPort: 68, src: of(0, 0, 0, 0) })
    await settle()
    assert.deepEqual(received[0]?.dst, at(BROADCAST, 67))
    assert.deepEqual(received[0]?.src, at(of(0, 0, 0, 0), 68))
  })

  it('has one listener a port, until it is let go', async () => {
    const { b } = await hosts()
    assert.ok(b.udp.listen(7, () => {}).ok)
    assert.deepEqual(
      b.udp.listen(7, () => {}),
      err('port-in-use'),
    )
    b.udp.unlisten(7)
    assert.ok(b.udp.listen(7, () => {}).ok)
  })

  it('throws on ports that are none', async () => {
    const { a } = await hosts()
    assert.throws(() => a.udp.listen(0, () => {}))
    for (const port of [65_536, -1, 1.5]) {
      assert.throws(() => a.udp.listen(port, () => {}))
      assert.throws(() => a.udp.write(at(B, port), new Uint8Array()))
      assert.throws(() => a.udp.write(at(B, 7), new Uint8Array(), { srcPort: port }))
    }
  })

  it('hears a sender that has no port, and cannot answer it', async () => {
    const { a, b, settle } = await hosts()
    const answers: unknown[] = []
    b.udp.listen(7, ({ src, payload }) => answers.push(src.port, b.udp.write(src, payload)))
    a.udp.write(at(B, 7), new Uint8Array(), { srcPort: 0 })
    await settle()
    assert.deepEqual(answers, [0, err('no-port')])
  })

  it('refuses a payload above 65,507 bytes, and sends that many in fragments', async () => {
    const { a, b, settle } = await hosts()
    assert.equal(PAYLOAD_SIZE_MAX, 65_507)
    assert.deepEqual(a.udp.write(at(B, 7), new Uint8Array(65_508)), err('too-long'))
    const lengths: number[] = []
    b.udp.listen(7, ({ payload }) => lengths.push(payload.length))
    assert.ok(a.udp.write(at(B, 7), new Uint8Array(65_507)).ok)
    await settle()
    assert.deepEqual(lengths, [65_507])
  })

  it('passes on why IP did not send', async () => {
    const { b } = await hosts()
    assert.deepEqual(b.udp.write(at(of(127, 0, 0, 1), 7), new Uint8Array()), err('no-route'))
  })

  it('drops and counts what is damaged', async () => {
    const { a, b, settle } = await hosts()
    const received = collect(b.udp, 7)
    const datagrams = ['too-short', 'bad-length', 'bad-checksum'] as const
    const bytes = [
      [0, 7, 0, 7],
      [0, 7, 0, 7, 0, 9, 0, 0],
      [0, 7, 0, 7, 0, 8, 0, 1],
    ]
    for (const each of bytes) a.ip.write(B, 17, {}, () => 0, [Uint8Array.from(each)])
    await settle()
    for (const reason of datagrams) assert.equal(b.udp.drops[reason], 1, reason)
    assert.deepEqual(received, [])
  })
})

describe('udp of a gateway', () => {
  it('forwards what is for other hosts, also to ports that it listens to itself', async () => {
    const { a, b, settle } = await hosts(true)
    const own = collect(b.udp, 53)
    const forwarded: Datagram[] = []
    b.udp.forward((datagram) => forwarded.push(datagram))
    a.udp.write(at(of(8, 8, 8, 8), 53), Uint8Array.of(1))
    a.udp.write(at(B, 53), Uint8Array.of(2))
    a.udp.write(at(B, 54), Uint8Array.of(3))
    await settle()
    assert.deepEqual(
      own.map(({ payload }) => payload[0]),
      [2],
    )
    assert.deepEqual(
      forwarded.map(({ dst }) => dst),
      [at(of(8, 8, 8, 8), 53), at(B, 54)],
    )
  })

  it('answers in the name of other hosts', async () => {
    const { a, b, settle } = await hosts(true)
    const received = collect(a.udp, 5000)
    b.udp.forward(({ src, dst, payload }) =>
      b.udp.write(src, payload, { src: dst.address, srcPort: dst.port }),
    )
    a.udp.write(at(of(8, 8, 8, 8), 53), Uint8Array.of(1), { srcPort: 5000 })
    await settle()
    assert.deepEqual(received[0]?.src, at(of(8, 8, 8, 8), 53))
  })
})
