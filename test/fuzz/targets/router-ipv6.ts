/** A router for IPv6 with a filter: packets of any kind alone, and whole frames from both sides while it shows itself to hosts. */
import assert from 'node:assert/strict'
import * as ipv6 from '@mirage/address/ipv6'
import * as mac from '@mirage/address/mac'
import { manual } from '@mirage/clock/manual'
import * as icmp from '@mirage/icmp/icmpv6-wire'
import { DESTINATION_OPTIONS, HOP_BY_HOP, ROUTING } from '@mirage/ip/extension'
import * as wire from '@mirage/ip/ipv6-wire'
import { HEADER_SIZE, type Net } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { announce } from '@mirage/router/announce'
import { Filter } from '@mirage/router/filter'
import { connect as connectRouter } from '@mirage/router/ipv6'
import { connect } from '@mirage/stack'
import { Names } from '../../../packages/ip/src/ipv6/names.ts'
import * as errors from '../../../packages/router/src/ipv6-errors.ts'
import * as forward from '../../../packages/router/src/ipv6-forward.ts'
import * as routes from '../../../packages/router/src/routes.ts'
import * as packets from '../../../packages/router/src/testing/ipv6-packets.ts'
import { repair, victim } from '../frames.ts'
import type { Target } from '../fuzz.ts'
import { says } from '../neighbour.ts'

const LIMITS = { sessions: 64, sessionsPerHost: 32 }
const RULES = [{ verdict: 'allow', direction: 'in', protocol: 'udp' }] as const

/** Each of them. */
export async function all(): Promise<readonly Target[]> {
  return [core(), await frames()]
}

/** Input is a packet from its first byte on. */
function core(): Target {
  const table = routes.of<ipv6.Ipv6>([
    { prefix: { address: packets.INSIDE, prefixLength: 48 }, link: 0 },
    { prefix: { address: ipv6.UNSPECIFIED, prefixLength: 0 }, link: 1 },
  ])
  return {
    name: 'router-ipv6',
    corpus: CORPUS.map(packets.bytesOf),
    create(inputs) {
      const filter = new Filter(RULES, { limits: LIMITS })
      let now = 0
      return (input) => {
        now += inputs.below(256) === 0 ? inputs.below(400_000) : inputs.below(100)
        const packet = wire.create()
        if (!wire.parse(input, 0, packet, new Names()).ok) return
        const before = { ...packet }
        filter.check(packet, inputs.below(2) === 0 ? 'out' : 'in', now)
        forward.decide(table, packet)
        forward.isOfLink(packet)
        errors.isEchoRequest(packet)
        const size = errors.size(packet)
        const to = new Uint8Array(Math.max(size, packet.end) + 3)
        if (errors.mayReport(packet))
          assert.equal(errors.emit(to, 3, packet, errors.tooBig(1300), packets.OUTSIDE), size)
        if (packet.ttl > 0) assert.equal(forward.copyOlder(packet, to, 3), packet.end)
        assert.deepEqual(packet, before, 'a packet is lent, and not changed')
        assert.ok(filter.count <= LIMITS.sessions, 'no more than the limit is kept')
      }
    },
  }
}

const OPTIONS = [0, 1, 4, 0, 0, 0, 0]
const CORPUS: readonly packets.Sent[] = [
  packets.udp('>', 5000, 53),
  packets.udp('<', 53, 5000),
  packets.tcp('>', 5000, 80, 2),
  packets.message('>', icmp.ECHO_REQUEST, 7, new Uint8Array(8)),
  packets.error(icmp.PACKET_TOO_BIG, packets.udp('>', 5000, 53)),
  packets.part(packets.udp('>', 5000, 53), 7, 0, 8),
  packets.part(packets.udp('>', 5000, 53), 7, 8, 12),
  packets.behind(HOP_BY_HOP, OPTIONS, packets.behind(DESTINATION_OPTIONS, OPTIONS, packets.udp('<', 1, 2))),
  packets.behind(HOP_BY_HOP, [0, 5, 2, 0, 0, 1, 0], packets.message('<', 130, 0, new Uint8Array(16))),
  packets.behind(ROUTING, [0, 0, 1, 0, 0, 0, 0], packets.udp('<', 1, 2)),
]

/** Where the addresses are in a frame. */
const SRC = HEADER_SIZE + 8
const DST = HEADER_SIZE + 24
const HOST = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)
const FAR = ipv6.of(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)

/** What a stack was told, as if it were for a host outside, or came from there; and to the router itself. */
async function frames(): Promise<Target> {
  const heard = (await victim()).heard.filter((frame) => frame[12] === 0x86 && frame[13] === 0xdd)
  const outwards = heard.map((frame) => withAddress(frame, DST, FAR))
  const inwards = heard.map((frame) => withAddress(withAddress(frame, SRC, FAR), DST, HOST))
  return {
    name: 'router-frames-ipv6',
    corpus: [...heard, ...outwards, ...inwards],
    create(inputs) {
      const clock = manual()
      const random = seeded(1)
      const [inside, outside] = [pair({ clock }), pair({ clock })]
      const leg = (net: Net, address: ipv6.Ipv6, gateway?: ipv6.Ipv6) => {
        const own = { addresses: [{ address, prefixLength: 64 }], isTrusted: true }
        const { ipv6: ip } = connect(
          { net, clock, random },
          undefined,
          gateway === undefined ? own : { ...own, gateway },
        )
        assert.ok(ip !== undefined)
        return ip
      }
      const [near, far] = [
        leg(inside.a, ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)),
        leg(outside.a, ipv6.of(0xfd02, 0, 0, 0, 0, 0, 0, 1), ipv6.of(0xfd02, 0, 0, 0, 0, 0, 0, 2)),
      ]
      const filter = new Filter(RULES)
      connectRouter({ links: [near, far], clock, random }, { outside: 1, filter })
      announce(near, far)
      clock.advance(5000)
      return (input) => {
        const attacker = inputs.below(3) === 0 ? outside.b : inside.b
        const frame = input.subarray(0, HEADER_SIZE + attacker.mtu)
        if (frame.length >= HEADER_SIZE && inputs.below(8) > 0) mac.write(frame, 0, mac.local(1))
        says(attacker, frame, inputs, clock)
        assert.ok(filter.count <= 65_536, 'conversations are limited')
      }
    },
  }
}

function withAddress(frame: Uint8Array, offset: number, address: ipv6.Ipv6): Uint8Array {
  const changed = frame.slice()
  ipv6.write(changed, offset, address)
  repair(changed)
  return changed
}
