/** Conversations that a network must get right, over links of every kind, on virtual time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sleep } from '@mirage/clock'
import { err, ok } from '@mirage/result'
import * as plans from '@mirage/vnetif/plans'
import type { Faults } from '@mirage/vnetif/faults'
import { greet, move } from './conversations.ts'
import { noise, receive, send } from './transfer.ts'
import { accepted, connected, world } from './world.ts'

const PORT = 80
const SECOND = 1000
const MEGABYTE = 1_000_000
/** Of IPv4, of TCP, and of its timestamps. */
const HEADERS_SIZE = 20 + 20 + 12

describe('a connection', () => {
  const links: [over: string, faults: Faults][] = [
    ['a good link', plans.BASIC],
    ['a link that appends rubbish', plans.TRAILING_BYTES],
    ['a link that duplicates everything', { duplicate: 1 }],
    ['a slow link', { latency: 300, bandwidth: 64_000, backlog: 10_000 }],
  ]
  for (const [over, faults] of links) {
    it(`opens, carries a greeting and closes over ${over}`, async () => {
      await greet(world({ faults }))
    })
  }

  it('is given up when the link is cut for good', async () => {
    const here = world()
    const [client, server] = await here.simulation.run(connected(here, PORT))
    here.lan.setFaults(plans.OFF)
    await here.simulation.run(client.write(noise(1000, 1)))
    assert.deepEqual(await here.simulation.run(client.read()), err('timed-out'))
    assert.deepEqual(await here.simulation.run(client.write(noise(1000, 2))), err('timed-out'))
    server.abort()
  })

  it('survives a link that is off for a minute', async () => {
    const here = world()
    const [client, server] = await here.simulation.run(connected(here, PORT))
    const bytes = noise(MEGABYTE, 1)
    const work = Promise.all([send(client, bytes), receive(server, bytes)])
    here.lan.setFaults(plans.OFF)
    await here.simulation.pass(60 * SECOND)
    here.lan.setFaults(undefined)
    await here.simulation.run(work, 120 * SECOND)
  })

  it('that asks whether its peer is alive ends soon after it is not', async () => {
    const here = world()
    const keepAlive = { after: SECOND, interval: SECOND, probes: 3 }
    const accepting = accepted(here.server, PORT)
    const opening = here.client.stack.tcp.connect({ address: here.server.address, port: PORT }, { keepAlive })
    const connection = await here.simulation.run(opening)
    assert.ok(connection.ok)
    await here.simulation.run(accepting)
    await here.simulation.pass(3600 * SECOND)
    const read = connection.value.read()
    here.lan.setFaults(plans.OFF)
    assert.deepEqual(await here.simulation.run(read, 15 * SECOND), err('timed-out'))
  })

  it('is reset at once when the other end aborts', async () => {
    const here = world({ faults: { latency: 10 } })
    const [client, server] = await here.simulation.run(connected(here, PORT))
    server.abort()
    assert.deepEqual(await here.simulation.run(client.read(), SECOND), err('reset'))
  })
})

describe('ten megabytes', () => {
  for (const mtu of [576, 1280, 1492, 4000, 9000]) {
    it(`arrive over a link whose MTU is ${mtu}, in segments that fill it`, async () => {
      const here = world({ mtu, faults: plans.mtuEnforced(mtu) })
      await move(here, 10 * MEGABYTE, 120 * SECOND)
      const { txFrames } = here.client.net.counters
      assert.ok(txFrames < (10 * MEGABYTE) / (mtu - HEADERS_SIZE) + 200, `${txFrames} frames`)
    })
  }
})

describe('a bad link', () => {
  const links: [that: string, faults: Faults][] = [
    ['lets half of the frames be overtaken', { reorder: 0.5, reorderBy: 20, jitter: 5 }],
    ['duplicates half of the frames', { duplicate: 0.5, jitter: 20 }],
    ['loses every tenth frame', { loss: 0.1, latency: 5 }],
    [
      'does all of that and appends rubbish',
      { reorder: 0.3, duplicate: 0.3, loss: 0.1, jitter: 20, trailing: 10 },
    ],
    ['is away for 300 ms again and again', { latency: 5, cuts: outages(300, 1000) }],
  ]
  for (const [that, faults] of links) {
    it(`that ${that} carries a megabyte, whatever the seed`, async () => {
      for (let seed = 1; seed <= 5; seed++) await move(world({ seed, faults }), MEGABYTE, 600 * SECOND)
    })
  }
})

describe('requests and responses of 100 kB', () => {
  for (const [own, other] of [
    [1500, 576],
    [576, 1500],
    [9000, 1280],
  ] as const) {
    it(`pass between hosts with MTUs of ${own} and ${other}`, async () => {
      const here = world({ mtu: 9000, mtus: [own, other], faults: plans.mtuEnforced(Math.max(own, other)) })
      const [request, response] = [noise(100_000, 1), noise(100_000, 2)]
      const work = async (): Promise<void> => {
        const [client, server] = await connected(here, PORT)
        await Promise.all([send(client, request), receive(server, request)])
        await Promise.all([send(server, response), receive(client, response)])
      }
      await here.simulation.run(work(), 10 * SECOND)
    })
  }
})

describe('a slow receiver', () => {
  it('holds the sender back, and neither of them stops for ever', async () => {
    const here = world({ mtu: 4000 })
    const [client, server] = await here.simulation.run(connected(here, PORT))
    const bytes = noise(20 * MEGABYTE, 1)
    let writes = 0
    let slowest = 0
    const writing = async (): Promise<void> => {
      for (let offset = 0; offset < bytes.length; offset += 4096, writes++) {
        const start = here.simulation.now()
        assert.deepEqual(await client.write(bytes.subarray(offset, offset + 4096)), ok(undefined))
        slowest = Math.max(slowest, here.simulation.now() - start)
      }
      client.close()
    }
    const reading = async (): Promise<void> => {
      let offset = 0
      for (;;) {
        const chunk = await server.read()
        assert.ok(chunk.ok)
        if (chunk.value === 'eof') break
        assert.equal(Buffer.compare(chunk.value, bytes.subarray(offset, offset + chunk.value.length)), 0)
        offset += chunk.value.length
        await sleep(here.server.clock, 10)
      }
      assert.equal(offset, bytes.length)
    }
    await here.simulation.run(Promise.all([writing(), reading()]))
    assert.ok(slowest < 5 * SECOND, `a write waited for ${slowest} ms`)
  })
})

/** Every `period` of the first ten minutes nothing arrives for `duration`. */
function outages(duration: number, period: number): NonNullable<Faults['cuts']> {
  const count = (600 * SECOND) / period
  return Array.from({ length: count }, (_, i) => ({ from: i * period, until: i * period + duration }))
}
