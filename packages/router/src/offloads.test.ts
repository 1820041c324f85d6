import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { IpAddress } from '@mirage/address/ip'
import { simulate } from '@mirage/simulation'
import { type Stack, connect as connectStack } from '@mirage/stack'
import { vnetif } from '@mirage/vnetif'
import { ipv4, ipv4Cidr, ipv6 } from '../../address/src/testing/literals.ts'
import { connect as connectIpv6 } from './ipv6.ts'
import { connect } from './router.ts'

/** Two hosts, and a router of both families between their links, whose devices leave frames uncut and unsummed. */
async function rig() {
  const simulation = simulate(1, setImmediate)
  const clock = simulation.clock('links')
  const links = ['left', 'right'].map((name) =>
    vnetif({ clock, random: simulation.random(name), offloads: true }),
  )
  const stack = (link: 0 | 1, host: number, gateway?: number): Stack => {
    const name = `fd0${link + 1}::${host}`
    const cidr = ipv4Cidr(`10.0.${link + 1}.${host}/24`)
    return connectStack(
      { net: links[link]!.connect(), clock: simulation.clock(name), random: simulation.random(name) },
      { cidr, ...(gateway === undefined ? {} : { gateway: ipv4(`10.0.${link + 1}.${gateway}`) }) },
      {
        addresses: [{ address: ipv6(name), prefixLength: 64 }],
        isTrusted: true,
        acceptsRouters: false,
        ...(gateway === undefined ? {} : { gateway: ipv6(`fd0${link + 1}::${gateway}`) }),
      },
    )
  }
  const [a, b] = [stack(0, 2, 1), stack(1, 2, 1)]
  const [left, right] = [stack(0, 1), stack(1, 1)]
  const needs = { clock: simulation.clock('router'), random: simulation.random('router') }
  const router = connect({ ...needs, links: [left.ip, right.ip] })
  assert.ok(left.ipv6 !== undefined && right.ipv6 !== undefined)
  const ipv6Router = connectIpv6({ ...needs, links: [left.ipv6, right.ipv6] })
  await simulation.pass(100)
  return { simulation, a, b, router, ipv6Router }
}

const ADDRESSES: readonly [family: 4 | 6, to: IpAddress][] = [
  [4, ipv4('10.0.2.2')],
  [6, ipv6('fd02::2')],
]

for (const [family, address] of ADDRESSES) {
  describe(`a router of IPv${family} between devices that leave frames uncut and unsummed`, () => {
    it('hands on segments that were cut, with their checksums', async () => {
      const { simulation, a, b, router, ipv6Router } = await rig()
      const text = simulation.random('text').generate(300_000)
      const parts: Uint8Array[] = []
      b.tcp.listen(80, (flow) => {
        void (async () => {
          for (;;) {
            const read = await flow.read()
            if (!read.ok || read.value === 'eof') return flow.close()
            parts.push(read.value)
          }
        })()
      })
      void (async () => {
        const connection = await a.tcp.connect({ address, port: 80 })
        assert.ok(connection.ok)
        await connection.value.write(text)
        connection.value.close()
      })()
      await simulation.pass(5000)
      assert.ok(Buffer.concat(parts).equals(text))
      const { counters, drops } = family === 4 ? router : ipv6Router
      assert.ok(counters.forwarded > 300_000 / 1460)
      assert.equal(drops['not-sent'], 0)
    })

    it('hands on datagrams one by one', async () => {
      const { simulation, a, b } = await rig()
      const payload = simulation.random('payload').generate(2500)
      const heard: Uint8Array[] = []
      b.udp.listen(53, (datagram) => heard.push(datagram.payload))
      a.udp.write({ address, port: 53 }, payload, { segmentSize: 1000 })
      await simulation.pass(100)
      assert.deepEqual(heard, [payload.slice(0, 1000), payload.slice(1000, 2000), payload.slice(2000)])
    })
  })
}
