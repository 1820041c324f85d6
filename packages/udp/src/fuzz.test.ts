import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { connect as connectArp } from '@mirage/arp'
import { setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { manual } from '@mirage/clock/manual'
import { IPV4, connect as connectEthernet } from '@mirage/ethernet'
import { connect as connectIcmp } from '@mirage/icmp'
import { connect as connectIp } from '@mirage/ip/ipv4'
import * as wire from '@mirage/ip/wire'
import { pair } from '@mirage/net/pair'
import { type Random, below } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'
import { connect } from './udp.ts'

const A = of(10, 0, 0, 1)
const B = of(10, 0, 0, 2)

/** A packet from B to A: a datagram, an echo, or an error about a datagram; perhaps a part of one. */
function packet(random: Random): Uint8Array {
  const protocol = below(random, 3) === 0 ? 17 : 1
  const payload = protocol === 17 ? datagram(random) : message(random)
  const isPart = below(random, 3) === 0
  const fragmentation = isPart ? (below(random, 2) * 0x2000) | below(random, 6) : 0
  const length = isPart ? Math.min(payload.length, 8 * (1 + below(random, 4))) : payload.length
  const bytes = new Uint8Array(20 + length)
  bytes.set(payload.subarray(0, length), 20)
  const header = { src: B, dst: A, protocol, ttl: 9, trafficClass: 0, id: below(random, 20), fragmentation }
  wire.emit(bytes, 0, header, bytes.length)
  return bytes
}

function datagram(random: Random): Uint8Array {
  const bytes = new Uint8Array(8 + below(random, 40))
  setU16(bytes, 0, below(random, 4) === 0 ? 0 : 7)
  setU16(bytes, 2, 5 + below(random, 4))
  setU16(bytes, 4, bytes.length)
  if (below(random, 2) === 0)
    setU16(bytes, 6, checksum.of(bytes, 0, bytes.length, checksum.pseudo(B, A, 17, bytes.length)))
  return bytes
}

function message(random: Random): Uint8Array {
  const quote = new Uint8Array(28)
  quote.set([0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 7, 0, 7])
  const bytes = new Uint8Array(36)
  const type = [0, 3, 3, 8, 11, 12][below(random, 6)]!
  bytes.set([type, below(random, 6), 0, 0, 0, 0, below(random, 8), below(random, 256)])
  bytes.set(quote, 8)
  mutate(bytes.subarray(8), random, 2)
  setU16(bytes, 2, checksum.of(bytes, 0, bytes.length))
  return bytes
}

function mutate(bytes: Uint8Array, random: Random, countMax: number): void {
  for (let i = below(random, countMax + 1); i > 0; i--)
    bytes[below(random, bytes.length)] = below(random, 256)
}

describe('whatever arrives', () => {
  it('throws nothing, is bounded, and hinders no datagram after it (50 000 packets)', () => {
    const random = seeded(5)
    const clock = manual()
    const cable = pair({ clock })
    const ethernet = connectEthernet(cable.a)
    const arp = connectArp({ ethernet, clock })
    const cidr = { address: A, prefixLength: 24 }
    const ip = connectIp({ ethernet, arp, clock, random }, { config: { cidr } })
    const icmp = connectIcmp({ ip, clock, random })
    const udp = connect({ ip, icmp, random })
    const peer = connectEthernet(cable.b)
    arp.static(B, peer.mac)
    let [errors, received] = [0, 0]
    udp.onError(() => errors++)
    udp.listen(7, ({ src, payload }) => {
      received++
      udp.write(src, payload, { srcPort: 7 })
    })
    const send = (bytes: Uint8Array): void => {
      peer.writeAt(
        mac.local(1),
        IPV4,
        bytes.length,
        (frame, offset) => (frame.set(bytes, offset), bytes.length),
      )
    }
    for (let i = 0; i < 50_000; i++) {
      const bytes = packet(random)
      if (below(random, 2) === 0) {
        mutate(bytes, random, 3)
        const size = (bytes[0]! & 0x0f) * 4
        if (below(random, 4) !== 0 && size >= 20 && size <= bytes.length) {
          setU16(bytes, 10, 0)
          setU16(bytes, 10, checksum.of(bytes, 0, size))
        }
      }
      send(bytes)
      clock.advance(below(random, 5))
      assert.ok(ip.mtu(B) >= 532 && ip.mtu(B) <= 1480)
    }
    for (const [name, count] of Object.entries({ errors, received }))
      assert.ok(count > 100, `${name}: ${count}`)
    assert.ok(ip.drops['fragment-overlap'] > 100 && ip.drops['fragment-timeout'] > 100)
    clock.advance(10_000)
    const before = received
    const bytes = new Uint8Array(29)
    bytes.set([0, 9, 0, 7, 0, 9, 0, 0, 1], 20)
    const header = { src: B, dst: A, protocol: 17, ttl: 9, trafficClass: 0, id: 1, fragmentation: 0 }
    wire.emit(bytes, 0, header, 29)
    send(bytes)
    clock.advance(0)
    assert.equal(received, before + 1)
  })
})
