import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { format } from '@mirage/address/ip'
import * as ipv6 from '@mirage/address/ipv6'
import * as icmp from '@mirage/icmp/icmpv6-wire'
import { HEADER_SIZE } from '@mirage/icmp/wire'
import { ICMPV6, type Ipv6Layer, UDP } from '@mirage/ip'
import { DESTINATION_OPTIONS, FRAGMENT } from '@mirage/ip/extension'
import { simulate } from '@mirage/simulation'
import { type Stack, connect as connectStack } from '@mirage/stack'
import { type Switch, vnetif } from '@mirage/vnetif'
import { ipv6 as address } from '../../address/src/testing/literals.ts'
import { connect } from './ipv6.ts'

/** Two hosts, and a router between their links. */
async function rig(mtu = 1500) {
  const simulation = simulate(1, setImmediate)
  const lan = (name: string): Switch =>
    vnetif({ clock: simulation.clock(name), random: simulation.random(name) })
  const [left, right] = [lan('left'), lan('right')]
  const host = (link: Switch, at: string, gateway?: string, size = 1500): Stack & { ipv6: Ipv6Layer } => {
    const clock = simulation.clock(at)
    const needs = { net: link.connect({ mtu: size }), clock, random: simulation.random(at) }
    const cidr = { address: address(at), prefixLength: 64 }
    const way = gateway === undefined ? {} : { gateway: address(gateway) }
    const stack = connectStack(needs, undefined, {
      addresses: [cidr],
      isTrusted: true,
      acceptsRouters: false,
      ...way,
    })
    assert.ok(stack.ipv6 !== undefined)
    return Object.assign(stack, { ipv6: stack.ipv6 })
  }
  const a = host(left, 'fd01::2', 'fd01::1')
  const b = host(right, 'fd02::2', 'fd02::1', mtu)
  const links = [host(left, 'fd01::1').ipv6, host(right, 'fd02::1', undefined, mtu).ipv6]
  const router = connect({ links, clock: simulation.clock('router') })
  await simulation.pass(100)
  const told: string[] = []
  for (const protocol of [ICMPV6, UDP]) {
    a.icmp.onError(protocol, (error) => {
      const size = error.kind === 'too-big' ? ` ${error.mtu}` : ''
      told.push(`${format(error.reporter)}: ${error.kind}${size} about ${format(error.dst)}`)
    })
  }
  const replies: string[] = []
  a.icmp.onReply(({ src, sequence }) => replies.push(`${format(src)} ${sequence}`))
  return { simulation, a, b, router, told, replies }
}

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

  it('tells how large a packet may be, and cuts none', async () => {
    const { simulation, a, told, router } = await rig(1300)
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
    const { simulation, a, router } = await rig(1300)
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

  it('carries nothing that is of one link', async () => {
    const { simulation, a, router } = await rig()
    const gateway = address('fd01::1')
    a.ipv6.relay(gateway, 48, (frame, offset) => {
      frame.set([0x60, 0, 0, 0, 0, 8, 200, 64], offset)
      ipv6.write(frame, offset + 8, address('fd01::2'))
      ipv6.write(frame, offset + 24, address('fe80::7'))
      return 48
    })
    await simulation.pass(100)
    assert.deepEqual([router.counters.forwarded, router.drops.martian], [0, 1])
  })
})
