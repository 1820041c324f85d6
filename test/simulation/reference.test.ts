/**
 * The scenarios that the stack of MirageOS is tested with, by the names that they have there (mirage-tcpip, test_connect,
 * test_iperf, test_mtus, test_deadlock, test_rfc5961, test_tcp_window, test_simultaneous_close, test_keepalive), on the
 * links that they are tested on (vnetif_backends).
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sleep } from '@mirage/clock'
import { type Result, err, ok } from '@mirage/result'
import type { ConnectError, TcpFlow } from '@mirage/tcp'
import type { Faults } from '@mirage/vnetif/faults'
import * as plans from '@mirage/vnetif/plans'
import * as roundTrip from '../../packages/tcp/src/round-trip.ts'
import { forge, forgeRefusal, ACK, PSH, RST, SYN } from './attacker.ts'
import { greet, move } from './conversations.ts'
import { noise, receive, send } from './transfer.ts'
import { type World, accepted, connected, world } from './world.ts'

const PORT = 80
const SECOND = 1000
const MEGABYTE = 1_000_000
const MTU = 1500

/** A link that is off for a second in the middle: `On_off_switch`, which its test operates. */
const ON_OFF: Faults = { cuts: [{ from: 5, until: SECOND }] }

const BACKENDS: readonly (readonly [name: string, faults: Faults])[] = [
  ['Basic', plans.BASIC],
  ['Mtu_enforced', plans.mtuEnforced(MTU)],
  ['Trailing_bytes', plans.TRAILING_BYTES],
  ['Uniform_packet_loss', plans.UNIFORM_LOSS],
  ['Uniform_no_payload_packet_loss', plans.UNIFORM_NO_PAYLOAD_LOSS],
  ['Drop_1_second_after_1_megabyte', plans.PAUSE_AFTER_A_MEGABYTE],
  ['On_off_switch', ON_OFF],
]

type Scenario = readonly [name: string, run: () => Promise<void>]

const CONNECT: readonly Scenario[] = [
  ['connect: basic', () => greet(world())],
  [
    'connect: 10 % loss of packets without payload, a hundred times',
    async () => {
      for (let seed = 1; seed <= 100; seed++)
        await greet(world({ seed, faults: plans.UNIFORM_NO_PAYLOAD_LOSS }))
    },
  ],
  ['connect: trailing bytes', () => greet(world({ faults: plans.TRAILING_BYTES }))],
]

const iperf =
  (faults: Faults, length: number = 10 * MEGABYTE, limit: number = 120 * SECOND) =>
  () =>
    move(world({ faults }), length, limit)

const IPERF: readonly Scenario[] = [
  ['iperf: basic, 10 MB in 120 s', iperf(plans.BASIC)],
  ['iperf: MTU-enforcing', iperf(plans.mtuEnforced(MTU))],
  ['iperf: trailing bytes', iperf(plans.TRAILING_BYTES)],
  ['iperf: 1 % uniform loss', iperf(plans.UNIFORM_LOSS)],
  ['iperf: 10 % loss of packets without payload', iperf(plans.UNIFORM_NO_PAYLOAD_LOSS)],
  // A gigabyte there; `npm run simulate` has room for more.
  [
    'iperf: the same for longer, 100 MB in 240 s',
    iperf(plans.UNIFORM_NO_PAYLOAD_LOSS, 100 * MEGABYTE, 240 * SECOND),
  ],
  ['iperf: everything is dropped for a second after 1 MB', iperf(plans.PAUSE_AFTER_A_MEGABYTE)],
]

const mtus = (mtu: number, options: { mtus?: readonly [number, number] } = {}): World =>
  world({ mtu, faults: plans.mtuEnforced(mtu), ...options })

const MTUS: readonly Scenario[] = [
  ['mtus: connections work', () => greet(mtus(9000, { mtus: [1500, 9000] }))],
  ['mtus: large server responses are received', () => say(mtus(9000, { mtus: [9000, 1500] }), 10, 100_000)],
  ['mtus: large client requests are chunked', () => say(mtus(9000, { mtus: [1500, 9000] }), 100_000, 10)],
  [
    'mtus: large messages are not unnecessarily segmented',
    async () => {
      const here = mtus(9000)
      await say(here, 100_000, 10)
      assert.ok(here.client.net.counters.txFrames < 30, `${here.client.net.counters.txFrames} frames`)
    },
  ],
  ['mtus: iperf', () => move(mtus(9000, { mtus: [1500, 9000] }), 10 * MEGABYTE, 120 * SECOND)],
]

const RFC5961: readonly Scenario[] = [
  [
    'rfc5961: blind rst to syn_sent',
    () =>
      overheard(async ({ here, attacker, seen, pass }) => {
        here.lan.setFaults(plans.OFF, here.server.net)
        const connecting = open(here)
        await pass(1)
        for (const ack of [1, -1, 1000]) forgeRefusal(attacker, seen.syn!, ack)
        here.lan.setFaults({}, here.server.net)
        assert.ok((await here.simulation.run(connecting, 10 * SECOND)).ok)
      }),
  ],
  [
    'rfc5961: connection refused',
    () =>
      overheard(async ({ here, attacker, seen, pass }) => {
        here.lan.setFaults(plans.OFF, here.server.net)
        const connecting = open(here)
        await pass(1)
        forgeRefusal(attacker, seen.syn!, 0)
        assert.deepEqual(await here.simulation.run(connecting, 10), err('refused'))
      }),
  ],
  ['rfc5961: blind rst on established', () => survives({ flags: RST, seq: 1 })],
  [
    'rfc5961: rst on established',
    () =>
      established(async ({ server, here }, forged) => {
        forged({ flags: RST })
        assert.deepEqual(await here.simulation.run(server.read(), SECOND), err('reset'))
      }),
  ],
  ['rfc5961: blind syn on established', () => survives({ flags: SYN, seq: 1 })],
  ['rfc5961: blind data injection', () => survives({ flags: ACK | PSH, ack: 100_000, text: 'evil' })],
  [
    'rfc5961: data repeated ack',
    () =>
      established(async ({ server, here }, forged) => {
        forged({ flags: ACK | PSH, text: 'good' })
        const read = await here.simulation.run(server.read(), SECOND)
        assert.deepEqual(read, ok(new Uint8Array(Buffer.from('good'))))
      }),
  ],
]

const ENDS: readonly Scenario[] = [
  [
    'window: rto calculation',
    async () => {
      const trip = roundTrip.unknown()
      const after = (ms: number): number => {
        roundTrip.measured(trip, roundTrip.micros(ms))
        return trip.rto
      }
      // 1087.5 there; here a timer counts whole milliseconds.
      assert.deepEqual([after(400), after(300)], [1200, 1088])
    },
  ],
  ['simultaneous close: with ack', () => closeTogether((flow) => flow.shutdown(), ok('eof'))],
  ['simultaneous close: with reset', () => closeTogether((flow) => flow.abort(), err('reset'))],
  [
    'keepalive: a peer that is switched off is noticed',
    async () => {
      const here = world()
      const keepAlive = { after: 0, interval: SECOND, probes: 3 }
      const accepting = accepted(here.server, PORT)
      const opening = here.client.stack.tcp.connect(
        { address: here.server.address, port: PORT },
        { keepAlive },
      )
      const connection = await here.simulation.run(opening)
      assert.ok(connection.ok)
      await here.simulation.run(accepting)
      here.lan.setFaults(plans.OFF)
      assert.deepEqual(await here.simulation.run(connection.value.read(), 15 * SECOND), err('timed-out'))
    },
  ],
]

describe('a scenario of the reference', () => {
  const all = [
    ...CONNECT,
    ...IPERF,
    ...MTUS,
    ['deadlock: 100 MB to a slow receiver', deadlock] as const,
    ...RFC5961,
    ...ENDS,
  ]
  for (const [name, run] of all) it(name, run)

  it('has a name for each of the 29, of which two are about the insides of a window: the tests of @mirage/tcp', () => {
    assert.equal(all.length + ['window: fresh window', 'window: fast recovery'].length, 29)
  })
})

describe('on each link of the reference', () => {
  for (const [name, faults] of BACKENDS) {
    it(`a connection is opened and closed, and carries a megabyte each way: ${name}`, async () => {
      const here = world({ faults })
      await greet(here)
      const bytes = noise(MEGABYTE, 3)
      here.server.stack.tcp.unlisten(PORT)
      const [client, server] = await here.simulation.run(connected(here, PORT), 60 * SECOND)
      const work = [send(client, bytes), send(server, bytes), receive(client, bytes), receive(server, bytes)]
      await here.simulation.run(Promise.all(work), 120 * SECOND)
    })
  }
})

/** A request and a response of so many bytes. */
async function say(here: World, request: number, response: number): Promise<void> {
  const [question, answer] = [noise(request, 1), noise(response, 2)]
  const work = async (): Promise<void> => {
    const [client, server] = await connected(here, PORT)
    await Promise.all([send(client, question), receive(server, question)])
    await Promise.all([send(server, answer), receive(client, answer)])
  }
  await here.simulation.run(work(), 10 * SECOND)
}

/** The receiver sleeps between reads; no write waits for five seconds. */
async function deadlock(): Promise<void> {
  const here = world({ mtu: 4000 })
  const [client, server] = await here.simulation.run(connected(here, PORT))
  const [chunk, total] = [noise(65_536, 1), 100 * MEGABYTE]
  let slowest = 0
  const writing = async (): Promise<void> => {
    for (let sent = 0; sent < total; sent += chunk.length) {
      const start = here.simulation.now()
      assert.deepEqual(await client.write(chunk.subarray(0, total - sent)), ok(undefined))
      slowest = Math.max(slowest, here.simulation.now() - start)
    }
    client.close()
  }
  const reading = async (): Promise<void> => {
    let length = 0
    for (;;) {
      const read = await server.read()
      assert.ok(read.ok)
      if (read.value === 'eof') break
      length += read.value.length
      await sleep(here.server.clock, 20)
    }
    assert.equal(length, total)
  }
  await here.simulation.run(Promise.all([writing(), reading()]))
  assert.ok(slowest < 5 * SECOND, `a write waited for ${slowest} ms`)
}

interface Overheard {
  readonly here: World
  readonly attacker: ReturnType<World['lan']['connect']>
  /** The client's last SYN, and its last segment. */
  readonly seen: { syn?: Uint8Array; last?: Uint8Array }
  readonly pass: (duration: number) => Promise<void>
}

async function overheard(run: (scene: Overheard) => Promise<void>): Promise<void> {
  const seen: Overheard['seen'] = {}
  const here: World = world({
    observe: (_fate, from, _to, frame) => {
      if (from.mac !== here.client.net.mac || frame[12] !== 0x08 || frame[13] !== 0x00 || frame[23] !== 6)
        return
      seen.last = frame.slice()
      if ((frame[47]! & SYN) !== 0) seen.syn = seen.last
    },
  })
  const attacker = here.lan.connect()
  // Who is where is known before, as on any link.
  const known = here.client.stack.tcp.connect({ address: here.server.address, port: 9 })
  await here.simulation.run(known)
  await run({ here, attacker, seen, pass: (duration) => here.simulation.pass(duration) })
}

function open(here: World): Promise<Result<TcpFlow, ConnectError>> {
  here.server.stack.tcp.listen(PORT, () => {})
  return here.client.stack.tcp.connect({ address: here.server.address, port: PORT })
}

type Ends = Overheard & { readonly client: TcpFlow; readonly server: TcpFlow }

/** A connection that is open, and what forges segments of its client. */
async function established(
  run: (ends: Ends, forged: (forgery: Parameters<typeof forge>[2]) => void) => Promise<void>,
): Promise<void> {
  await overheard(async (scene) => {
    const [client, server] = await scene.here.simulation.run(connected(scene.here, PORT))
    await scene.pass(1)
    await run({ ...scene, client, server }, (forgery) => forge(scene.attacker, scene.seen.last!, forgery))
  })
}

/** A forged segment changes nothing: the next bytes are those of the client. */
async function survives(forgery: Parameters<typeof forge>[2]): Promise<void> {
  await established(async ({ client, server, here, pass }, forged) => {
    forged(forgery)
    await pass(100)
    void client.write(new Uint8Array(Buffer.from('true')))
    const read = await here.simulation.run(server.read(), SECOND)
    assert.deepEqual(read, ok(new Uint8Array(Buffer.from('true'))))
  })
}

async function closeTogether(
  close: (flow: TcpFlow) => void,
  told: Awaited<ReturnType<TcpFlow['read']>>,
): Promise<void> {
  for (let seed = 1; seed <= 20; seed++) {
    const here = world({ seed, faults: { latency: 10, jitter: 5 } })
    const [client, server] = await here.simulation.run(connected(here, PORT))
    for (const flow of [client, server]) close(flow)
    assert.deepEqual(await here.simulation.run(Promise.all([client.read(), server.read()])), [told, told])
    await here.simulation.pass(600 * SECOND)
    await greet(here)
  }
}
