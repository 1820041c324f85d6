import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import type { Ip } from '@mirage/ip'
import { simulate } from '@mirage/simulation'
import { type Stack, connect as connectStack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import { type Switch, vnetif } from '@mirage/vnetif'
import { mtuEnforced } from '@mirage/vnetif/plans'
import { connect as connectIpv6 } from './ipv6.ts'
import { connect as connectIpv4 } from './router.ts'

type Family = 'IPv4' | 'IPv6'

/** How the link between the two routers is narrow: as the routers know, or further on, where nobody tells. */
interface Middle {
  readonly mtu?: number
  readonly sizeMax?: number
}

/** The hosts are 2 in nets 1 and 3, the routers 1 and, where both are, in net 2, 1 and 2. */
const PLACES = {
  IPv4: (net: number, host: number) => ipv4.of(10, 0, net, host),
  IPv6: (net: number, host: number) => ipv6.of(0xfd00 + net, 0, 0, 0, 0, 0, 0, host),
}

/** There, and as much back. */
const LATENCY = 5

/** Two hosts, each at the link of a router, and a link between these. */
class World {
  readonly simulation = simulate(1, setImmediate)
  readonly #family: Family
  readonly #lans = new Map<number, Switch>()
  readonly a: Stack
  readonly b: Stack
  /** Packets that were too big for a router. */
  readonly refused: () => number

  constructor(family: Family, { mtu = 1500, sizeMax }: Middle) {
    this.#family = family
    const narrow = sizeMax === undefined ? {} : mtuEnforced(sizeMax)
    for (const net of [1, 2, 3]) {
      const [clock, random] = [this.simulation.clock(`lan ${net}`), this.simulation.random(`lan ${net}`)]
      this.#lans.set(net, vnetif({ clock, random, faults: net === 2 ? { ...narrow, latency: LATENCY } : {} }))
    }
    this.a = this.#stack(1, 2, 1)
    this.b = this.#stack(3, 2, 1)
    const near = this.#route([this.#stack(1, 1), this.#stack(2, 1, 2, mtu)])
    const far = this.#route([this.#stack(3, 1), this.#stack(2, 2, 1, mtu)])
    this.refused = () => near() + far()
  }

  /** Host `host` of `net`, whose way out is the host `gateway`. */
  #stack(net: number, host: number, gateway?: number, mtu = 1500): Stack {
    const name = `${net}.${host}`
    const [clock, random] = [this.simulation.clock(name), this.simulation.random(name)]
    const needs = { net: this.#lans.get(net)!.connect({ mtu }), clock, random }
    if (this.#family === 'IPv4') {
      const cidr = { address: PLACES.IPv4(net, host), prefixLength: 24 }
      return connectStack(needs, {
        cidr,
        ...(gateway === undefined ? {} : { gateway: PLACES.IPv4(net, gateway) }),
      })
    }
    const addresses = [{ address: PLACES.IPv6(net, host), prefixLength: 64 }]
    const way = gateway === undefined ? {} : { gateway: PLACES.IPv6(net, gateway) }
    return connectStack(needs, undefined, { addresses, isTrusted: true, acceptsRouters: false, ...way })
  }

  /** Has `legs` be those of one router. Returns how many packets were too big for it. */
  #route(legs: readonly Stack[]): () => number {
    const needs = { clock: this.simulation.clock('routers'), random: this.simulation.random('routers') }
    if (this.#family === 'IPv4') {
      const { drops } = connectIpv4({ links: legs.map(({ ip }) => ip), ...needs })
      return () => drops['would-fragment']
    }
    const { drops } = connectIpv6({ links: legs.map((leg) => leg.ipv6!), ...needs })
    return () => drops['too-big']
  }

  /** What each end knows of the way to the other. */
  pathMtus(): number[] {
    const ends = [
      [this.a, PLACES[this.#family](3, 2)],
      [this.b, PLACES[this.#family](1, 2)],
    ] as const
    return ends.map(([{ ip, ipv6: six }, to]) => {
      const own: Ip = this.#family === 'IPv4' ? ip : six!
      return own.mtu(to) + HEADER_SIZE[this.#family]
    })
  }

  /** Carries `text` from A to B and back on one connection. */
  async echo(text: Uint8Array): Promise<void> {
    this.b.tcp.listen(80, (flow) => void this.#answer(flow))
    const connecting = this.a.tcp.connect({ address: PLACES[this.#family](3, 2), port: 80 })
    const opened = await this.simulation.run(connecting)
    assert.ok(opened.ok)
    void opened.value.write(text).then(() => opened.value.shutdown())
    assert.deepEqual(await this.simulation.run(readAll(opened.value)), text)
  }

  async #answer(flow: TcpFlow): Promise<void> {
    await flow.write(await readAll(flow))
    flow.close()
  }
}

async function readAll(flow: TcpFlow): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (;;) {
    const read = await flow.read()
    assert.ok(read.ok, `not read: ${read.ok || read.error}`)
    if (read.value === 'eof') return new Uint8Array(Buffer.concat(parts))
    parts.push(read.value)
  }
}

const HEADER_SIZE = { IPv4: 20, IPv6: 40 }
const LENGTH = 200_000
/** Of the first window of each end, which is sent before anything is known. */
const REFUSED_MAX = 20

const cases: readonly [family: Family, mtu: number, silentMs: number][] = [
  ['IPv4', 1400, 4000],
  ['IPv4', 1280, 4000],
  // Smaller than IPv6 allows is believed two timeouts later.
  ['IPv4', 576, 15_000],
  ['IPv6', 1400, 4000],
  ['IPv6', 1280, 4000],
]

for (const [family, mtu, silentMs] of cases) {
  describe(`TCP over ${family} whose packets meet a link of ${mtu} bytes behind a router`, () => {
    it('is told so, waits for no timeout, and loses no more than its first windows', async () => {
      const world = new World(family, { mtu })
      await world.echo(world.simulation.random('text').generate(LENGTH))
      assert.ok(world.simulation.now() < 1000, `${world.simulation.now()} ms`)
      assert.ok(world.refused() > 0 && world.refused() <= REFUSED_MAX, `${world.refused()} were refused`)
      assert.deepEqual(world.pathMtus(), [mtu, mtu])
    })

    it('finds out where nobody tells, after some timeouts', async () => {
      const world = new World(family, { sizeMax: mtu })
      await world.echo(world.simulation.random('text').generate(LENGTH))
      assert.ok(world.simulation.now() < silentMs, `${world.simulation.now()} ms`)
      assert.equal(world.refused(), 0)
    })
  })
}
