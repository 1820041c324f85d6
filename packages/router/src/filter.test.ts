import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Filter, type FilterOptions } from './filter.ts'
import { Nat } from './nat.ts'
import { connect } from './router.ts'
import { format, parse, type Rule } from './rules.ts'
import { TIMEOUTS } from './sessions.ts'
import { ACK, SYN, World, address, forge, replies, reports } from './testing/world.ts'

function rules(...texts: string[]): Rule[] {
  return texts.map((text) => {
    const parsed = parse(text)
    assert.ok(parsed.ok, text)
    return parsed.value
  })
}

/** A host inside, one outside, and a router with a filter between; with `nat`, one that translates, too. */
function rig(texts: string[] = [], isTranslating = false, options: FilterOptions = {}) {
  const world = new World()
  const a = world.host('inside', '10.0.0.2/24', '10.0.0.1')
  const b = world.host('outside', '10.0.1.2/24', '10.0.1.1')
  const links = [world.host('inside', '10.0.0.1/24').ip, world.host('outside', '10.0.1.1/24').ip]
  const denied: string[] = []
  const filter = new Filter(rules(...texts), {
    denied: (direction, ends, rule) => {
      denied.push(
        `${direction} ${ends === undefined ? 'stray' : ends.dstPort}${rule === undefined ? '' : ` ${format(rule)}`}`,
      )
    },
    ...options,
  })
  const nat = new Nat(world.simulation.random('nat'), {
    forwards: [{ protocol: 'udp', port: 8000, toAddress: address('10.0.0.2'), toPort: 7 }],
  })
  const router = connect(
    { links, clock: world.simulation.clock('router'), random: world.simulation.random('router') },
    { outside: 1, filter, ...(isTranslating ? { nat } : {}) },
  )
  return { world, a, b, filter, router, denied }
}

const A = address('10.0.0.2')
const B = address('10.0.1.2')
const ECHO = { id: 7, sequence: 1, payload: new Uint8Array(8) }

describe('a filter', () => {
  it('lets conversations out, their answers in, and nothing else', async () => {
    const { world, a, b, filter, router, denied } = rig()
    const at: string[] = []
    b.udp.listen(53, ({ src }) => void b.udp.write(src, Uint8Array.of(1), { srcPort: 53 }))
    a.udp.listen(5000, ({ src }) => at.push(`from ${src.port}`))
    a.udp.write({ address: B, port: 53 }, Uint8Array.of(1), { srcPort: 5000 })
    await world.pass(100)
    b.udp.write({ address: A, port: 5000 }, Uint8Array.of(1), { srcPort: 54 })
    await world.pass(100)
    assert.deepEqual(at, ['from 53'])
    assert.deepEqual(denied, ['in 5000'])
    assert.deepEqual(filter.counters, {
      rules: [],
      established: 1,
      otherAllowed: 1,
      otherDenied: 1,
      stray: 0,
    })
    assert.equal(router.drops.denied, 1)
  })

  it('carries what a rule lets in, bit for bit, and counts it', async () => {
    const { world, a, b, filter } = rig(['allow in tcp to 10.0.0.2 port 80'])
    const text = world.simulation.random('text').generate(100_000)
    assert.deepEqual(await world.converse(b, a, text), text)
    assert.deepEqual(filter.counters.rules, [1])
  })

  it('lets the first rule decide that fits', async () => {
    const { world, a, b, denied } = rig([
      'deny in udp to any port 7',
      'allow in udp',
      'deny out udp to any port 9',
    ])
    const at: number[] = []
    for (const port of [7, 8]) {
      a.udp.listen(port, () => at.push(port))
      b.udp.write({ address: A, port }, new Uint8Array(1))
    }
    a.udp.write({ address: B, port: 9 }, new Uint8Array(1))
    await world.pass(100)
    assert.deepEqual(at, [8])
    assert.deepEqual(
      denied.sort(),
      ['in 7 deny in udp to 0.0.0.0/0 port 7', 'out 9 deny out udp to 0.0.0.0/0 port 9'].map((line) =>
        line.replaceAll('0.0.0.0/0', 'any'),
      ),
    )
  })

  it('tells senders only where a rule says so', async () => {
    const { world, b } = rig(['reject in udp to any port 7'])
    const told = reports(b)
    for (const port of [7, 8]) b.udp.write({ address: A, port }, new Uint8Array(1))
    await world.pass(100)
    assert.deepEqual(told, ['10.0.1.1: prohibited about 10.0.0.2'])
  })

  it('lets errors in about what went out, and no others', async () => {
    const { world, a, b, filter } = rig()
    const told = reports(a)
    a.udp.write({ address: B, port: 9 }, new Uint8Array(1), { srcPort: 5000 })
    await world.pass(100)
    assert.deepEqual(told, ['10.0.1.2: port-unreachable about 10.0.1.2'])
    const message = new Uint8Array(8 + 28)
    message[0] = 3
    message.set([0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 1, 2, 1, 1, 2, 2], 8)
    b.icmp.write(A, message)
    await world.pass(100)
    assert.equal(told.length, 1)
    assert.equal(filter.counters.stray, 1)
  })

  it('lets fragments in where the first was', async () => {
    const { world, a, b } = rig(['allow in udp to any port 7'])
    const at: number[] = []
    a.udp.listen(7, ({ payload }) => at.push(payload.length))
    a.udp.listen(8, ({ payload }) => at.push(payload.length))
    b.udp.write({ address: A, port: 7 }, new Uint8Array(4000))
    b.udp.write({ address: A, port: 8 }, new Uint8Array(4001))
    await world.pass(100)
    assert.deepEqual(at, [4000])
  })

  it('guards the router itself, too', async () => {
    const [closed, open] = [rig(), rig(['allow in icmp'])]
    for (const { world, b } of [closed, open]) {
      b.icmp.echo(address('10.0.1.1'), ECHO)
      b.icmp.echo(address('10.0.0.1'), { ...ECHO, sequence: 2 })
      await world.pass(100)
    }
    assert.equal(closed.router.counters.echoes, 0)
    assert.equal(open.router.counters.echoes, 2)
  })

  it('lets the inside talk to the router, whatever the rules', async () => {
    const { world, a } = rig(['deny'])
    const at = replies(a)
    a.icmp.echo(address('10.0.0.1'), ECHO)
    await world.pass(100)
    assert.equal(at.length, 1)
  })

  it('forgets what is silent', async () => {
    const { world, a, b, filter, denied } = rig()
    a.udp.write({ address: B, port: 9 }, new Uint8Array(1), { srcPort: 5000 })
    await world.pass(TIMEOUTS.udp + 1000)
    filter.expire(world.simulation.now())
    assert.equal(filter.count, 0)
    b.udp.write({ address: A, port: 5000 }, new Uint8Array(1), { srcPort: 9 })
    await world.pass(100)
    assert.deepEqual(denied, ['in 5000'])
  })

  it('holds no more conversations than its limit', async () => {
    const { world, a, filter } = rig([], false, { limits: { sessions: 5, sessionsPerHost: 3 } })
    for (let port = 1; port <= 9; port++) a.udp.write({ address: B, port }, new Uint8Array(1))
    await world.pass(100)
    assert.equal(filter.count, 3)
  })

  for (const [what, segments] of [
    ['SYNs', [SYN]],
    ['SYNs and acknowledgements', [SYN, ACK]],
  ] as const) {
    it(`has room for conversations in a flood of ${what} in any number of names`, async () => {
      const limits = { sessions: 100, sessionsPerHost: 50 }
      const { world, a, b, filter } = rig(['allow in tcp to 10.0.0.2 port 80'], false, { limits })
      a.tcp.listen(80, (flow) => void flow.write(Uint8Array.of(1)))
      const open = (): ReturnType<typeof b.tcp.connect> =>
        world.simulation.run(b.tcp.connect({ address: A, port: 80 }))
      const early = await open()
      assert.ok(early.ok)
      for (let i = 0; i < 400; i++) {
        const ends = { src: address(`10.0.1.${10 + (i % 200)}`), dst: A, srcPort: 1000 + i, dstPort: 80 }
        for (const flags of segments) forge(b.ip, ends, flags, i)
        if (i % 40 === 0) await world.pass(5)
      }
      await world.pass(100)
      assert.equal(filter.count, limits.sessions)
      const late = await open()
      assert.ok(late.ok, 'another begins')
      for (const { value: flow } of [early, late]) assert.ok((await world.simulation.run(flow.read())).ok)
    })
  }

  it('knows hosts inside by their own addresses where they are translated', async () => {
    const { world, a, b, denied } = rig(['allow in udp to 10.0.0.2 port 7'], true)
    const at: string[] = []
    a.udp.listen(7, ({ src }) => void a.udp.write(src, Uint8Array.of(1), { srcPort: 7 }))
    b.udp.listen(6000, ({ src }) => at.push(`from ${src.port}`))
    b.udp.write({ address: address('10.0.1.1'), port: 8000 }, Uint8Array.of(1), { srcPort: 6000 })
    await world.pass(100)
    assert.deepEqual([at, denied], [['from 8000'], []])
  })
})
