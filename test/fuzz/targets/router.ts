/** A router that translates and filters: packets of any kind, from both sides, for minutes and hours. */
import assert from 'node:assert/strict'
import type { Ipv4 } from '@mirage/address/ipv4'
import { setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { ICMP, TCP, UDP } from '@mirage/ip'
import * as wire from '@mirage/ip/wire'
import { seeded } from '@mirage/random/seeded'
import { Filter } from '@mirage/router/filter'
import { Nat } from '@mirage/router/nat'
import * as forward from '../../../packages/router/src/forward.ts'
import * as rewrite from '../../../packages/router/src/rewrite.ts'
import type { Target } from '../fuzz.ts'

const INSIDE = 0x0a00_0002 as Ipv4
const OUTSIDE = 0xcb00_7101 as Ipv4
const SERVER = 0xcb00_7109 as Ipv4
const LIMITS = { sessions: 64, sessionsPerHost: 32 }

/** Input is a packet from its first byte on. */
export function router(): Target {
  return {
    name: 'router',
    corpus: [
      packet(INSIDE, SERVER, UDP, [0x13, 0x88, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4]),
      packet(SERVER, OUTSIDE, UDP, [0, 53, 0x13, 0x88, 0, 12, 0, 0, 1, 2, 3, 4]),
      packet(
        INSIDE,
        SERVER,
        TCP,
        [0x13, 0x88, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0],
      ),
      packet(INSIDE, SERVER, ICMP, [8, 0, 0xf7, 0xf5, 0, 7, 0, 3]),
      packet(SERVER, OUTSIDE, ICMP, error(packet(OUTSIDE, SERVER, UDP, [0x13, 0x88, 0, 53, 0, 8, 0, 0]))),
    ],
    create(inputs) {
      const forwards = [{ protocol: 'udp', port: 53, toAddress: INSIDE, toPort: 53 }] as const
      const nat = new Nat(seeded(1), { limits: LIMITS, forwards })
      const filter = new Filter([{ verdict: 'allow', direction: 'in', protocol: 'udp' }], { limits: LIMITS })
      nat.setOutside(OUTSIDE)
      let now = 0
      return (input) => {
        now += inputs.below(256) === 0 ? inputs.below(400_000) : inputs.below(100)
        const bytes = input.slice()
        // Mostly right again, so that what is behind the header is looked at.
        if (bytes.length >= 20 && inputs.below(8) > 0)
          rewrite.emitChecksum(bytes, 0, Math.min(bytes.length, (bytes[0]! & 15) * 4))
        const parsed = wire.create()
        if (!wire.parse(bytes, 0, parsed).ok) return
        const way = inputs.below(3)
        filter.check(parsed, way === 0 ? 'out' : 'in', now)
        const translation =
          way === 0
            ? nat.outbound(parsed, now)
            : way === 1
              ? nat.inbound(parsed, now)
              : nat.hairpin(parsed, now)
        assert.ok(
          nat.count <= LIMITS.sessions && filter.count <= LIMITS.sessions,
          'no more than the limit is kept',
        )
        const to = new Uint8Array(parsed.end)
        forward.copyOlder(parsed, to, 0)
        if (typeof translation === 'string') return
        if (translation.of === 'packet') rewrite.setEnds(to, 0, to.length, translation, true)
        else if (translation.of === 'quoted') rewrite.setErrorEnds(to, 0, to.length, translation)
        else rewrite.setAddresses(to, 0, translation.src, translation.dst)
        assert.ok(wire.parse(to, 0, wire.create()).ok, 'what is translated is a packet')
      }
    },
  }
}

function packet(src: Ipv4, dst: Ipv4, protocol: number, payload: readonly number[] | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(20 + payload.length)
  bytes.set(payload, 20)
  wire.emit(bytes, 0, { src, dst, protocol, ttl: 64, id: 7, fragmentation: 0, trafficClass: 0 }, bytes.length)
  return bytes
}

/** "Nobody listens to the port" about `about`. */
function error(about: Uint8Array): Uint8Array {
  const message = new Uint8Array(8 + about.length)
  message.set([3, 3])
  message.set(about, 8)
  setU16(message, 2, checksum.of(message, 0, message.length))
  return message
}
