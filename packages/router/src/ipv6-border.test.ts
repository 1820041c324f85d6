import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { format } from '@mirage/address/ip'
import * as icmp from '@mirage/icmp/icmpv6-wire'
import * as ipv6 from '@mirage/address/ipv6'
import { UDP } from '@mirage/ip'
import type { Stack } from '@mirage/stack'
import { ipv6 as address } from '../../address/src/testing/literals.ts'
import { Filter, type FilterOptions } from './filter.ts'
import { lookup } from './routes.ts'
import { parse } from './rules.ts'
import { bytesOf } from './testing/ipv6-packets.ts'
import { type Rig, rig } from './testing/ipv6-rig.ts'
import { ACK, SYN, forge } from './testing/world.ts'

const A = address('fd01::2')
const B = address('fd02::2')
const ROUTER_INSIDE = address('fd01::1')
const ROUTER_OUTSIDE = address('fd02::1')
const ECHO = { id: 7, sequence: 1, payload: new Uint8Array(8) }

/** A host inside, one outside, and a router with a filter of these rules between. */
async function border(
  texts: readonly string[] = [],
  options: FilterOptions = {},
): Promise<Rig & { readonly filter: Filter }> {
  const rules = texts.map((text) => {
    const rule = parse(text)
    assert.ok(rule.ok, text)
    return rule.value
  })
  const filter = new Filter(rules, options)
  return { ...(await rig({ outside: 1, filter })), filter }
}

/** The senders of the datagrams that come to `port`. */
function datagrams(stack: Stack, port: number): string[] {
  const list: string[] = []
  stack.udp.listen(port, ({ src }) => list.push(`${format(src.address)} ${src.port}`))
  return list
}

/** What `from` reads from `to` when it says `text` to its echo. */
async function echo(
  { simulation }: Rig,
  from: Stack,
  to: Stack,
  dst: ipv6.Ipv6,
  text: Uint8Array,
): Promise<Uint8Array> {
  to.tcp.listen(80, (flow) => {
    void (async () => {
      for (;;) {
        const read = await flow.read()
        if (!read.ok || read.value === 'eof') return flow.close()
        await flow.write(read.value)
      }
    })()
  })
  return simulation.run(
    (async () => {
      const connection = await from.tcp.connect({ address: dst, port: 80 })
      assert.ok(connection.ok, `not connected: ${connection.ok || connection.error}`)
      void connection.value.write(text).then(() => connection.value.shutdown())
      const parts: Uint8Array[] = []
      for (;;) {
        const read = await connection.value.read()
        assert.ok(read.ok)
        if (read.value === 'eof') return new Uint8Array(Buffer.concat(parts))
        parts.push(read.value)
      }
    })(),
  )
}

describe('the border of a router for IPv6', () => {
  it('lets conversations out, their answers in, and nothing else', async () => {
    const { simulation, a, b, router, filter } = await border()
    const [heard, answered] = [datagrams(b, 53), datagrams(a, 5000)]
    a.udp.write({ address: B, port: 53 }, new Uint8Array(1), { srcPort: 5000 })
    await simulation.pass(100)
    for (const srcPort of [53, 54]) b.udp.write({ address: A, port: 5000 }, new Uint8Array(1), { srcPort })
    await simulation.pass(100)
    assert.deepEqual([heard, answered], [['fd01::2 5000'], ['fd02::2 53']])
    assert.deepEqual([router.drops.denied, filter.counters.otherDenied], [1, 1])
  })

  it('carries conversations of TCP bit for bit, for long after neighbours were asked for', async () => {
    const site = await border(['allow in tcp to fd01::2 port 80'])
    const text = site.simulation.random('text').generate(100_000)
    assert.deepEqual(await echo(site, site.a, site.b, B, text), text)
    await site.simulation.pass(120_000)
    assert.deepEqual(await echo(site, site.b, site.a, A, text), text)
    assert.deepEqual(site.filter.counters.rules, [1])
    assert.equal(site.router.drops.denied, 0)
  })

  it('refuses connections from outside, and says so where a rule does', async () => {
    const { simulation, a, b, router } = await border(['reject in tcp to any port 80'])
    for (const port of [80, 81]) a.tcp.listen(port, () => assert.fail('it came through'))
    const connecting = [80, 81].map((port) => b.tcp.connect({ address: A, port }))
    const ended = await simulation.run(Promise.all(connecting))
    assert.deepEqual(
      ended.map((each) => each.ok || each.error),
      ['refused', 'timed-out'],
    )
    assert.equal(router.counters.errors > 0, true)
  })

  it('lets errors in about what went out: packets are too big on the way', async () => {
    const { simulation, a, b, told } = await border()
    a.udp.write({ address: B, port: 9 }, new Uint8Array(1), { srcPort: 5000 })
    await simulation.pass(100)
    const quote = (srcPort: number): Uint8Array => {
      const datagram = Uint8Array.of(srcPort >>> 8, srcPort, 0, 9, 0, 9, 1, 2, 0)
      return bytesOf({ src: A, dst: B, protocol: UDP, payload: datagram })
    }
    for (const [srcPort, mtu] of [
      [5000, 1300],
      [5001, 1299],
    ] as const) {
      const message = new Uint8Array(8 + 49)
      message.set([icmp.PACKET_TOO_BIG, 0, 0, 0, 0, 0, mtu >>> 8, mtu])
      message.set(quote(srcPort), 8)
      b.icmp.write(A, message)
    }
    await simulation.pass(100)
    assert.deepEqual(told, ['fd02::2: port-unreachable about fd02::2', 'fd02::2: too-big 1300 about fd02::2'])
  })

  it('lets nobody cross it in the name of the other side', async () => {
    const { simulation, a, b, router, filter } = await border(['allow'])
    const [heardInside, heardOutside] = [datagrams(a, 7), datagrams(b, 7)]
    const write = (from: Rig['a'], src: string, dst: ipv6.Ipv6): void => {
      forge(from.ipv6, { src: address(src), dst, srcPort: 1, dstPort: 7 }, SYN)
    }
    write(b, 'fd01::9', A)
    write(b, 'fd01::9', ROUTER_OUTSIDE)
    write(a, 'fd02::9', B)
    await simulation.pass(100)
    assert.deepEqual([router.drops.spoofed, filter.count], [3, 0])
    assert.deepEqual([heardInside, heardOutside], [[], []])
  })

  it('tells hosts inside nothing about what others sent in their name, and carries none of it back', async () => {
    const away = { prefix: { address: address('2001:db8::'), prefixLength: 32 }, link: 1, gateway: B }
    const { simulation, b, told, router } = await rig({ outside: 1, filter: new Filter([]), routes: [away] })
    const write = (dst: string, ttl: number): void => {
      const sent = b.ipv6.write(address(dst), UDP, { size: 8, src: A, ttl }, (datagram) => datagram.length)
      assert.ok(sent.ok)
    }
    write('fd01::9', 1)
    write('2001:db9::1', 64)
    write('2001:db8::1', 64)
    await simulation.pass(100)
    assert.deepEqual(told, [])
    assert.deepEqual(router.counters, { forwarded: 0, echoes: 0, errors: 0, limited: 0 })
    assert.equal(router.drops.spoofed, 3)
  })

  it('guards the router itself, but not from its own neighbours', async () => {
    const [closed, open] = [await border(), await border(['allow in icmp'])]
    for (const { simulation, b } of [closed, open]) {
      const replies: string[] = []
      b.icmp.onReply(({ src }) => replies.push(format(src)))
      for (const at of [ROUTER_OUTSIDE, ROUTER_INSIDE]) b.icmp.echo(at, ECHO)
      await simulation.pass(100)
      assert.deepEqual(replies.sort(), b === open.b ? ['fd01::1', 'fd02::1'] : [])
    }
    closed.a.icmp.echo(ROUTER_INSIDE, ECHO)
    closed.a.icmp.echo(B, { ...ECHO, sequence: 2 })
    await closed.simulation.pass(100)
    assert.deepEqual(closed.replies.sort(), ['fd01::1 1', 'fd02::2 2'])
  })

  it('lets a page of the router be read from inside, and not from outside', async () => {
    const { simulation, a, b, legs } = await border()
    for (const leg of legs) leg.tcp.listen(80, (flow) => flow.close())
    const [inside, outside] = await simulation.run(
      Promise.all([
        a.tcp.connect({ address: ROUTER_INSIDE, port: 80 }),
        b.tcp.connect({ address: ROUTER_OUTSIDE, port: 80 }),
      ]),
    )
    assert.deepEqual([inside.ok, outside.ok || outside.error], [true, 'timed-out'])
  })

  it('lets fragments pass where the first did', async () => {
    const { simulation, a, b } = await border(['allow in udp to any port 7'])
    const at = [datagrams(a, 7), datagrams(a, 8)]
    for (const port of [7, 8]) b.udp.write({ address: A, port }, new Uint8Array(4000), { srcPort: 9 })
    await simulation.pass(100)
    assert.deepEqual(at, [['fd02::2 9'], []])
  })

  for (const [what, segments] of [
    ['SYNs', [SYN]],
    ['SYNs and acknowledgements', [SYN, ACK]],
  ] as const) {
    it(`has room for conversations in a flood of ${what} in any number of names`, async () => {
      const limits = { sessions: 100, sessionsPerHost: 50 }
      const { simulation, a, b, filter } = await border(['allow in tcp to fd01::2 port 80'], { limits })
      a.tcp.listen(80, (flow) => void flow.write(Uint8Array.of(1)))
      const open = (): ReturnType<typeof b.tcp.connect> =>
        simulation.run(b.tcp.connect({ address: A, port: 80 }))
      const early = await open()
      assert.ok(early.ok)
      for (let i = 0; i < 400; i++) {
        const src = ipv6.of(0xfd02, 0, 0, 1 + (i % 200), 1, 1, 1, i)
        for (const flags of segments) forge(b.ipv6, { src, dst: A, srcPort: 1000 + i, dstPort: 80 }, flags, i)
        if (i % 40 === 0) await simulation.pass(5)
      }
      await simulation.pass(100)
      assert.equal(filter.count, limits.sessions)
      const late = await open()
      assert.ok(late.ok, 'another begins')
      for (const { value: flow } of [early, late]) assert.ok((await simulation.run(flow.read())).ok)
    })
  }

  it('keeps networks inside, though somebody outside gives the router an address in one', async () => {
    for (const [outside, inside, prefixLength] of [
      [1, A, 64],
      [1, A, 80],
      [0, B, 64],
    ] as const) {
      const { simulation, router, legs } = await rig({ outside })
      const given = ipv6.of(...Array.from({ length: 7 }, (_, i) => ipv6.group(inside, i)), 0x99)
      legs[outside]?.ipv6.add({ address: given, prefixLength })
      await simulation.pass(5000)
      assert.ok(legs[outside]?.ipv6.isOwn(given))
      assert.equal(lookup(router.routes, inside)?.link, 1 - outside)
    }
  })

  it('is the only way to everywhere, whatever routers there are inside', async () => {
    const anywhere = address('2001:db8::1')
    for (const [options, link] of [
      [{}, 0],
      [{ outside: 1 }, undefined],
      [{ outside: 0 }, 0],
    ] as const) {
      const { router } = await rig({ gateway: 'fd01::9', ...options })
      assert.equal(lookup(router.routes, anywhere)?.link, link)
    }
  })
})
