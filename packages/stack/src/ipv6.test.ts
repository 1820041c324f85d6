import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { setReporter } from '@mirage/console/logs'
import type { Options } from '@mirage/ip/ipv6'
import { err, ok } from '@mirage/result'
import { type Simulation, simulate } from '@mirage/simulation'
import type { TcpFlow } from '@mirage/tcp'
import { connectAny } from '@mirage/tcp/happy-eyeballs'
import { vnetif } from '@mirage/vnetif'
import * as device from './device.ts'
import { type Needs, type Stack, connect, connectIpv6 } from './stack.ts'
import { NOTHING } from './testing/arguments.ts'
import { PREFIX, advertise } from './testing/router.ts'

const A = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)
const B = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)
const NO_LEASE = { ...NOTHING, noDhcp: true }

interface Rig {
  readonly simulation: Simulation
  readonly needs: (name: string) => Needs
}

function rig(): Rig {
  setReporter(() => {})
  const simulation = simulate(1, setImmediate)
  const lan = vnetif({ clock: simulation.clock('lan'), random: simulation.random('lan') })
  const needs = (name: string): Needs => ({
    net: lan.connect(),
    clock: simulation.clock(name),
    random: simulation.random(name),
  })
  return { simulation, needs }
}

/** 10.0.0.1 with fd00::1, and 10.0.0.2 with fd00::2. */
function two(options: Options = {}): { simulation: Simulation; a: Stack; b: Stack } {
  const { simulation, needs } = rig()
  const at = (name: string, host: number, address: ipv6.Ipv6): Stack =>
    connect(
      needs(name),
      { cidr: { address: ipv4.of(10, 0, 0, host), prefixLength: 24 } },
      { addresses: [{ address, prefixLength: 64 }], ...options },
    )
  return { simulation, a: at('a', 1, A), b: at('b', 2, B) }
}

/** A connection from `a` to port 80 of `b`, both ends. */
async function joined(
  simulation: Simulation,
  a: Stack,
  b: Stack,
  address: IpAddress,
): Promise<[TcpFlow, TcpFlow]> {
  const accepted = new Promise<TcpFlow>((resolve) => {
    b.tcp.listen(80, resolve)
  })
  const connection = await simulation.run(a.tcp.connect({ address, port: 80 }))
  assert.ok(connection.ok)
  b.tcp.unlisten(80)
  return [connection.value, await simulation.run(accepted)]
}

/** Reads `length` bytes. */
async function take(flow: TcpFlow, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  for (let count = 0; count < length; ) {
    const chunk = await flow.read()
    assert.ok(chunk.ok && chunk.value !== 'eof')
    bytes.set(chunk.value, count)
    count += chunk.value.length
  }
  return bytes
}

describe('a stack of two families', () => {
  it('answers echoes, carries datagrams and connections of both', async () => {
    const { simulation, a, b } = two()
    await simulation.pass(3000)
    const replies: [IpAddress, number][] = []
    a.icmp.onReply(({ src, sequence }) => replies.push([src, sequence]))
    const datagrams: [IpAddress, number][] = []
    b.udp.listen(53, ({ src, payload }) => datagrams.push([src.address, payload.length]))
    const FOUR = ipv4.of(10, 0, 0, 2)
    for (const [i, address] of [FOUR, B].entries()) {
      assert.ok(a.icmp.echo(address, { id: 1, sequence: i, payload: new Uint8Array(8) }).ok)
      assert.ok(a.udp.write({ address, port: 53 }, new Uint8Array(3 + 5000 * i)).ok)
      const [left, right] = await joined(simulation, a, b, address)
      assert.deepEqual([left.remote.address, right.local.address], [address, address])
      void left.write(new Uint8Array(100_000).fill(7))
      const bytes = await simulation.run(take(right, 100_000))
      assert.ok(bytes.every((byte) => byte === 7))
    }
    assert.deepEqual(replies, [
      [FOUR, 0],
      [B, 1],
    ])
    assert.deepEqual(datagrams, [
      [ipv4.of(10, 0, 0, 1), 3],
      [A, 5003],
    ])
  })

  it('speaks IPv6 on the link without being told an address', async () => {
    const { simulation, needs } = rig()
    const [a, b] = [connect(needs('a'), undefined, {}), connect(needs('b'), undefined, {})]
    await simulation.pass(3000)
    const [cidr] = b.ipv6!.addresses
    const [left, right] = await joined(simulation, a, b, cidr!.address)
    void left.write(Uint8Array.of(1, 2))
    assert.deepEqual(await simulation.run(right.read()), ok(Uint8Array.of(1, 2)))
  })

  it('refuses connections to ports that nobody listens to, and tells of hosts that are not there', async () => {
    const { simulation, a } = two()
    await simulation.pass(3000)
    const connecting = (address: IpAddress): ReturnType<typeof a.tcp.connect> =>
      a.tcp.connect({ address, port: 81 })
    assert.deepEqual(await simulation.run(connecting(B)), err('refused'))
    const nobody = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 9)
    assert.deepEqual(await simulation.run(connecting(nobody)), err('no-route'))
    assert.deepEqual(await simulation.run(connecting(ipv6.of(0x2001, 0xdb8))), err('no-route'))
  })

  it('takes an address in the prefix of a router, and keeps it while that is valid', async () => {
    const { simulation, needs } = rig()
    advertise(needs('router').net)
    const [a, b] = [connect(needs('a'), undefined, {}), connect(needs('b'), undefined, {})]
    await simulation.pass(5000)
    const globals = [a, b].map(({ ipv6: ip }) =>
      ip!.addresses.find(({ address }) => ipv6.contains(PREFIX, address)),
    )
    assert.ok(globals[0] !== undefined && globals[1] !== undefined)
    const [left] = await joined(simulation, a, b, globals[1].address)
    assert.equal(left.local.address, globals[0].address)
    await simulation.pass(86_400_000)
    assert.equal(a.ipv6!.addresses.length, 1)
  })

  it('connects to the first address that answers, of either family', async () => {
    const { simulation, a, b } = two({ isTrusted: true })
    b.tcp.listen(80, () => {})
    const needs = { tcp: a.tcp, clock: simulation.clock('a') }
    const [gone, there] = [ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 9), ipv4.of(10, 0, 0, 2)]
    const connection = await simulation.run(connectAny(needs, [gone, there], 80))
    assert.ok(connection.ok)
    assert.deepEqual([connection.value.remote.address, simulation.now() < 1000], [there, true])
  })

  it('drops datagrams over IPv6 that have no checksum', async () => {
    const { simulation, a, b } = two({ isTrusted: true })
    const received: number[] = []
    b.udp.listen(53, ({ payload }) => received.push(payload.length))
    const fill = (datagram: Uint8Array): number => {
      datagram.set([0, 1, 0, 53, 0, 9, 0, 0, 42])
      return 9
    }
    a.ipv6!.write(B, 17, { size: 9 }, fill)
    a.ip.write(ipv4.of(10, 0, 0, 2), 17, { size: 9 }, fill)
    await simulation.pass(1000)
    assert.deepEqual([received, b.udp.drops['bad-checksum']], [[1], 1])
  })

  it('tells the sender of a datagram that nobody listens to', async () => {
    const { simulation, a } = two({ isTrusted: true })
    const kinds: string[] = []
    a.udp.onError(({ kind, dst }) => kinds.push(`${kind} ${ipv6.format(dst.address as ipv6.Ipv6)}`))
    a.udp.write({ address: B, port: 99 }, Uint8Array.of(1))
    await simulation.pass(1000)
    assert.deepEqual(kinds, ['port-unreachable fd00::2'])
  })

  it('does nothing any more once it is disconnected', async () => {
    const { simulation, a, b } = two()
    a.disconnect()
    b.disconnect()
    await assert.rejects(simulation.run(new Promise(() => {})), /nothing is left to happen/)
  })

  it('counts what each family drops', () => {
    const { a } = two()
    const drops = a.metrics().find(({ name }) => name.includes('drop'))
    assert.match(JSON.stringify(drops), /icmpv6.*|ipv6/)
  })
})

describe('the stack device with IPv6', () => {
  it('speaks both families, or the one that it is told', async () => {
    const { needs } = rig()
    const both = await device.connect(needs('a'), NO_LEASE)
    const four = await device.connect(needs('b'), { ...NO_LEASE, ipv4Only: true })
    assert.ok(both.ok && four.ok)
    assert.deepEqual([both.value.ipv6 !== undefined, four.value.ipv6], [true, undefined])
  })

  it('waits for an address beyond the link where it speaks IPv6 alone', async () => {
    const { simulation, needs } = rig()
    const connecting = device.connect(needs('a'), { ...NO_LEASE, ipv6Only: true })
    let isConnected = false
    void connecting.then(() => (isConnected = true))
    await simulation.pass(30_000)
    assert.equal(isConnected, false)
    advertise(needs('router').net)
    const stack = await simulation.run(connecting)
    assert.ok(stack.ok)
    assert.equal(stack.value.ip.config.cidr.address, ipv4.UNSPECIFIED)
  })

  it('waits no longer where nobody is asked about a given address', async () => {
    const { simulation, needs } = rig()
    const addresses = [{ address: A, prefixLength: 64 }]
    const stack = await simulation.run(connectIpv6(needs('a'), { addresses, isTrusted: true }), 0)
    assert.ok(stack.ipv6?.isOwn(A))
  })

  it('says what is wrong with an argument', async () => {
    const { needs } = rig()
    const stack = await device.connect(needs('a'), { ...NO_LEASE, ipv4Only: true, ipv6Only: true })
    assert.equal(stack.ok, false)
  })
})
