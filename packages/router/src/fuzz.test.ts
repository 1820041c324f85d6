import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Ipv4, write } from '@mirage/address/ipv4'
import { setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { ICMP, TCP, UDP } from '@mirage/ip'
import * as wire from '@mirage/ip/wire'
import { seeded } from '@mirage/random/seeded'
import * as fc from 'fast-check'
import { Filter } from './filter.ts'
import * as forward from './forward.ts'
import { Nat, type NatRefusal, type Translation } from './nat.ts'
import * as rewrite from './rewrite.ts'
import * as routes from './routes.ts'
import { cidr } from './testing/world.ts'

const OUTSIDE = 0xcb00_7101 as Ipv4
const u16 = fc.nat({ max: 0xffff })
const anAddress = fc.nat({ max: 0xffff_ffff }) as fc.Arbitrary<Ipv4>
/** Few addresses and ports, so that packets meet. */
const near = fc.constantFrom(0x0a00_0002, 0x0a00_0003, OUTSIDE, 0xcb00_7109) as fc.Arbitrary<Ipv4>

/** A packet with a checksum of its payload, where the protocol has one. */
function packetOf(
  src: Ipv4,
  dst: Ipv4,
  protocol: number,
  payload: Uint8Array,
  fragmentation: number,
): Uint8Array {
  const bytes = new Uint8Array(20 + payload.length)
  bytes.set(payload, 20)
  const header = { src, dst, protocol, ttl: 64, id: 7, fragmentation, trafficClass: 0 }
  wire.emit(bytes, 0, header, bytes.length)
  const at = 20 + (protocol === TCP ? 16 : protocol === UDP ? 6 : 2)
  if (at + 2 > bytes.length || protocol === 200) return bytes
  setU16(bytes, at, 0)
  setU16(bytes, at, checksum.of(bytes, 20, bytes.length, pseudoOf(bytes)) || (protocol === UDP ? 0xffff : 0))
  return bytes
}

function pseudoOf(bytes: Uint8Array): number {
  const packet = parsed(bytes)
  const { src, dst, protocol } = packet
  return protocol === ICMP ? 0 : checksum.pseudo(src, dst, protocol, bytes.length - packet.offset)
}

function parsed(bytes: Uint8Array): wire.MutablePacket {
  const packet = wire.create()
  assert.ok(wire.parse(bytes, 0, packet).ok)
  return packet
}

const aPacket = fc
  .tuple(
    near,
    near,
    fc.constantFrom(ICMP, TCP, UDP, 200),
    fc.uint8Array({ maxLength: 80 }),
    fc.constantFrom(0, 0, 0, 0x2000, 0x2005, 5),
  )
  .map(([src, dst, protocol, payload, fragmentation]) => {
    // Of ICMP mostly echoes and errors, of the ports mostly few.
    if (protocol === ICMP && payload.length > 0) payload[0] = [0, 3, 8, 11][payload[0]! % 4]!
    if (protocol !== ICMP && payload.length > 3)
      payload.set([0, 1 + (payload[1]! % 3), 0, 1 + (payload[3]! % 3)])
    return packetOf(src, dst, protocol, payload, fragmentation)
  })

describe('new ends', () => {
  it('leave every checksum right that was right', () => {
    const body = fc.uint8Array({ minLength: 20, maxLength: 120 })
    fc.assert(
      fc.property(
        fc.constantFrom(ICMP, TCP, UDP),
        body,
        fc.tuple(anAddress, anAddress, anAddress, anAddress),
        fc.tuple(u16, u16),
        (protocol, payload, [src, dst, newSrc, newDst], [srcPort, dstPort]) => {
          const bytes = packetOf(src, dst, protocol, payload, 0)
          rewrite.setEnds(bytes, 0, bytes.length, { src: newSrc, dst: newDst, srcPort, dstPort }, true)
          const packet = parsed(bytes)
          assert.deepEqual([packet.src, packet.dst], [newSrc, newDst])
          assert.equal(checksum.of(bytes, 20, bytes.length, pseudoOf(bytes)), 0)
        },
      ),
    )
  })

  it('leave a datagram without a checksum without one', () => {
    const bytes = packetOf(OUTSIDE, OUTSIDE, UDP, new Uint8Array(12), 0)
    setU16(bytes, 26, 0)
    rewrite.setEnds(bytes, 0, bytes.length, { src: 1 as Ipv4, dst: 2 as Ipv4, srcPort: 3, dstPort: 4 }, true)
    assert.deepEqual([bytes[26], bytes[27]], [0, 0])
  })
})

describe('a packet one hop older', () => {
  it('has a header whose checksum is right', () => {
    fc.assert(
      fc.property(aPacket, fc.integer({ min: 2, max: 255 }), (bytes, ttl) => {
        bytes[8] = ttl
        rewrite.emitChecksum(bytes, 0, 20)
        const to = new Uint8Array(bytes.length + 3)
        assert.equal(forward.copyOlder(parsed(bytes), to, 3), bytes.length)
        assert.equal(parsed(to.subarray(3)).ttl, ttl - 1)
      }),
    )
  })

  it('is the same again when its parts are put together', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 3000 }),
        fc.integer({ min: 68, max: 1500 }),
        (payload, mtu) => {
          const bytes = packetOf(OUTSIDE, OUTSIDE, 200, payload, 0)
          const joined: number[] = []
          for (const part of forward.parts(bytes.length, 20, mtu)) {
            const to = new Uint8Array(mtu)
            const length = forward.copyPart(bytes, 20, part, to, 0)
            const packet = parsed(to.subarray(0, length))
            assert.equal(wire.fragmentOffset(to, 0), joined.length)
            joined.push(...to.subarray(packet.offset, packet.end))
          }
          assert.deepEqual(Uint8Array.from(joined), payload)
        },
      ),
    )
  })
})

/** Each of the three ways, and the first twice as often. */
function translate(nat: Nat, way: number, packet: wire.MutablePacket, now: number): Translation | NatRefusal {
  if (way === 1) return nat.inbound(packet, now)
  return way === 2 ? nat.hairpin(packet, now) : nat.outbound(packet, now)
}

describe('any packets', () => {
  it('are decided about, translated and filtered without an exception, and within the limits', () => {
    const table = routes.of([
      { prefix: cidr('10.0.0.0/8'), link: 0 },
      { prefix: cidr('0.0.0.0/0'), link: 1 },
    ])
    const limits = { sessions: 8, sessionsPerHost: 4 }
    fc.assert(
      fc.property(
        fc.array(fc.tuple(aPacket, fc.nat({ max: 100_000 }), fc.nat({ max: 3 })), { maxLength: 60 }),
        (packets) => {
          const nat = new Nat(seeded(1), {
            limits,
            forwards: [{ protocol: 'tcp', port: 2, toAddress: 0x0a00_0003 as Ipv4, toPort: 1 }],
          })
          nat.setOutside(OUTSIDE)
          const filter = new Filter([], { limits })
          let now = 0
          for (const [bytes, pause, way] of packets) {
            now += pause
            const packet = parsed(bytes)
            forward.decide(table, packet)
            filter.check(packet, way % 2 === 0 ? 'in' : 'out', now)
            const translation = translate(nat, way, packet, now)
            assert.ok(nat.count <= limits.sessions && filter.count <= limits.sessions)
            if (typeof translation === 'string') continue
            if (translation.of === 'packet') rewrite.setEnds(bytes, 0, bytes.length, translation, true)
            else if (translation.of === 'quoted') rewrite.setErrorEnds(bytes, 0, bytes.length, translation)
            else rewrite.setAddresses(bytes, 0, translation.src, translation.dst)
            // Its header is right again, or it could not be parsed.
            parsed(bytes)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  it('with any options are older packets, too', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 40, maxLength: 40 }),
        fc.uint8Array({ maxLength: 200 }),
        (options, payload) => {
          const bytes = new Uint8Array(60 + payload.length)
          bytes.set(options, 20)
          bytes.set(payload, 60)
          bytes.set([0x4f, 0, bytes.length >>> 8, bytes.length, 0, 0, 0, 0, 64, 200])
          write(bytes, 12, 0x0a00_0002 as Ipv4)
          write(bytes, 16, OUTSIDE)
          rewrite.emitChecksum(bytes, 0, 60)
          const packet = parsed(bytes)
          forward.decide(routes.of([]), packet)
          const to = new Uint8Array(bytes.length)
          forward.copyOlder(packet, to, 0)
          for (const part of forward.parts(to.length, 60, 100)) {
            const fragment = new Uint8Array(100)
            parsed(fragment.subarray(0, forward.copyPart(to, 60, part, fragment, 0)))
          }
        },
      ),
    )
  })
})
