import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import * as ipv4 from '@mirage/address/ipv4'
import { setReporter } from '@mirage/console/logs'
import { createServer } from '@mirage/dhcp/server'
import * as wire from '@mirage/dhcp/wire'
import { err, ok } from '@mirage/result'
import { type Simulation, simulate } from '@mirage/simulation'
import type { TcpFlow } from '@mirage/tcp'
import { type Switch, vnetif } from '@mirage/vnetif'
import { OFF } from '@mirage/vnetif/plans'
import * as device from './device.ts'
import { type Needs, type Stack, connect, connectDhcp } from './stack.ts'
import { NOTHING } from './testing/arguments.ts'

const A = ipv4.of(10, 0, 0, 1)
const B = ipv4.of(10, 0, 0, 2)

describe('a stack', () => {
  const lines: string[] = []
  beforeEach(() => {
    lines.length = 0
    setReporter((source, level, message) => lines.push(`${source} ${level}: ${message}`))
  })

  it('tells its address', () => {
    const { needs } = rig()
    connect(needs('a'), { cidr: { address: A, prefixLength: 24 }, gateway: B })
    assert.deepEqual(lines, ['stack info: address 10.0.0.1/24, gateway 10.0.0.2'])
  })

  it('warns of whoever claims its address, and no more than once in ten seconds', async () => {
    const { simulation, needs } = rig()
    const config = { cidr: { address: A, prefixLength: 24 } }
    connect(needs('a'), config)
    const { ip } = connect(needs('b'), config)
    const warnings = (): number =>
      lines.filter((line) => line.endsWith('00:02 claims our address 10.0.0.1')).length
    const claim = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) {
        ip.configure({ cidr: { address: B, prefixLength: 24 } })
        ip.configure(config)
        await simulation.pass(1)
      }
    }
    await claim()
    assert.equal(warnings(), 1)
    await simulation.pass(10_000)
    await claim()
    assert.equal(warnings(), 2)
  })

  it('answers echoes, carries datagrams and connections', async () => {
    const { simulation, a, b } = two()
    const replies: number[] = []
    a.icmp.onReply(({ sequence }) => replies.push(sequence))
    a.icmp.echo(B, { id: 1, sequence: 7, payload: new Uint8Array(8) })
    const datagrams: Uint8Array[] = []
    b.udp.listen(53, ({ payload }) => datagrams.push(payload))
    a.udp.write({ address: B, port: 53 }, Uint8Array.of(1, 2, 3))
    const [left, right] = await joined(simulation, a, b)
    void left.write(Uint8Array.of(4, 5))
    assert.deepEqual(await simulation.run(right.read()), ok(Uint8Array.of(4, 5)))
    assert.deepEqual(replies, [7])
    assert.deepEqual(datagrams, [Uint8Array.of(1, 2, 3)])
  })

  it('has no route to a host that does not answer, nor out of its network without a gateway', async () => {
    const { simulation, a } = two()
    const [nobody, outside] = [ipv4.of(10, 0, 0, 99), ipv4.of(192, 0, 2, 1)]
    for (const address of [nobody, outside]) {
      const connection = a.tcp.connect({ address, port: 80 })
      assert.deepEqual(await simulation.run(connection), err('no-route'))
    }
  })

  it('resets its connections when it is disconnected, and stops its device', async () => {
    const { simulation, a, b } = two()
    const [left, right] = await joined(simulation, a, b)
    const [leftRead, rightRead] = [left.read(), right.read()]
    a.disconnect()
    a.disconnect()
    assert.deepEqual(await simulation.run(Promise.all([leftRead, rightRead])), [err('reset'), err('reset')])
    const again = b.tcp.connect({ address: A, port: 80 })
    assert.notEqual((await simulation.run(again)).ok, true)
  })
})

describe('a stack with DHCP', () => {
  it('is connected with the first lease, and then carries connections', async () => {
    const { simulation, lan, needs } = rig()
    const server = serve(needs('server'))
    lan.setFaults(OFF)
    let isConnected = false
    const connecting = connectDhcp(needs('client'), { hostname: 'alice' })
    void connecting.then(() => (isConnected = true))
    await simulation.pass(30_000)
    assert.equal(isConnected, false)
    lan.setFaults(undefined)
    const client = await simulation.run(connecting, 70_000)
    assert.equal(ipv4.format(client.ip.config.cidr.address), '10.0.0.50')
    await simulation.pass(86_400_000)
    const [left, right] = await joined(simulation, client, server)
    void right.write(Uint8Array.of(9))
    assert.deepEqual(await simulation.run(left.read()), ok(Uint8Array.of(9)))
  })

  it('asks no more once it is disconnected', async () => {
    const { simulation, needs } = rig()
    serve(needs('server'))
    const client = needs('client')
    const stack = await simulation.run(connectDhcp(client))
    stack.disconnect()
    const { txFrames } = client.net.counters
    await assert.rejects(simulation.run(new Promise(() => {})), /nothing is left to happen/)
    assert.equal(client.net.counters.txFrames, txFrames)
  })
})

describe('the stack device', () => {
  it('connects with the address that the arguments give', async () => {
    const { needs } = rig()
    const stack = await device.connect(needs('a'), { ...NOTHING, noDhcp: true })
    assert.ok(stack.ok)
    assert.deepEqual(stack.value.ip.config, {
      cidr: { address: B, prefixLength: 24 },
      gateway: A,
    })
  })

  it('connects with a lease where the arguments say nothing', async () => {
    const { simulation, needs } = rig()
    serve(needs('server'))
    const stack = await simulation.run(device.connect(needs('client'), NOTHING))
    assert.ok(stack.ok)
    assert.equal(ipv4.format(stack.value.ip.config.cidr.address), '10.0.0.50')
  })

  it('tells the server the name of the unikernel, where a host can have it', async () => {
    const told = async (name: string): Promise<unknown> => {
      const { simulation, needs } = rig()
      const names: unknown[] = []
      serve(needs('server'), ({ options }) => names.push(options.hostname))
      await simulation.run(device.connect(needs('client'), NOTHING, { name }))
      return names[0]
    }
    assert.equal(await told('web-1'), 'web-1')
    for (const name of ['', 'my web', 'web_1', '-web', 'w'.repeat(64)])
      assert.equal(await told(name), undefined)
  })

  it('says what is wrong with an argument', async () => {
    const { needs } = rig()
    const stack = await device.connect(needs('a'), { ...NOTHING, ipv4Gateway: A })
    assert.deepEqual(stack, err('--ipv4-gateway is of no use without --ipv4 or --no-dhcp.'))
  })
})

interface Rig {
  readonly simulation: Simulation
  readonly lan: Switch
  /** What a stack of this name is made on. */
  readonly needs: (name: string) => Needs
}

function rig(): Rig {
  const simulation = simulate(1, setImmediate)
  const lan = vnetif({ clock: simulation.clock('lan'), random: simulation.random('lan') })
  const needs = (name: string): Needs => ({
    net: lan.connect(),
    clock: simulation.clock(name),
    random: simulation.random(name),
  })
  return { simulation, lan, needs }
}

/** 10.0.0.1 and 10.0.0.2 on one link. */
function two(): { simulation: Simulation; a: Stack; b: Stack } {
  const { simulation, needs } = rig()
  const at = (name: string, address: ipv4.Ipv4): Stack =>
    connect(needs(name), { cidr: { address, prefixLength: 24 } })
  return { simulation, a: at('a', A), b: at('b', B) }
}

/** A connection from `a` to port 80 of `b`, both ends. */
async function joined(simulation: Simulation, a: Stack, b: Stack): Promise<[TcpFlow, TcpFlow]> {
  const accepted = new Promise<TcpFlow>((resolve) => {
    b.tcp.listen(80, resolve)
  })
  const connection = await simulation.run(a.tcp.connect({ address: b.ip.config.cidr.address, port: 80 }))
  assert.ok(connection.ok)
  return [connection.value, await simulation.run(accepted)]
}

/** A stack at 10.0.0.1 that leases 10.0.0.50 for an hour at a time, and tells `heard` what it was asked. */
function serve(needs: Needs, heard: (message: wire.Message) => void = () => {}): Stack {
  const cidr = { address: A, prefixLength: 24 }
  const stack = connect(needs, { cidr })
  const address = ipv4.of(10, 0, 0, 50)
  const server = createServer({
    cidr,
    ranges: [{ first: address, last: address }],
    gateway: A,
    leaseTime: 3600,
  })
  stack.udp.listen(wire.SERVER_PORT, ({ payload }) => {
    const message = wire.parse(payload)
    if (message.ok) heard(message.value)
    const output = message.ok ? server.input(message.value, needs.clock.now()) : undefined
    if (output === undefined || !('reply' in output)) return
    const { reply } = output
    const to = { address: reply.dst, port: reply.dstPort }
    stack.udp.write(to, wire.emit(reply.message), { srcPort: wire.SERVER_PORT })
  })
  return stack
}
