import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import * as utf8 from '@mirage/bytes/utf8'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { setReporter } from '@mirage/console/logs'
import type { Kv } from '@mirage/kv'
import * as Key from '@mirage/kv/key'
import { memory } from '@mirage/kv/memory'
import { done, err } from '@mirage/result'
import type { Udp } from '@mirage/udp'
import { type Prober, QUEUE_MAX, type RunningServer, serve } from './serve.ts'
import type { Config } from './server.ts'
import * as wire from './wire.ts'

const address = (last: number): Ipv4 => ipv4.of(10, 0, 0, last)
const CONFIG: Config = {
  cidr: { address: address(1), prefixLength: 24 },
  ranges: [{ first: address(2), last: address(9) }],
  leaseTime: 100,
}
/** Long after the clock's own beginning, as with every boot. */
const NOON = Date.UTC(2026, 4, 1, 12)

/** A server whose network is two arrays. */
class Rig {
  readonly clock: ManualClock
  readonly sent: string[] = []
  server: RunningServer | undefined
  #receive: ((payload: Uint8Array) => void) | undefined

  constructor(wall: number = NOON) {
    this.clock = manual(wall)
  }

  async start(leases?: Kv, prober?: Prober): Promise<void> {
    const udp = {
      listen: (_port: number, receive: (datagram: { payload: Uint8Array }) => void) => {
        this.#receive = (payload) => receive({ payload })
        return done
      },
      unlisten: () => {
        this.#receive = undefined
      },
      write: (_to: unknown, payload: Uint8Array) => {
        const message = wire.parse(payload)
        assert.ok(message.ok)
        this.sent.push(`${message.value.type} ${ipv4.format(message.value.yiaddr)}`)
        return done
      },
    } as unknown as Udp
    const devices = { udp, clock: this.clock, ...(leases && { leases }), ...(prober && { prober }) }
    const server = await serve(devices, CONFIG)
    assert.ok(server.ok)
    this.server = server.value
  }

  async hear(type: wire.MessageType, client: number, options: wire.Message['options'] = {}): Promise<void> {
    this.receive(wire.emit(message(type, client, options)))
    for (let turn = 0; turn < 3; turn++) await setImmediate()
  }

  receive(payload: Uint8Array): void {
    this.#receive?.(payload)
  }

  /** A client takes what it is offered. */
  take(client: number, last: number): Promise<void> {
    return this.hear('request', client, { requestedAddress: address(last), serverId: address(1) })
  }
}

function message(type: wire.MessageType, client: number, options: wire.Message['options']): wire.Message {
  const none = ipv4.UNSPECIFIED
  const addresses = { ciaddr: none, yiaddr: none, siaddr: none, giaddr: none }
  return { type, xid: 7, secs: 0, broadcast: true, ...addresses, chaddr: mac.local(client), options }
}

async function textOf(store: Kv, last: number): Promise<string | undefined> {
  const value = await store.get(Key.parse(`leases/10.0.0.${last}`))
  return value.ok ? utf8.decode(value.value) : undefined
}

setReporter(() => {})

describe('a DHCP server with a store', () => {
  it('writes a lease before it is given, with its end as a date', async () => {
    const rig = new Rig()
    const store = memory(rig)
    await rig.start(store)
    rig.clock.advance(5000)
    await rig.take(1, 2)
    assert.deepEqual(rig.sent, ['ack 10.0.0.2'])
    assert.equal(await textOf(store, 2), '02:50:00:00:00:01 mac:025000000001 2026-05-01T12:01:45.000Z\n')
  })

  it('remembers its leases after a restart, at whatever its clock begins', async () => {
    const before = new Rig()
    const store = memory(before)
    await before.start(store)
    await before.take(1, 2)
    const after = new Rig(NOON + 60_000)
    await after.start(store)
    assert.deepEqual(
      [...after.server!.entries],
      [[address(2), { kind: 'leased', client: 'mac:025000000001', mac: mac.local(1), until: 40_000 }]],
    )
    await after.hear('discover', 2)
    await after.hear('discover', 1)
    assert.deepEqual(after.sent, ['offer 10.0.0.3', 'offer 10.0.0.2'])
  })

  it('takes no value that is no lease, nor one that is none of its addresses', async () => {
    const rig = new Rig()
    const store = memory(rig)
    const lease = '02:50:00:00:00:01 mac:025000000001 never\n'
    const values: [name: string, text: string][] = [
      ['10.0.0.2', 'nonsense'],
      ['10.0.0.3', lease.replace('never', '2026-99-99T00:00:00.000Z')],
      ['10.0.0.4', lease.replace('mac:', 'tel:')],
      ['10.0.0.99', lease],
      ['here', lease],
      ['10.0.0.5', lease],
    ]
    for (const [name, text] of values) await store.set(Key.parse(`leases/${name}`), utf8.encode(text))
    await rig.start(store)
    assert.deepEqual([...rig.server!.entries.keys()], [address(5)])
    assert.equal(rig.server!.entries.get(address(5))?.until, Infinity)
  })

  it('is silent where it cannot write: the client asks again', async () => {
    const rig = new Rig()
    const store = memory({ clock: rig.clock, sizeMax: 10 })
    await rig.start(store)
    await rig.take(1, 2)
    assert.deepEqual(rig.sent, [])
    assert.equal(rig.server?.counters['not-stored'], 1)
  })

  it('forgets an address that is declined, and one that its client left for another', async () => {
    const rig = new Rig()
    const store = memory(rig)
    await rig.start(store)
    await rig.take(1, 2)
    await rig.take(1, 3)
    assert.deepEqual([await textOf(store, 2), typeof (await textOf(store, 3))], [undefined, 'string'])
    await rig.hear('decline', 1, { requestedAddress: address(3), serverId: address(1) })
    assert.equal(await textOf(store, 3), undefined)
  })

  it('does not start where the store cannot be read', async () => {
    const broken = {
      exists: () => Promise.resolve(err({ kind: 'storage', key: Key.empty, reason: 'the disk is on fire' })),
    } as unknown as Kv
    const { clock } = new Rig()
    const server = await serve({ udp: {} as Udp, clock, leases: broken }, CONFIG)
    assert.deepEqual(server, err('the leases cannot be read: the medium failed at /: the disk is on fire'))
  })

  it('keeps no more messages than its limit while the store is slow', async () => {
    const rig = new Rig()
    const store = memory(rig)
    let go: () => void = () => {}
    const slow = Object.create(store, {
      set: {
        value: async (key: Key.Key, value: Uint8Array) => {
          await new Promise<void>((resolve) => {
            go = resolve
          })
          return store.set(key, value)
        },
      },
    }) as Kv
    await rig.start(slow)
    await rig.take(1, 2)
    for (let i = 0; i < QUEUE_MAX + 5; i++) rig.receive(wire.emit(message('discover', 2, {})))
    assert.equal(rig.server?.counters['queue-full'], 5)
    go()
    for (let turn = 0; turn < 5; turn++) await setImmediate()
    assert.equal(rig.sent.length, 1 + QUEUE_MAX)
  })
})

/** Of a link where everybody has the addresses `used`. */
function prober(used: readonly Ipv4[]): Prober & { readonly asked: string[] } {
  const notifies: ((address: Ipv4) => void)[] = []
  const asked: string[] = []
  return {
    asked,
    probe(address) {
      asked.push(ipv4.format(address))
      if (used.includes(address)) for (const notify of notifies) notify(address)
    },
    onAnswer: (notify) => void notifies.push(notify),
  }
}

describe('a DHCP server that probes', () => {
  it('offers half a second after nobody answered, and the same at once from then on', async () => {
    const rig = new Rig()
    await rig.start(undefined, prober([]))
    await rig.hear('discover', 1)
    rig.clock.advance(499)
    assert.deepEqual(rig.sent, [])
    await rig.hear('discover', 1)
    rig.clock.advance(1)
    const first = rig.sent.length
    await rig.hear('discover', 1)
    assert.deepEqual([first, rig.sent], [1, ['offer 10.0.0.2', 'offer 10.0.0.2']])
  })

  it('offers the next address where somebody has the first one', async () => {
    const rig = new Rig()
    const probes = prober([address(2), address(3)])
    await rig.start(undefined, probes)
    await rig.hear('discover', 1)
    rig.clock.advance(500)
    assert.deepEqual(probes.asked, ['10.0.0.2', '10.0.0.3', '10.0.0.4'])
    assert.deepEqual(rig.sent, ['offer 10.0.0.4'])
    assert.equal(rig.server?.entries.get(address(2))?.kind, 'declined')
  })

  it('looks for four addresses at most where somebody has them all', async () => {
    const rig = new Rig()
    const probes = prober(Array.from({ length: 10 }, (_, last) => address(last)))
    await rig.start(undefined, probes)
    await rig.hear('discover', 1)
    rig.clock.advance(10_000)
    assert.deepEqual([probes.asked.length, rig.sent, rig.clock.pending], [4, [], 0])
  })

  it('answers a client at once that asks for its address while it is looked for, and looks no more', async () => {
    const rig = new Rig()
    let answer: (address: Ipv4) => void = () => {}
    await rig.start(undefined, { probe: () => {}, onAnswer: (notify) => (answer = notify) })
    await rig.hear('discover', 1)
    await rig.hear('request', 1, { requestedAddress: address(2) })
    assert.deepEqual(rig.sent, ['ack 10.0.0.2'])
    // It has the address by now, and answers itself.
    answer(address(2))
    rig.clock.advance(10_000)
    assert.deepEqual(rig.sent, ['ack 10.0.0.2'])
    assert.equal(rig.server?.entries.get(address(2))?.kind, 'leased')
  })

  it('leaves nothing to be done when it is disconnected', async () => {
    const rig = new Rig()
    await rig.start(undefined, prober([]))
    await rig.hear('discover', 1)
    rig.server?.disconnect()
    rig.server?.disconnect()
    assert.equal(rig.clock.pending, 0)
  })
})

it('a DHCP server counts what is no message', async () => {
  const rig = new Rig()
  await rig.start()
  rig.receive(new Uint8Array(3))
  assert.equal(rig.server?.counters['malformed-message'], 1)
})
