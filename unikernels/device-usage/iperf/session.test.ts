import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { of } from '@mirage/address/ipv4'
import { simulate } from '@mirage/simulation'
import { type Stack, connect } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
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

const PARAMETERS: protocol.Parameters = {
  protocol: 'tcp',
  seconds: 10,
  bytes: 0,
  blocks: 0,
  parallel: 1,
  isReverse: false,
  isBidirectional: false,
  blockSize: 100,
  bandwidth: 0,
  omit: 0,
  hasLongCounters: true,
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
      protocol.emitParameters({ ...PARAMETERS, protocol: 'udp', isReverse: true, bandwidth: 80_000 }),
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

  const late = 'counts what comes after the word that the test is over'
  for (const [what, agreed, isBidirectional, counted] of [
    ['as long as more was agreed on', { bytes: 1000 }, false, 1000],
    ['in blocks, too', { blocks: 10 }, false, 1000],
    ['not where only a time was', {}, false, 400],
    ['nor where it may be over by the other way', { bytes: 1000 }, true, 400],
    ['and not for ever', { bytes: 1_000_000 }, false, 1000],
  ] as const)
    it(`${late}, ${what}`, async () => {
      const { simulation, client } = rig()
      const dial = async (): Promise<TcpFlow> => {
        const dialled = await simulation.run(client.tcp.connect({ address: SERVER, port: protocol.PORT }))
        assert.ok(dialled.ok)
        return dialled.value
      }
      const control = await dial()
      let said = ''
      const listen = async (): Promise<void> => {
        for (let read = await control.read(); read.ok && read.value !== 'eof'; read = await control.read())
          said += String.fromCharCode(...read.value)
      }
      void listen()
      const cookie = protocol.makeCookie(simulation.random('cookie'))
      await control.write(cookie)
      await control.write(protocol.emitParameters({ ...PARAMETERS, ...agreed, isBidirectional }))
      await simulation.pass(100)
      const streams = [await dial()]
      if (isBidirectional) streams.push(await dial())
      for (const stream of streams) await stream.write(cookie)
      await simulation.pass(100)
      await streams[0]!.write(new Uint8Array(400))
      await simulation.pass(100)
      await control.write(Uint8Array.of(protocol.TEST_END))
      await control.write(
        protocol.emitResults(
          streams.map((_, index) => ({
            id: index === 0 ? 1 : 3,
            bytes: 1000,
            jitter: 0,
            errors: 0,
            packets: 0,
            seconds: 1,
          })),
          true,
        ),
      )
      await simulation.pass(4000)
      await streams[0]!.write(new Uint8Array(600))
      await simulation.pass(6000)
      assert.equal(/"id":1,"bytes":(\d+)/.exec(said)?.[1], String(counted), said)
      control.abort()
      await simulation.pass(100)
    })
})
