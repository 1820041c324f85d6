/** What holds for the gateway as a whole. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { manual } from '@mirage/clock/manual'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { connectDhcp } from '@mirage/stack'
import * as fc from 'fast-check'
import { inside, outside } from './addresses.ts'
import { CIDR, connect } from './gateway.ts'
import { MemoryHost } from './memory.ts'
import { GATEWAY, GUEST, rig } from './testing/rig.ts'

describe('a gateway', () => {
  it('gives a stack that asks by DHCP the address that it publishes ports to', async () => {
    const clock = manual()
    const cable = pair({ clock })
    const gateway = connect({ net: cable.a, host: new MemoryHost(), clock, random: seeded(1) })
    const connecting = connectDhcp({ net: cable.b, clock, random: seeded(2) })
    clock.advance(100)
    const stack = await connecting
    assert.deepEqual(stack.ip.config, { cidr: { address: GUEST, prefixLength: 24 }, gateway: GATEWAY })
    assert.equal(await gateway.up(), GUEST)
    stack.disconnect()
    gateway.disconnect()
  })

  it('works in another network', async () => {
    const clock = manual()
    const cable = pair({ clock })
    const cidr = { address: ipv4.of(192, 168, 7, 254), prefixLength: 28 }
    const gateway = connect({ net: cable.a, host: new MemoryHost(), clock, random: seeded(1) }, { cidr })
    const connecting = connectDhcp({ net: cable.b, clock, random: seeded(2) })
    clock.advance(100)
    const { config } = (await connecting).ip
    assert.equal(ipv4.formatCidr(config.cidr), '192.168.7.241/28')
    assert.equal(config.gateway, gateway.cidr.address)
  })

  it('throws nothing and holds nothing for frames of any bytes', async () => {
    const { net, gateway, pass } = rig()
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, isArp) => {
        send(net, isArp ? 0x0806 : 0x0800, bytes)
        await pass(1)
      }),
    )
    assert.deepEqual(gateway.inUse, { flows: 0, sockets: 0, clients: 0 })
  })

  it('throws nothing and stays within its limits for packets to any address, protocol and port', async () => {
    const { net, gateway, pass } = rig()
    const packet = fc.record({
      protocol: fc.constantFrom(1, 6, 17, 2),
      dst: fc.constantFrom(
        GATEWAY,
        ipv4.BROADCAST,
        ipv4.of(10, 0, 0, 255),
        ipv4.of(192, 0, 2, 1),
        0,
        0x7f000001,
      ),
      port: fc.constantFrom(0, 53, 67, 80, 40_001, 65_535),
      payload: fc.uint8Array({ maxLength: 80 }),
    })
    await fc.assert(
      fc.asyncProperty(packet, async ({ protocol, dst, port, payload }) => {
        send(net, 0x0800, ipPacket(protocol, dst as ipv4.Ipv4, port, payload))
        await pass(1)
      }),
      { numRuns: 500 },
    )
    assert.ok(
      gateway.counters.udpOut > 0 && gateway.counters.udpDropped > 0 && gateway.counters.dhcpMalformed > 0,
    )
    await pass(300_000)
    assert.deepEqual(gateway.inUse, { flows: 0, sockets: 0, clients: 0 })
  })
})

describe('the address of the gateway', () => {
  it('is the loopback of the host, whatever it came from there', () => {
    assert.deepEqual(outside({ address: GATEWAY, port: 80 }, CIDR), { address: ipv4.LOOPBACK, port: 80 })
    assert.deepEqual(inside({ address: ipv4.of(127, 0, 0, 53), port: 80 }, CIDR), {
      address: GATEWAY,
      port: 80,
    })
  })

  it('is the only one of the link that leads outside', () => {
    const cases: [address: ipv4.Ipv4, port: number, leads: boolean][] = [
      [ipv4.of(8, 8, 8, 8), 53, true],
      [ipv4.of(8, 8, 8, 8), 0, false],
      [ipv4.of(10, 0, 1, 1), 80, true],
      [ipv4.of(10, 0, 0, 3), 80, false],
      [ipv4.of(10, 0, 0, 255), 80, false],
      [ipv4.of(0, 0, 0, 1), 80, false],
      [ipv4.of(127, 0, 0, 1), 80, false],
      [ipv4.of(223, 255, 255, 255), 80, true],
      [ipv4.of(224, 0, 0, 1), 80, false],
      [ipv4.BROADCAST, 80, false],
    ]
    for (const [address, port, leads] of cases) {
      assert.equal(outside({ address, port }, CIDR) !== undefined, leads, ipv4.format(address))
    }
  })
})

/** A frame from the unikernel to the gateway. */
function send(net: ReturnType<typeof rig>['net'], type: number, payload: Uint8Array): void {
  net.write(14 + payload.length, (frame) => {
    mac.write(frame, 0, mac.local(1))
    mac.write(frame, 6, net.mac)
    setU16(frame, 12, type)
    frame.set(payload, 14)
    return frame.length
  })
}

/** With a good header checksum, and a datagram or segment of any bytes to `port` without a checksum of its own. */
function ipPacket(protocol: number, dst: ipv4.Ipv4, port: number, payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(20 + 8 + payload.length)
  packet.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol])
  setU16(packet, 2, packet.length)
  ipv4.write(packet, 12, GUEST)
  ipv4.write(packet, 16, dst)
  setU16(packet, 10, checksum.of(packet, 0, 20, 0))
  setU16(packet, 20, 4000)
  setU16(packet, 22, port)
  setU16(packet, 24, 8 + payload.length)
  packet.set(payload, 28)
  return packet
}
