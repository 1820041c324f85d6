import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { UdpWriteOptions } from '@mirage/udp'
import type { Stack } from '@mirage/stack'
import { Nat, type NatOptions, OWN_PORT_MIN } from './nat.ts'
import { type Router, connect } from './router.ts'
import { TIMEOUTS } from './sessions.ts'
import { ACK, SYN, World, address, cidr, forge, replies, reports } from './testing/world.ts'

const OUTSIDE = address('203.0.113.1')
const SERVER = address('203.0.113.9')
const OTHER = address('203.0.113.10')

interface Rig {
  readonly world: World
  readonly a: Stack
  readonly b: Stack
  readonly server: Stack
  readonly other: Stack
  /** The router's own stack outside. */
  readonly own: Stack
  readonly nat: Nat
  readonly router: Router
}

/** Two hosts inside, two servers outside, and a router that translates between. */
function rig(options: NatOptions = {}, mtu = 1500): Rig {
  const world = new World()
  const a = world.host('inside', '10.0.0.2/24', '10.0.0.1')
  const b = world.host('inside', '10.0.0.3/24', '10.0.0.1')
  const server = world.host('outside', '203.0.113.9/24', undefined, mtu)
  const other = world.host('outside', '203.0.113.10/24', undefined, mtu)
  const own = world.host('outside', '203.0.113.1/24', '203.0.113.254', mtu)
  const links = [world.host('inside', '10.0.0.1/24').ip, own.ip]
  const nat = new Nat(world.simulation.random('nat'), options)
  const router = connect(
    { links, clock: world.simulation.clock('router'), random: world.simulation.random('router') },
    { outside: 1, nat },
  )
  return { world, a, b, server, other, own, nat, router }
}

/** What arrives at a UDP port, as "address:port text", in order. */
function heard(stack: Stack, port: number, answer?: string): string[] {
  const list: string[] = []
  stack.udp.listen(port, ({ src, payload }) => {
    const from = [...new Uint8Array(new Uint32Array([src.address as number]).buffer)].reverse().join('.')
    list.push(`${from}:${src.port} ${Buffer.from(payload).toString()}`)
    if (answer !== undefined) stack.udp.write(src, Buffer.from(answer), { srcPort: port })
  })
  return list
}

function say(stack: Stack, to: number, port: number, text: string, options: UdpWriteOptions): void {
  assert.ok(stack.udp.write({ address: to as typeof SERVER, port }, Buffer.from(text), options).ok)
}

describe('a translator of UDP', () => {
  it('gives a host the outside address and, where it is free, the port that it has', async () => {
    const { world, a, server } = rig()
    const at = { server: heard(server, 53, 'here'), a: heard(a, 5000) }
    say(a, SERVER, 53, 'hello', { srcPort: 5000 })
    await world.pass(100)
    assert.deepEqual(at, { server: ['203.0.113.1:5000 hello'], a: ['203.0.113.9:53 here'] })
  })

  it('gives another host another port, as odd or even as its own', async () => {
    const { world, a, b, server } = rig()
    const [at, atB] = [heard(server, 53, 'here'), heard(b, 5001)]
    say(a, SERVER, 53, 'a', { srcPort: 5001 })
    await world.pass(100)
    say(b, SERVER, 53, 'b', { srcPort: 5001 })
    await world.pass(100)
    const port = Number(/:(\d+) b/.exec(at[1]!)![1])
    assert.ok(port !== 5001 && port % 2 === 1 && port >= 1024, at[1])
    assert.deepEqual(atB, ['203.0.113.9:53 here'])
  })

  it('leaves the ports from 49152 up to the router itself, which talks to whom the hosts talk to', async () => {
    const { world, a, server, own } = rig()
    const [at, atOwn] = [heard(server, 53, 'here'), heard(own, 50_001)]
    say(a, SERVER, 53, 'a', { srcPort: 50_001 })
    await world.pass(100)
    const port = Number(/:(\d+) a/.exec(at[0]!)![1])
    assert.ok(port >= 1024 && port < OWN_PORT_MIN && port % 2 === 1, at[0])
    say(own, SERVER, 53, 'own', { srcPort: 50_001 })
    own.tcp.localPortMin = OWN_PORT_MIN
    const locals: number[] = []
    server.tcp.listen(80, ({ remote }) => locals.push(remote.port))
    for (let i = 0; i < 20; i++) void own.tcp.connect({ address: SERVER, port: 80 })
    await world.pass(100)
    assert.deepEqual(atOwn, ['203.0.113.9:53 here'])
    assert.ok(locals.length === 20 && locals.every((each) => each >= OWN_PORT_MIN), String(locals))
  })

  it('gives a host the same port whoever it talks to', async () => {
    const { world, a, server, other } = rig()
    const [one, two] = [heard(server, 53), heard(other, 53)]
    say(a, SERVER, 53, 'x', { srcPort: 700 })
    say(a, OTHER, 53, 'x', { srcPort: 700 })
    await world.pass(100)
    assert.equal(one[0], two[0])
    assert.doesNotMatch(one[0]!, /:700 /, 'ports of services stand for no host')
  })

  it('lets those answer that were asked, from any port, and nobody else', async () => {
    const { world, a, server, other, router } = rig()
    const at = heard(a, 5000)
    say(a, SERVER, 53, 'x', { srcPort: 5000 })
    await world.pass(100)
    say(server, OUTSIDE, 5000, 'another port', { srcPort: 54 })
    say(other, OUTSIDE, 5000, 'nobody asked', { srcPort: 53 })
    await world.pass(100)
    assert.deepEqual(at, ['203.0.113.9:54 another port'])
    assert.equal(router.drops['not-translated'], 1)
  })

  it('forgets what was silent for five minutes, and no sooner', async () => {
    const { world, a, server, nat } = rig()
    const at = heard(a, 5000)
    say(a, SERVER, 53, 'x', { srcPort: 5000 })
    await world.pass(TIMEOUTS.udp - 1000)
    say(server, OUTSIDE, 5000, 'in time', { srcPort: 53 })
    await world.pass(TIMEOUTS.udp - 1000)
    nat.expire(world.simulation.now())
    assert.equal(nat.count, 1)
    await world.pass(1100)
    nat.expire(world.simulation.now())
    assert.equal(nat.count, 0)
    say(server, OUTSIDE, 5000, 'too late', { srcPort: 53 })
    await world.pass(100)
    assert.deepEqual(at, ['203.0.113.9:53 in time'])
  })

  it('leads from one host inside to another by the outside address', async () => {
    const { world, a, b, server } = rig({
      forwards: [{ protocol: 'udp', port: 8000, toAddress: address('10.0.0.3'), toPort: 7 }],
    })
    const [atA, atB, atServer] = [heard(a, 5000), heard(b, 7, 'echo'), heard(server, 6000)]
    say(a, OUTSIDE, 8000, 'by the outside', { srcPort: 5000 })
    await world.pass(100)
    assert.deepEqual(atB, ['203.0.113.1:5000 by the outside'])
    assert.deepEqual(atA, ['203.0.113.1:8000 echo'])
    say(server, OUTSIDE, 8000, 'from outside', { srcPort: 6000 })
    await world.pass(100)
    assert.deepEqual(atServer, ['203.0.113.1:8000 echo'])
  })

  it('leads by two ports to the same of a host, whose answers come from the port that was asked', async () => {
    const to = { protocol: 'udp', toAddress: address('10.0.0.2'), toPort: 53 } as const
    const { world, a, server } = rig({ forwards: [53, 5353].map((port) => ({ ...to, port })) })
    const at = { a: heard(a, 53, 'here'), one: heard(server, 7001), other: heard(server, 7002) }
    say(server, OUTSIDE, 53, 'one', { srcPort: 7001 })
    say(server, OUTSIDE, 5353, 'other', { srcPort: 7002 })
    await world.pass(100)
    assert.deepEqual(at, {
      a: ['203.0.113.9:7001 one', '203.0.113.9:7002 other'],
      one: ['203.0.113.1:53 here'],
      other: ['203.0.113.1:5353 here'],
    })
  })

  it('leads by a port that is forwarded twice to the first', async () => {
    const to = { protocol: 'udp', port: 53, toPort: 53 } as const
    const hosts = ['10.0.0.2', '10.0.0.3'].map((host) => ({ ...to, toAddress: address(host) }))
    const { world, a, b, server } = rig({ forwards: hosts })
    const at = { a: heard(a, 53), b: heard(b, 53) }
    say(server, OUTSIDE, 53, 'hello', { srcPort: 7000 })
    await world.pass(100)
    assert.deepEqual(at, { a: ['203.0.113.9:7000 hello'], b: [] })
  })

  it('translates datagrams in fragments, there and back', async () => {
    const { world, a, server } = rig({}, 600)
    const sizes: number[] = []
    server.udp.listen(53, ({ src, payload }) => {
      sizes.push(payload.length)
      server.udp.write(src, payload, { srcPort: 53 })
    })
    a.udp.listen(5000, ({ payload }) => sizes.push(payload.length))
    a.udp.write({ address: SERVER, port: 53 }, new Uint8Array(3000), { srcPort: 5000 })
    await world.pass(100)
    assert.deepEqual(sizes, [3000, 3000])
  })

  it('refuses a host that wants more than its share, and lets others go on', async () => {
    const { world, a, b, server, nat } = rig({ limits: { sessions: 100, sessionsPerHost: 10 } })
    const at = heard(server, 53)
    for (let port = 2000; port < 2050; port++) say(a, SERVER, 53, 'a', { srcPort: port })
    await world.pass(100)
    assert.equal(at.length, 10)
    say(b, SERVER, 53, 'b', { srcPort: 2000 })
    await world.pass(100)
    assert.equal(at.length, 11)
    assert.deepEqual([nat.count, nat.losses], [11, { evicted: 0, refused: 40 }])
  })

  it('ends the oldest of all conversations where there are too many', async () => {
    const { world, a, server, nat } = rig({ limits: { sessions: 5, sessionsPerHost: 10 } })
    const at = heard(a, 2000)
    for (let port = 2000; port < 2006; port++) say(a, SERVER, 53, 'a', { srcPort: port })
    await world.pass(100)
    assert.deepEqual([nat.count, nat.losses], [5, { evicted: 1, refused: 0 }])
    say(server, OUTSIDE, 2000, 'who?', { srcPort: 53 })
    await world.pass(100)
    assert.deepEqual(at, [])
  })
})

describe('a translator of TCP', () => {
  it('carries a conversation bit for bit', async () => {
    const { world, a, server, nat } = rig()
    const text = world.simulation.random('text').generate(200_000)
    assert.deepEqual(await world.converse(a, server, text), text)
    assert.equal(nat.count, 1)
  })

  it('forgets a conversation that both sides have ended after four minutes', async () => {
    const { world, a, server, nat } = rig()
    await world.converse(a, server, Uint8Array.of(1))
    await world.pass(TIMEOUTS.closing + 61_000)
    nat.expire(world.simulation.now())
    assert.equal(nat.count, 0)
  })

  it('keeps one that is silent for two hours', async () => {
    const { world, a, server, nat } = rig()
    server.tcp.listen(80, () => {})
    const flow = await world.simulation.run(a.tcp.connect({ address: SERVER, port: 80 }))
    assert.ok(flow.ok)
    await world.pass(7_200_000)
    nat.expire(world.simulation.now())
    assert.equal(nat.count, 1)
    await world.pass(300_000)
    nat.expire(world.simulation.now())
    assert.equal(nat.count, 0)
  })

  it('leads by a forwarded port to a host inside', async () => {
    const { world, b, server } = rig({
      forwards: [{ protocol: 'tcp', port: 8080, toAddress: address('10.0.0.3'), toPort: 80 }],
    })
    const text = world.simulation.random('text').generate(50_000)
    b.tcp.listen(80, (flow) => {
      void flow.read().then(async (read) => {
        assert.ok(read.ok && read.value !== 'eof')
        await flow.write(read.value)
        flow.close()
      })
    })
    const echoed = await world.simulation.run(
      (async () => {
        const connection = await server.tcp.connect({ address: OUTSIDE, port: 8080 })
        assert.ok(connection.ok)
        await connection.value.write(text.subarray(0, 100))
        const read = await connection.value.read()
        return read.ok ? read.value : read.error
      })(),
    )
    assert.deepEqual(echoed, text.slice(0, 100))
  })
})

describe('a forwarded port that is flooded', () => {
  const to = { protocol: 'tcp', port: 8080, toAddress: address('10.0.0.3'), toPort: 80 } as const
  const limits = { sessions: 100, sessionsPerHost: 50 }
  const what: readonly [string, (flags: number) => boolean][] = [
    ['with SYNs', (flags) => flags === SYN],
    ['with acknowledgements of nothing', (flags) => flags === ACK],
    ['with both', () => true],
  ]
  for (const [how, isSent] of what) {
    it(`${how} in any number of names goes on to lead inside, and its host gets out`, async () => {
      const { world, b, server, nat } = rig({ forwards: [to], limits })
      b.tcp.listen(80, (flow) => void flow.write(Uint8Array.of(1)))
      server.tcp.listen(80, (flow) => void flow.write(Uint8Array.of(1)))
      const ways = [
        [server, { address: OUTSIDE, port: 8080 }],
        [b, { address: SERVER, port: 80 }],
      ] as const
      const areOpen = async (): Promise<boolean> => {
        for (const [from, remote] of ways) {
          const flow = await world.simulation.run(from.tcp.connect(remote))
          if (!flow.ok || !(await world.simulation.run(flow.value.read())).ok) return false
        }
        return true
      }
      // Neighbours know each other.
      assert.ok(await areOpen())
      for (let i = 0; i < 400; i++) {
        const src = address(`203.0.113.${20 + (i % 200)}`)
        for (const flags of [SYN, ACK].filter(isSent))
          forge(server.ip, { src, dst: OUTSIDE, srcPort: 1000 + i, dstPort: 8080 }, flags, i)
        if (i % 40 === 0) await world.pass(5)
      }
      await world.pass(100)
      assert.ok(await areOpen())
      assert.ok(nat.count <= limits.sessions)
    })
  }
})

describe('a translator of ICMP', () => {
  it('carries echoes, of two hosts with one id, too', async () => {
    const { world, a, b } = rig()
    const [atA, atB] = [replies(a), replies(b)]
    a.icmp.echo(SERVER, { id: 7, sequence: 1, payload: new Uint8Array(3) })
    b.icmp.echo(SERVER, { id: 7, sequence: 2, payload: new Uint8Array(5) })
    await world.pass(100)
    assert.deepEqual(
      [atA, atB],
      [[{ src: '203.0.113.9', sequence: 1, length: 3 }], [{ src: '203.0.113.9', sequence: 2, length: 5 }]],
    )
  })

  it('brings an error to the host that it is about', async () => {
    const { world, a } = rig()
    const told = reports(a)
    say(a, SERVER, 9, 'nobody listens', { srcPort: 5000 })
    await world.pass(100)
    assert.deepEqual(told, ['203.0.113.9: port-unreachable about 203.0.113.9'])
  })

  it('brings an error about an echo, too', async () => {
    const { world, a } = rig()
    const told = reports(a)
    connect({
      links: [world.host('outside', '203.0.113.254/24').ip, world.host('far', '192.0.2.1/24').ip],
      clock: world.simulation.clock('another router'),
      random: world.simulation.random('another router'),
    })
    a.icmp.echo(address('198.51.100.1'), { id: 9, sequence: 1, payload: new Uint8Array(8) })
    await world.pass(100)
    assert.deepEqual(told, ['203.0.113.254: net-unreachable about 198.51.100.1'])
  })

  it('brings an error of a host inside to whom it is about', async () => {
    const { world, server } = rig({
      forwards: [{ protocol: 'udp', port: 8000, toAddress: address('10.0.0.3'), toPort: 7 }],
    })
    const told = reports(server)
    say(server, OUTSIDE, 8000, 'nobody listens', { srcPort: 5000 })
    await world.pass(100)
    assert.deepEqual(told, ['203.0.113.1: port-unreachable about 203.0.113.1'])
  })

  it('answers echoes to the outside address itself', async () => {
    const { world, server } = rig()
    const at = replies(server)
    server.icmp.echo(OUTSIDE, { id: 1, sequence: 1, payload: new Uint8Array(1) })
    await world.pass(100)
    assert.equal(at.length, 1)
  })
})

describe('a border', () => {
  it('is not crossed by who knows the addresses inside', async () => {
    const { world, a, server, router } = rig()
    const at = heard(a, 7)
    server.ip.configure({ cidr: cidr('203.0.113.9/24'), gateway: OUTSIDE })
    say(server, address('10.0.0.2'), 7, 'let me in', { srcPort: 7 })
    await world.pass(100)
    assert.deepEqual(at, [])
    assert.equal(router.drops['not-translated'], 1)
  })
})
