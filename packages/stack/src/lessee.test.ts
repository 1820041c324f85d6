import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { setReporter } from '@mirage/console/logs'
import type { Lease } from '@mirage/dhcp/lease'
import { type Server, createServer } from '@mirage/dhcp/server'
import type { Config as ServerConfig } from '@mirage/dhcp/server-config'
import * as wire from '@mirage/dhcp/wire'
import { seeded } from '@mirage/random/seeded'
import { OFF } from '@mirage/vnetif/plans'
import { type Switch, vnetif } from '@mirage/vnetif'
import * as layers from './layers.ts'
import { Lessee, type Options } from './lessee.ts'

const LEASE_TIME = 600
const SECOND = 1000

describe('a lessee', () => {
  const lines: string[] = []
  beforeEach(() => {
    lines.length = 0
    setReporter((_source, level, message) => lines.push(`${level}: ${message}`))
  })

  it('configures the interface with the first lease, and says so once', () => {
    const { clock, client, leases } = rig()
    clock.advance(SECOND)
    assert.deepEqual(client.ip.config, {
      cidr: { address: ipv4.of(10, 0, 0, 50), prefixLength: 24 },
      gateway: ipv4.of(10, 0, 0, 1),
    })
    assert.deepEqual(leases, ['10.0.0.50'])
  })

  it('keeps its address for as long as the server lives', () => {
    const { clock, client, leases, server } = rig()
    for (let hour = 0; hour < 24; hour++) {
      clock.advance(3600 * SECOND)
      assert.equal(client.ip.config.cidr.address, ipv4.of(10, 0, 0, 50))
    }
    assert.deepEqual(leases, ['10.0.0.50'])
    assert.ok([...server.entries.values()][0]!.until > clock.now())
    assert.ok(clock.pending < 10, 'timers that were replaced are gone')
  })

  it('tells a person that no server answers, and goes on asking for ever', () => {
    const { clock, lan, client } = rig()
    lan.setFaults(OFF)
    clock.advance(9 * SECOND)
    assert.deepEqual(lines, [])
    clock.advance(2 * SECOND)
    assert.deepEqual(lines, ['warning: no DHCP server has answered 02:50:00:00:00:02 for 10 s, still asking'])
    clock.advance(3600 * SECOND)
    lan.setFaults(undefined)
    clock.advance(70 * SECOND)
    assert.equal(client.ip.config.cidr.address, ipv4.of(10, 0, 0, 50))
    const told = lines.length
    assert.ok(told > 50 && told < 70, 'once a minute')
    clock.advance(3600 * SECOND)
    assert.equal(lines.length, told)
  })

  it('gives its address up when the lease ends, and takes one again when a server is back', () => {
    const { clock, lan, client, leases } = rig()
    clock.advance(SECOND)
    lan.setFaults(OFF)
    clock.advance(LEASE_TIME * SECOND)
    assert.equal(client.ip.config.cidr.address, ipv4.UNSPECIFIED)
    assert.match(lines[0]!, /warning: the lease of 10\.0\.0\.50 has ended/)
    lan.setFaults(undefined)
    clock.advance(70 * SECOND)
    assert.deepEqual(leases, ['10.0.0.50', '10.0.0.50'])
  })

  it('leaves nothing to be done when it is disconnected before it had an answer', () => {
    const { clock, lan, lessee } = rig()
    lan.setFaults(OFF)
    clock.advance(SECOND)
    lessee.disconnect()
    assert.equal(clock.pending, 0)
  })

  it('asks no more once it is disconnected', () => {
    const { clock, lessee, client, clientFrames } = rig()
    clock.advance(SECOND)
    lessee.disconnect()
    const frames = clientFrames()
    clock.advance(10 * LEASE_TIME * SECOND)
    assert.equal(clientFrames(), frames)
    assert.equal(client.ip.config.cidr.address, ipv4.of(10, 0, 0, 50))
  })

  it('sends no packet that is larger than the server says', () => {
    const { clock, client } = rig({ mtu: 1400 })
    clock.advance(SECOND)
    assert.equal(client.ip.mtu(ipv4.of(10, 0, 0, 1)), 1380)
  })

  it('gives its lease back when it is disconnected, and the address is free at once', () => {
    const { clock, lessee, server } = rig()
    clock.advance(SECOND)
    lessee.disconnect()
    clock.advance(SECOND)
    assert.ok(server.entries.get(ipv4.of(10, 0, 0, 50))!.until < clock.now())
  })

  it('keeps its lease where it is told to, and has it back by one exchange', () => {
    const { clock, lessee, server, clientFrames } = rig(
      {},
      { before: ipv4.of(10, 0, 0, 51), keepsLease: true },
    )
    clock.advance(SECOND)
    // The question, the probe and the announcement.
    assert.equal(clientFrames(), 3)
    lessee.disconnect()
    clock.advance(SECOND)
    assert.ok(server.entries.get(ipv4.of(10, 0, 0, 51))!.until > clock.now())
  })

  it('leaves an address to whoever has it already, and takes the next one', () => {
    const { clock, leases, client, neighbour, server } = rig()
    neighbour.arp.add(ipv4.of(10, 0, 0, 50))
    clock.advance(SECOND)
    assert.equal(client.ip.config.cidr.address, ipv4.UNSPECIFIED)
    assert.equal(server.entries.get(ipv4.of(10, 0, 0, 50))?.kind, 'declined')
    assert.match(lines.join(), /02:50:00:00:00:03 uses 10\.0\.0\.50 too: declined/)
    clock.advance(10 * SECOND)
    assert.deepEqual(leases, ['10.0.0.50', '10.0.0.51'])
  })

  it('does not use an address that it probes, and takes the next one, where it is cautious', () => {
    const { clock, leases, neighbour } = rig({}, { isCautious: true })
    neighbour.arp.add(ipv4.of(10, 0, 0, 50))
    clock.advance(30 * SECOND)
    assert.deepEqual(leases, ['10.0.0.51'])
  })

  it('defends its address once, and lets whoever insists have it', () => {
    const { clock, client, neighbour } = rig()
    clock.advance(60 * SECOND)
    neighbour.arp.add(ipv4.of(10, 0, 0, 50))
    clock.advance(SECOND)
    assert.equal(client.ip.config.cidr.address, ipv4.of(10, 0, 0, 50))
    neighbour.arp.add(ipv4.of(10, 0, 0, 50))
    clock.advance(SECOND)
    assert.equal(client.ip.config.cidr.address, ipv4.UNSPECIFIED)
    assert.match(lines.join(), /too: defended.*too: declined/)
  })
})

interface Rig {
  /** Somebody else on the link, without an address. */
  readonly neighbour: layers.Layers
  readonly clock: ManualClock
  readonly lan: Switch
  readonly server: Server
  readonly client: layers.Layers
  readonly clientFrames: () => number
  readonly lessee: Lessee
  /** The addresses that were told. */
  readonly leases: string[]
}

function rig(tells: Partial<ServerConfig> = {}, options: Partial<Options> = {}): Rig {
  const clock = manual()
  const random = seeded(1)
  const lan = vnetif({ clock, random })
  const server = serve(layers.connect({ net: lan.connect(), clock, random }), clock, tells)
  const net = lan.connect()
  const client = layers.connect({ net, clock, random })
  const leases: string[] = []
  const told = (lease: Lease | undefined, isNew: boolean): void => {
    if (isNew && lease !== undefined) leases.push(ipv4.format(lease.address))
  }
  const lessee = new Lessee({ ...client, clock, random }, { ...options, mac: net.mac }, told)
  const neighbour = layers.connect({ net: lan.connect(), clock, random })
  return { clock, lan, server, client, neighbour, clientFrames: () => net.counters.txFrames, lessee, leases }
}

/** A server that leases 10.0.0.50 and one address more for ten minutes. */
function serve({ ip, udp }: layers.Layers, clock: ManualClock, tells: Partial<ServerConfig>): Server {
  const cidr = { address: ipv4.of(10, 0, 0, 1), prefixLength: 24 }
  ip.configure({ cidr })
  const server = createServer({
    cidr,
    ranges: [{ first: ipv4.of(10, 0, 0, 50), last: ipv4.of(10, 0, 0, 51) }],
    gateway: cidr.address,
    leaseTime: LEASE_TIME,
    ...tells,
  })
  udp.listen(wire.SERVER_PORT, ({ payload }) => {
    const message = wire.parse(payload)
    const output = message.ok ? server.input(message.value, clock.now()) : undefined
    if (output === undefined || !('reply' in output)) return
    const { reply } = output
    const to = { address: reply.dst, port: reply.dstPort }
    udp.write(to, wire.emit(reply.message), { srcPort: wire.SERVER_PORT })
  })
  return server
}
