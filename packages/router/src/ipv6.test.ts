import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import * as icmp from '@mirage/icmp/icmpv6-wire'
import { BURST } from '@mirage/icmp/limit'
import { HEADER_SIZE } from '@mirage/icmp/wire'
import { ICMPV6, UDP } from '@mirage/ip'
import { DESTINATION_OPTIONS, FRAGMENT, HOP_BY_HOP, ROUTING } from '@mirage/ip/extension'
import { ipv6 as address } from '../../address/src/testing/literals.ts'
import { rig } from './testing/ipv6-rig.ts'

const ECHO = { id: 7, sequence: 1, payload: new Uint8Array(56) }

describe('a router for IPv6', () => {
  it('carries an echo there and back, one hop older', async () => {
    const { simulation, a, b, router, replies } = await rig()
    const seen: number[] = []
    b.ipv6.listen(200, ({ ttl }) => seen.push(ttl))
    a.icmp.echo(address('fd02::2'), ECHO)
    a.ipv6.write(address('fd02::2'), 200, { size: 4, ttl: 9 }, () => 4)
    await simulation.pass(100)
    assert.deepEqual([replies, seen], [['fd02::2 1'], [8]])
    assert.equal(router.counters.forwarded, 3)
  })

  it('carries a conversation bit for bit', async () => {
    const { simulation, a, b } = await rig()
    const text = simulation.random('text').generate(100_000)
    b.tcp.listen(80, (flow) => void flow.write(text).then(() => flow.close()))
    const heard = await simulation.run(
      (async () => {
        const connection = await a.tcp.connect({ address: address('fd02::2'), port: 80 })
        assert.ok(connection.ok)
        const parts: Uint8Array[] = []
        for (;;) {
          const read = await connection.value.read()
          assert.ok(read.ok)
          if (read.value === 'eof') return new Uint8Array(Buffer.concat(parts))
          parts.push(read.value)
        }
      })(),
    )
    assert.deepEqual(heard, text)
  })

  it('says where a packet ended that was too old', async () => {
    const { simulation, a, told } = await rig()
    a.icmp.echo(address('fd02::2'), ECHO, { ttl: 1 })
    await simulation.pass(100)
    assert.deepEqual(told, ['fd01::1: time-exceeded about fd02::2'])
  })

  it('says that it knows no way, and that nobody has the address', async () => {
    const { simulation, a, told } = await rig()
    a.icmp.echo(address('fd09::1'), ECHO)
    a.icmp.echo(address('fd02::77'), ECHO)
    await simulation.pass(10_000)
    assert.deepEqual(told, [
      'fd01::1: net-unreachable about fd09::1',
      'fd01::1: host-unreachable about fd02::77',
    ])
  })

  it('says nothing about what is an error itself, wherever it stands', async () => {
    const { simulation, a, router } = await rig()
    const error = [icmp.UNREACHABLE, 0, 0, 0, 0, 0, 0, 0]
    const options = [ICMPV6, 0, 1, 4, 0, 0, 0, 0]
    const cases: readonly [protocol: number, bytes: readonly number[], errors: number][] = [
      [ICMPV6, error, 0],
      [DESTINATION_OPTIONS, [...options, ...error], 0],
      [FRAGMENT, [ICMPV6, 0, 0, 1, 0, 0, 0, 7, ...error], 0],
      [FRAGMENT, [DESTINATION_OPTIONS, 0, 0, 1, 0, 0, 0, 7, ...options, ...error], 0],
      [DESTINATION_OPTIONS, [...options, icmp.ECHO_REQUEST], 1],
      [DESTINATION_OPTIONS, [UDP, ...options.slice(1), ...error], 1],
    ]
    for (const [protocol, bytes, errors] of cases) {
      const before = router.counters.errors
      a.ipv6.write(address('fd09::1'), protocol, { size: bytes.length }, (payload) => {
        payload.set(bytes)
        return bytes.length
      })
      await simulation.pass(100)
      assert.equal(router.counters.errors - before, errors, bytes.join())
    }
    assert.equal(router.drops['no-route'], cases.length)
  })

  it('says what the next link carries of a datagram, whose sender believes it, and cuts the next', async () => {
    const { simulation, a, b, told } = await rig({ mtu: 1300 })
    const heard: number[] = []
    b.udp.listen(7, ({ payload }) => heard.push(payload.length))
    const far = address('fd02::2')
    for (let i = 0; i < 2; i++) {
      a.udp.write({ address: far, port: 7 }, new Uint8Array(1400))
      await simulation.pass(100)
    }
    assert.deepEqual([told, heard, a.ipv6.mtu(far)], [['fd01::1: too-big 1300 about fd02::2'], [1400], 1260])
  })

  it('says so of no more packets than its limit', async () => {
    const { simulation, a, told, router } = await rig()
    a.icmp.echo(address('fd02::2'), ECHO)
    await simulation.pass(100)
    for (let i = 0; i < 3 * BURST; i++) a.icmp.echo(address('fd09::1'), ECHO)
    await simulation.pass(5)
    assert.deepEqual([router.counters.errors, router.counters.limited], [BURST, 2 * BURST])
    assert.equal(told.length, BURST)
  })

  it('tells how large a packet may be, and cuts none', async () => {
    const { simulation, a, told, router } = await rig({ mtu: 1300 })
    a.icmp.echo(address('fd02::2'), { ...ECHO, payload: new Uint8Array(1400) })
    await simulation.pass(100)
    assert.deepEqual(told, ['fd01::1: too-big 1300 about fd02::2'])
    assert.equal(router.drops['too-big'], 1)
  })

  it('answers echoes to each of its addresses', async () => {
    const { simulation, a, replies } = await rig()
    a.icmp.echo(address('fd01::1'), ECHO)
    a.icmp.echo(address('fd02::1'), { ...ECHO, sequence: 2 })
    await simulation.pass(100)
    assert.deepEqual(replies.sort(), ['fd01::1 1', 'fd02::1 2'])
  })

  it('keeps an answer to itself that does not fit the link to who is said to have asked', async () => {
    const { simulation, a, router } = await rig({ mtu: 1300 })
    a.icmp.echo(address('fd02::2'), ECHO)
    await simulation.pass(100)
    const [size, src, dst] = [HEADER_SIZE + 1400, address('fd02::2'), address('fd02::1')]
    a.ipv6.write(dst, ICMPV6, { size, src }, (message) => {
      icmp.emit(message, 0, size, { type: icmp.ECHO_REQUEST, code: 0, first: 7, second: 1 }, src, dst)
      return size
    })
    await simulation.pass(100)
    assert.deepEqual([router.counters.echoes, router.drops['not-sent']], [1, 1])
  })

  it('carries nothing from or to what is of one link, or an IPv4 address', async () => {
    const { simulation, a, router } = await rig()
    const cases: readonly [src: string, dst: string][] = [
      ['fd01::2', 'fe80::7'],
      ['fe80::7', 'fd02::2'],
      ['fd01::2', '::ffff:10.0.0.1'],
      ['::1', 'fd02::2'],
      ['ff02::1', 'fd02::2'],
    ]
    for (const [src, dst] of cases) {
      a.ipv6.relay(address('fd01::1'), 48, (frame, offset) => {
        frame.set([0x60, 0, 0, 0, 0, 8, 200, 64], offset)
        ipv6.write(frame, offset + 8, address(src))
        ipv6.write(frame, offset + 24, address(dst))
        return 48
      })
    }
    await simulation.pass(100)
    assert.deepEqual([router.counters.forwarded, router.drops.martian], [0, cases.length])
  })

  it('carries nothing that says itself which way it goes, and anything else behind its header', async () => {
    const { simulation, a, router } = await rig()
    const route = (type: number, left: number): number[] => [
      200,
      2,
      type,
      left,
      ...Array.from({ length: 20 }, () => 0),
    ]
    const options = [ROUTING, 0, 1, 4, 0, 0, 0, 0]
    const cases: readonly [protocol: number, bytes: readonly number[], goesOn: boolean][] = [
      [ROUTING, route(0, 1), false],
      [DESTINATION_OPTIONS, [...options, ...route(0, 1)], false],
      [ROUTING, route(0, 0), true],
      [ROUTING, route(4, 1), true],
      [ROUTING, [200], true],
      // What is not known of options on the way is for the host to judge: RFC 8200 §4.
      [HOP_BY_HOP, [200, 0, 0x41, 4, 0, 0, 0, 0], true],
      [FRAGMENT, [200, 0, 0, 8, 0, 0, 0, 7], true],
    ]
    for (const [protocol, bytes, goesOn] of cases) {
      const before = [router.drops['source-route'], router.counters.forwarded] as const
      a.ipv6.write(address('fd02::2'), protocol, { size: bytes.length }, (payload) => {
        payload.set(bytes)
        return bytes.length
      })
      await simulation.pass(100)
      assert.equal(router.drops['source-route'] - before[0], goesOn ? 0 : 1, bytes.join())
      assert.equal(router.counters.forwarded > before[1], goesOn, bytes.join())
    }
  })
})
