import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { of } from '@mirage/address/ipv4'
import { simulate } from '@mirage/simulation'
import { type Stack, connect } from '@mirage/stack'
import { vnetif } from '@mirage/vnetif'
import * as protocol from './protocol.ts'
import { start } from './unikernel.ts'

const SERVER = of(10, 0, 0, 1)
const VALUES = {
  client: undefined,
  port: protocol.PORT,
  oneOff: false,
  interval: 0,
  udp: false,
  reverse: false,
  parallel: 1,
  time: 10,
  bytes: 0,
  blocks: 0,
  bandwidth: undefined,
  length: 0,
}

/** A server, a client and somebody else on one link. */
function rig() {
  const simulation = simulate(1, setImmediate)
  const lan = vnetif({ clock: simulation.clock('lan'), random: simulation.random('lan') })
  const host = (number: number): Stack => {
    const needs = { clock: simulation.clock(`${number}`), random: simulation.random(`${number}`) }
    return connect(
      { ...needs, net: lan.connect() },
      { cidr: { address: of(10, 0, 0, number), prefixLength: 24 } },
    )
  }
  const [server, client, other] = [host(1), host(2), host(3)]
  void start({ clock: simulation.clock('1'), random: simulation.random('1'), stack: server }, VALUES)
  return { simulation, client, other }
}

describe('a server', () => {
  it('sends datagrams to its client, and to nobody who says to be one', async () => {
    const { simulation, client, other } = rig()
    const opened = await simulation.run(client.tcp.connect({ address: SERVER, port: protocol.PORT }))
    assert.ok(opened.ok)
    await opened.value.write(protocol.makeCookie(simulation.random('cookie')))
    await opened.value.write(
      protocol.emitParameters({
        protocol: 'udp',
        seconds: 10,
        bytes: 0,
        blocks: 0,
        parallel: 1,
        isReverse: true,
        isBidirectional: false,
        blockSize: 100,
        bandwidth: 80_000,
        omit: 0,
        hasLongCounters: true,
      }),
    )
    await simulation.pass(100)
    const heard: string[] = []
    for (const [name, stack] of Object.entries({ other, client })) {
      stack.udp.listen(7000, ({ payload }) => heard.push(`${name} ${payload.length}`))
      stack.udp.write({ address: SERVER, port: protocol.PORT }, protocol.UDP_HELLO, { srcPort: 7000 })
      await simulation.pass(5)
    }
    assert.deepEqual(heard.slice(0, 2), ['client 4', 'client 100'])
    await simulation.pass(1000)
    assert.ok(heard.length > 50 && heard.every((line) => line.startsWith('client')), heard.join())
    opened.value.abort()
    await simulation.pass(100)
  })
})
