import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setU16 } from '@mirage/bytes'
import { IPV4 } from '@mirage/ethernet'
import * as ethernet from '@mirage/ethernet/wire'
import * as icmp from '@mirage/icmp/wire'
import { ICMP, UDP } from '@mirage/ip'
import * as wire from '@mirage/ip/wire'
import { even } from '../../icmp/src/testing/even.ts'
import { type Router, connect } from './router.ts'
import { World, address, cidr, replies, reports } from './testing/world.ts'

/** Two hosts, and a router between their links. */
function rig(mtu = 1500) {
  const world = new World()
  const a = world.host('left', '10.0.1.2/24', '10.0.1.1')
  const b = world.host('right', '10.0.2.2/24', '10.0.2.1', mtu)
  const left = world.host('left', '10.0.1.1/24')
  const right = world.host('right', '10.0.2.1/24', undefined, mtu)
  const router = connect({
    links: [left.ip, right.ip],
    clock: world.simulation.clock('router'),
    random: even,
  })
  return { world, a, b, left, right, router }
}

const ECHO = { id: 7, sequence: 1, payload: new Uint8Array(56) }

describe('a router', () => {
  it('carries an echo there and back', async () => {
    const { world, a, b, router } = rig()
    const heard = replies(a)
    a.icmp.echo(b.ip.config.cidr.address, ECHO)
    await world.pass(100)
    assert.deepEqual(heard, [{ src: '10.0.2.2', sequence: 1, length: 56 }])
    assert.equal(router.counters.forwarded, 2)
  })

  it('carries a conversation bit for bit', async () => {
    const { world, a, b } = rig()
    const text = world.simulation.random('text').generate(300_000)
    assert.deepEqual(await world.converse(a, b, text), text)
  })

  it('makes a packet one hop older', async () => {
    const { world, a, b } = rig()
    const seen: number[] = []
    b.ip.listen(200, ({ ttl }) => seen.push(ttl))
    a.ip.write(address('10.0.2.2'), 200, { size: 4, ttl: 9 }, () => 4)
    a.ip.write(address('10.0.2.2'), 200, { size: 4, ttl: 2 }, () => 4)
    await world.pass(100)
    assert.deepEqual(seen, [8, 1])
    assert.equal(b.ip.drops['bad-checksum'], 0)
  })

  it('tells where a packet ended that was too old, in the name that faces the sender', async () => {
    const { world, a, router } = rig()
    const heard = reports(a)
    a.icmp.echo(address('10.0.2.2'), ECHO, { ttl: 1 })
    await world.pass(100)
    assert.deepEqual(heard, ['10.0.1.1: time-exceeded about 10.0.2.2'])
    assert.equal(router.drops['time-exceeded'], 1)
  })

  it('says that it knows no way', async () => {
    const { world, a } = rig()
    const heard = reports(a)
    a.icmp.echo(address('192.0.2.1'), ECHO)
    await world.pass(100)
    assert.deepEqual(heard, ['10.0.1.1: net-unreachable about 192.0.2.1'])
  })

  it('says that nobody on the last link has the address', async () => {
    const { world, a } = rig()
    const heard = reports(a)
    a.icmp.echo(address('10.0.2.77'), ECHO)
    await world.pass(10_000)
    assert.deepEqual(heard, ['10.0.1.1: host-unreachable about 10.0.2.77'])
  })

  it('answers echoes to each of its addresses', async () => {
    const { world, a } = rig()
    const heard = replies(a)
    a.icmp.echo(address('10.0.1.1'), { ...ECHO, sequence: 1, payload: new Uint8Array(55) })
    a.icmp.echo(address('10.0.2.1'), { ...ECHO, sequence: 2 })
    await world.pass(100)
    assert.deepEqual(
      heard.map(({ src, sequence }) => [src, sequence]),
      [
        ['10.0.1.1', 1],
        ['10.0.2.1', 2],
      ],
    )
  })

  it('keeps an answer to itself that does not fit the link to who is said to have asked', async () => {
    const { world, a, router } = rig(1300)
    a.icmp.echo(address('10.0.2.2'), ECHO)
    await world.pass(100)
    const size = icmp.HEADER_SIZE + 1400
    a.ip.write(address('10.0.1.1'), ICMP, { size, src: address('10.0.2.2') }, (message) => {
      icmp.emit(message, 0, size, { type: icmp.ECHO_REQUEST, code: 0, first: 7, second: 1 })
      return size
    })
    await world.pass(100)
    assert.deepEqual([router.counters.echoes, router.drops['not-sent']], [1, 1])
  })

  it('says less of a packet where the link to its sender carries less', async () => {
    const { world, b } = rig(300)
    const heard = reports(b)
    b.icmp.echo(address('10.0.1.2'), ECHO)
    b.icmp.echo(address('192.0.2.1'), { ...ECHO, payload: new Uint8Array(270) })
    await world.pass(100)
    assert.deepEqual(heard, ['10.0.2.1: net-unreachable about 192.0.2.1'])
  })

  it('leaves what is for itself to the stack of the link', async () => {
    const { world, a, left, router } = rig()
    const text = Uint8Array.of(1, 2, 3)
    assert.deepEqual(await world.converse(a, left, text), text)
    assert.equal(router.counters.forwarded, 0)
  })

  it('cuts a packet that is too large for the next link, if it may', async () => {
    const { world, a, b, router } = rig(600)
    const heard: number[] = []
    b.udp.listen(7, ({ payload }) => {
      heard.push(payload.length)
      assert.deepEqual([...new Set(payload)], [0x5a])
    })
    a.udp.write({ address: address('10.0.2.2'), port: 7 }, new Uint8Array(1400).fill(0x5a))
    // Fragments are cut further.
    a.udp.write({ address: address('10.0.2.2'), port: 7 }, new Uint8Array(4000).fill(0x5a))
    await world.pass(100)
    assert.deepEqual(heard, [1400, 4000])
    assert.equal(router.counters.cut, 4)
  })

  it('tells how large a packet may be that may not be cut', async () => {
    const { world, a, router } = rig(600)
    const heard = reports(a)
    a.ip.write(address('10.0.2.2'), UDP, { size: 1000, fragment: false }, () => 1000)
    await world.pass(100)
    assert.deepEqual(heard, ['10.0.1.1: too-big 600 about 10.0.2.2'])
    assert.equal(router.drops['would-fragment'], 1)
  })

  const martians: [dst: string, why: string][] = [
    ['169.254.1.1', 'is of the link alone'],
    ['127.0.0.1', 'is loopback'],
    ['0.1.2.3', 'is this network'],
    ['240.0.0.1', 'is reserved'],
  ]
  for (const [dst, why] of martians) {
    it(`carries nothing to ${dst}, which ${why}, and says nothing`, async () => {
      const { world, a, router } = rig()
      const heard = reports(a)
      a.ip.relay(address('10.0.1.1'), 28, (frame, offset) => {
        frame.set([0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 1, 2], offset)
        dst.split('.').forEach((byte, i) => (frame[offset + 16 + i] = Number(byte)))
        let sum = 0
        for (let i = 0; i < 20; i += 2) sum += (frame[offset + i]! << 8) | frame[offset + i + 1]!
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
        frame[offset + 10] = ~sum >>> 8
        frame[offset + 11] = ~sum
        return 28
      })
      await world.pass(100)
      assert.deepEqual(heard, [])
      assert.deepEqual([router.counters.forwarded, router.drops.martian], [0, 1])
    })
  }

  it('lets no broadcast in from elsewhere', async () => {
    const { world, a, b, router } = rig()
    b.udp.listen(7, () => assert.fail('it was let in'))
    a.udp.write({ address: address('10.0.2.255'), port: 7 }, new Uint8Array(1))
    await world.pass(100)
    assert.equal(router.drops['directed-broadcast'], 1)
  })

  it('sends no more errors than its limit', async () => {
    const { world, a, router } = rig()
    a.icmp.echo(address('10.0.1.1'), ECHO)
    await world.pass(10)
    for (let i = 0; i < 400; i++) {
      a.icmp.echo(address('192.0.2.1'), ECHO)
      if (i % 100 === 99) await world.pass(10)
    }
    assert.ok(router.counters.errors <= 60, `${router.counters.errors} errors`)
    assert.equal(router.counters.errors + router.counters.limited, 400)
  })
})

describe('routers', () => {
  it('lead further, by routes and by gateways', async () => {
    const world = new World()
    const a = world.host('left', '10.0.1.2/24', '10.0.1.1')
    const b = world.host('right', '10.0.3.2/24', '10.0.3.1')
    const clock = world.simulation.clock('routers')
    const first: Router = connect(
      {
        links: [world.host('left', '10.0.1.1/24').ip, world.host('middle', '10.0.2.1/24').ip],
        clock,
        random: even,
      },
      { routes: [{ prefix: cidr('10.0.3.0/24'), link: 1, gateway: address('10.0.2.2') }] },
    )
    connect({
      links: [world.host('middle', '10.0.2.2/24', '10.0.2.1').ip, world.host('right', '10.0.3.1/24').ip],
      clock,
      random: even,
    })
    const [heard, told] = [replies(a), reports(a)]
    a.icmp.echo(b.ip.config.cidr.address, ECHO)
    await world.pass(100)
    assert.deepEqual(heard, [{ src: '10.0.3.2', sequence: 1, length: 56 }])
    a.icmp.echo(address('10.0.3.2'), ECHO, { ttl: 2 })
    await world.pass(100)
    assert.deepEqual(told, ['10.0.2.2: time-exceeded about 10.0.3.2'])
    assert.equal(first.routes.lengths.length, 1)
  })

  it('hear who leases a link an address, whatever address that is', async () => {
    const { world, b, right, router } = rig()
    right.ip.configure({ cidr: cidr('0.0.0.0/0') })
    const heard: number[] = []
    right.udp.listen(68, ({ src }) => heard.push(src.port))
    const lease = { src: address('10.0.2.2'), dst: address('10.0.2.77'), protocol: UDP, ttl: 64 }
    const device = right.net.mac
    b.net.write(14 + 28, (frame) => {
      ethernet.emit(frame, device, b.net.mac, IPV4)
      wire.emit(frame, 14, { ...lease, trafficClass: 0, id: 0, fragmentation: 0 }, 28)
      for (const [index, word] of [67, 68, 8, 0].entries()) setU16(frame, 34 + 2 * index, word)
      return 14 + 28
    })
    await world.pass(100)
    assert.deepEqual([heard, router.drops['no-route']], [[67], 0])
  })

  it('follow the addresses of their links', async () => {
    const { world, a, b, right } = rig()
    right.ip.configure({ cidr: cidr('10.0.9.1/24') })
    b.ip.configure({ cidr: cidr('10.0.9.2/24'), gateway: address('10.0.9.1') })
    const heard = replies(a)
    a.icmp.echo(address('10.0.9.2'), ECHO)
    await world.pass(100)
    assert.equal(heard.length, 1)
  })
})
