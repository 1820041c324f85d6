import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { format } from '@mirage/address/ip'
import * as ipv6 from '@mirage/address/ipv6'
import type { Ipv6Layer } from '@mirage/ip'
import { local } from '@mirage/address/mac'
import type { Advertised } from '@mirage/ip/advertising'
import type { Options } from '@mirage/ip/ipv6'
import type { Net } from '@mirage/net'
import { simulate } from '@mirage/simulation'
import { type Stack, connect as connectStack } from '@mirage/stack'
import { vnetif } from '@mirage/vnetif'
import { ipv6 as address, ipv6Cidr as cidr } from '../../address/src/testing/literals.ts'
import { announce } from './announce.ts'
import { connect } from './ipv6.ts'

type Host = Stack & { readonly ipv6: Ipv6Layer; readonly net: Net }

/** Two links; a router between them, whose way out is the server outside; and a host inside that nobody told anything. */
function rig(outside: Options = { gateway: address('fd02::2') }) {
  const simulation = simulate(1, setImmediate)
  const [left, right] = ['left', 'right'].map((name) =>
    vnetif({ clock: simulation.clock(name), random: simulation.random(name) }),
  )
  assert.ok(left !== undefined && right !== undefined)
  const host = (lan: typeof left, name: string, options: Options): Host => {
    const net = lan.connect()
    const needs = { net, clock: simulation.clock(name), random: simulation.random(name) }
    const stack = connectStack(needs, undefined, options)
    assert.ok(stack.ipv6 !== undefined)
    return Object.assign(stack, { ipv6: stack.ipv6, net })
  }
  const legs = [
    host(left, 'inside', { addresses: [cidr('fd01::1/64')] }),
    host(right, 'outside', { addresses: [cidr('fd02::1/64')], ...outside }),
  ]
  const [leg, way] = legs.map((each) => each.ipv6)
  assert.ok(leg !== undefined && way !== undefined)
  const needs = { clock: simulation.clock('router'), random: simulation.random('router') }
  connect({ links: [leg, way], ...needs }, { outside: 1 })
  const addServer = (name: string, at = 'fd02::3'): Host =>
    host(right, name, { addresses: [cidr(`${at}/64`)], gateway: address('fd02::1') })
  const server = addServer('server', 'fd02::2')
  const client = (name: string): Host => host(left, name, {})
  announce(leg, way)
  return { simulation, right, way, legs, server, addServer, client }
}

/** An address of a host in the network inside, and its way out. */
function told({ ipv6: ip }: Host): [address: boolean, gateway: string | undefined] {
  const isIn = ({ address: own }: ipv6.Cidr): boolean => ipv6.contains(cidr('fd01::/64'), own)
  return [ip.addresses.some(isIn), ip.gateway === undefined ? undefined : format(ip.gateway)]
}

const ROUTER = format(ipv6.fromMac(ipv6.LINK_LOCAL.address, local(1)))

describe('hosts behind a router', () => {
  it('get an address and a way out from it, and reach the outside', async () => {
    const { simulation, client, server } = rig()
    const early = client('early')
    await simulation.pass(10_000)
    const late = client('late')
    await simulation.pass(6000)
    const heard: string[] = []
    server.udp.listen(7, ({ src }) => {
      heard.push(format(src.address))
      server.udp.write(src, Uint8Array.of(1), { srcPort: 7 })
    })
    for (const [each, port] of [
      [early, 1],
      [late, 2],
    ] as const) {
      assert.deepEqual(told(each), [true, ROUTER])
      each.udp.listen(port, () => heard.push(`answer ${port}`))
      each.udp.write({ address: address('fd02::2'), port: 7 }, Uint8Array.of(1), { srcPort: port })
    }
    await simulation.pass(1000)
    assert.equal(heard.length, 4)
    assert.deepEqual(heard.filter((each) => each.startsWith('answer')).sort(), ['answer 1', 'answer 2'])
  })

  it('keep it as their way out though they ask who has its address', async () => {
    const { simulation, client } = rig()
    const host = client('host')
    await simulation.pass(10_000)
    for (let i = 0; i < 10; i++) {
      host.udp.write({ address: address('fd02::2'), port: 7 }, Uint8Array.of(1))
      await simulation.pass(40_000)
    }
    assert.deepEqual(told(host), [true, ROUTER])
  })

  it('get no way out from a router that has none, and one when it has', async () => {
    const { simulation, client, way, server } = rig({})
    const host = client('host')
    await simulation.pass(20_000)
    assert.deepEqual(told(host), [true, undefined])
    server.ipv6.becomeRouter({ lifetime: 600, dnsServers: [address('fd02::53')] })
    await simulation.pass(20_000)
    assert.ok(way.gateway !== undefined)
    assert.deepEqual(told(host), [true, ROUTER])
    assert.deepEqual(host.ipv6.dnsServers.map(format), ['fd02::53'])
    server.disconnect()
    await simulation.pass(20_000)
    assert.deepEqual(told(host), [true, undefined])
  })

  it('are told of no name servers that are of the link outside alone', async () => {
    const { simulation, client, way, server } = rig({})
    const host = client('host')
    const dnsServers = ['fe80::53', 'fd02::53', 'ff02::fb', '::1'].map(address)
    server.ipv6.becomeRouter({ lifetime: 600, dnsServers })
    await simulation.pass(20_000)
    assert.deepEqual(way.dnsServers, dnsServers)
    assert.deepEqual(host.ipv6.dnsServers.map(format), ['fd02::53'])
  })

  it('get no way out by a router whose time is over, at once, and no name server by way of it', async () => {
    const { simulation, client, server, right } = rig({})
    const host = client('host')
    server.ipv6.becomeRouter({ lifetime: 30, dnsServers: [address('fd02::53')] })
    await simulation.pass(10_000)
    right.setFaults({ loss: 1 }, server.net)
    await simulation.pass(10_000)
    assert.deepEqual([told(host), host.ipv6.dnsServers.map(format)], [[true, ROUTER], ['fd02::53']])
    await simulation.pass(20_000)
    assert.deepEqual([told(host), host.ipv6.dnsServers], [[true, undefined], []])
  })

  it('are led by another gateway when one has gone without a word', async () => {
    const { simulation, client, server, right, addServer } = rig({})
    const second = addServer('second')
    const host = client('host')
    for (const each of [server, second]) each.ipv6.becomeRouter({ lifetime: 9000 })
    await simulation.pass(20_000)
    const seen = (): number[] => [server, second].map(({ ipv6: ip }) => ip.drops['not-for-us'])
    /** How many of ten packets to somewhere else came to each. */
    const ask = async (): Promise<number[]> => {
      const before = seen()
      for (let i = 0; i < 10; i++) {
        host.udp.write({ address: address('2001:db8::1'), port: 7 }, Uint8Array.of(1))
        await simulation.pass(5000)
      }
      return seen().map((count, i) => count - before[i]!)
    }
    await ask()
    const led = await ask()
    const first = led[0] === 10 ? server : second
    assert.deepEqual(
      led.slice().sort((a, b) => a - b),
      [0, 10],
    )
    right.setFaults({ loss: 1 }, first.net)
    await ask()
    assert.deepEqual(await ask(), led.slice().reverse())
  })

  it('cannot tell the router where the outside is', async () => {
    const { simulation, client, legs } = rig()
    const host = client('host')
    host.ipv6.add(cidr('2001:db8:5::1/64'))
    host.ipv6.becomeRouter({ lifetime: 1800 })
    const other = client('other')
    await simulation.pass(20_000)
    const isIn = ({ address: own }: ipv6.Cidr): boolean => ipv6.contains(cidr('2001:db8:5::/64'), own)
    const believes = ({ ipv6: ip }: Host): boolean => ip.addresses.some(isIn)
    assert.deepEqual([other, ...legs].map(believes), [true, false, false])
    assert.equal(legs[0]?.ipv6.gateway, undefined)
  })

  it('have no way out once the router has gone', async () => {
    const { simulation, client, legs } = rig()
    const host = client('host')
    await simulation.pass(10_000)
    for (const leg of legs) leg.disconnect()
    await simulation.pass(1000)
    assert.deepEqual(told(host), [true, undefined])
  })

  it('are told that a way out has ended silently when somebody looks, and of none without addresses', () => {
    for (const [own, said] of [
      ['fd01::1/64', [1800, 0]],
      ['fe80::1/64', [0]],
    ] as const) {
      const lifetimes: number[] = []
      const layer = { addresses: [cidr(own)], dnsServers: [], onEvent: () => {} }
      const inside = { ...layer, becomeRouter: ({ lifetime }: Advertised) => void lifetimes.push(lifetime) }
      const outside: { gateway: ipv6.Ipv6 | undefined } = { gateway: address('fe80::2') }
      const refresh = announce(
        inside as unknown as Ipv6Layer,
        Object.assign(outside, layer) as unknown as Ipv6Layer,
      )
      refresh()
      outside.gateway = undefined
      refresh()
      refresh()
      assert.deepEqual(lifetimes, said)
    }
  })
})
