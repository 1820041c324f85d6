/** IPv6: neighbours, routers and redirects that anybody may invent, and headers and fragments in any order. */
import assert from 'node:assert/strict'
import * as ipv6 from '@mirage/address/ipv6'
import * as mac from '@mirage/address/mac'
import { concat } from '@mirage/bytes'
import { hex } from '@mirage/bytes/hex'
import { manual } from '@mirage/clock/manual'
import { IPV6, connect as connectEthernet } from '@mirage/ethernet'
import { connect } from '@mirage/ip/ipv6'
import * as packets from '@mirage/ip/ipv6-wire'
import * as wire from '@mirage/ip/ndp-wire'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { NAME_SERVERS_MAX } from '../../../packages/ip/src/ndp/name-servers.ts'
import * as ndp from '../../../packages/ip/src/ndp/ndp.ts'
import * as neighbours from '../../../packages/ip/src/ndp/neighbours.ts'
import * as routers from '../../../packages/ip/src/ndp/routers.ts'
import { ADDRESSES_MAX } from '../../../packages/ip/src/ndp/addresses.ts'
import type { Target } from '../fuzz.ts'
import type { Inputs } from '../inputs.ts'

const OWN = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)
const GATEWAY = ipv6.of(0xfe80, 0, 0, 0, 0, 0, 0, 9)
const FAR = ipv6.of(0x2001, 0xdb8, 9, 0, 0, 0, 0, 1)
const MAC = mac.local(1)
const MTU = 1500

/** Each of them. */
export function all(): readonly Target[] {
  return [discovery(), extensions()]
}

/** Input is a message, of which the first bytes say who sent it. */
function discovery(): Target {
  return {
    name: 'ndp-core',
    corpus: MESSAGES,
    create(inputs) {
      const state = ndp.create({ mac: MAC, mtu: MTU, acceptsRouters: true, addressIn })
      let now = 0
      ndp.start(state, now, 0.5)
      ndp.assign(state, { address: OWN, prefixLength: 64 }, now, now)
      ndp.setGateway(state, GATEWAY, now)
      if (inputs.below(4) === 0) ndp.becomeRouter(state, { lifetime: 1800, dnsServers: [FAR] }, now, 0.5)
      return (input) => {
        now += inputs.below(64) === 0 ? inputs.below(100_000) : inputs.below(20)
        // Every tick leads to a later one, or time would stand still.
        for (let ticks = 0; ndp.deadline(state) <= now; ticks++) {
          assert.ok(ticks < 3, 'ticks end')
          ndp.tick(state, now, inputs.below(256) / 256)
        }
        if (inputs.below(4) === 0) ndp.resolve(state, host(inputs), now)
        if (inputs.below(4) === 0) neighbours.lookup(state.neighbours, host(inputs), now)
        if (input.length >= 4 && wire.isNeighbourDiscovery(input[0]!)) {
          const travel = {
            src: sender(inputs),
            dst: inputs.below(2) === 0 ? OWN : ipv6.ALL_NODES,
            hopLimit: 255,
          }
          const parsed = wire.parse(input, 0, input.length, travel)
          if (parsed.ok) ndp.input(state, parsed.value, travel, now, inputs.below(256) / 256)
        }
        check(state, now)
      }
    },
  }
}

function check(state: ndp.Ndp, now: number): void {
  const { entries, incompletes } = state.neighbours
  assert.ok(
    entries.size <= neighbours.NEIGHBOURS_MAX && incompletes <= neighbours.INCOMPLETE_MAX && incompletes >= 0,
  )
  assert.ok(state.addresses.list.length <= ADDRESSES_MAX)
  assert.ok(state.routers.list.length <= routers.ROUTERS_MAX)
  assert.ok(state.routers.prefixes.length <= routers.PREFIXES_MAX)
  assert.ok(state.nameServers.list.length <= NAME_SERVERS_MAX)
  assert.ok(state.routers.redirects.size <= routers.REDIRECTS_MAX)
  assert.ok(state.mtu >= packets.MTU_MIN && state.mtu <= MTU && state.hopLimit > 0)
  assert.ok(!Number.isNaN(ndp.deadline(state)), 'a deadline is a time')
  assert.ok(ndp.nextHop(state, FAR, now) !== undefined, 'the gateway that a person gave stays')
}

function addressIn(prefix: ipv6.Ipv6, attempt: number): ipv6.Ipv6 | undefined {
  return attempt < 2 ? ipv6.fromMac(prefix, mac.local(1 + attempt)) : undefined
}

/** Of a few hundred on the link. */
function host(inputs: Inputs): ipv6.Ipv6 {
  return ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2 + inputs.below(2000))
}

function sender(inputs: Inputs): ipv6.Ipv6 {
  const kind = inputs.below(4)
  if (kind === 0) return ipv6.UNSPECIFIED
  return kind === 1
    ? GATEWAY
    : kind === 2
      ? ipv6.of(0xfe80, 0, 0, 0, 0, 0, 0, inputs.below(40))
      : host(inputs)
}

/** Input is what follows the IPv6 header, whose next header is one of those that are followed, or not. */
function extensions(): Target {
  return {
    name: 'ipv6-extensions',
    corpus: CHAINS,
    create(inputs) {
      const clock = manual()
      const cable = pair({ clock, mtu: MTU })
      const addresses = [{ address: OWN, prefixLength: 64 }]
      const ip = connect(
        { ethernet: connectEthernet(cable.a), clock, random: seeded(1) },
        { addresses, isTrusted: true, acceptsRouters: false },
      )
      const peer = connectEthernet(cable.b)
      peer.listen(IPV6, () => {})
      ip.listenOther(({ frame, offset, end }) => assert.ok(offset <= end && end <= frame.length))
      ip.onReassemblyTimeout(({ frame, header, end }) =>
        assert.ok(header + packets.HEADER_SIZE <= end && end <= frame.length),
      )
      ip.onProblem((packet, { pointer }) =>
        assert.ok(pointer <= packet.end - packet.header, 'it is in the packet'),
      )
      const src = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)
      return (input) => {
        const length = Math.min(input.length, MTU - packets.HEADER_SIZE)
        const protocol = [0, 43, 44, 44, 44, 60, 200, inputs.below(256)][inputs.below(8)]!
        peer.writeAt(MAC, IPV6, packets.HEADER_SIZE + length, (frame, offset) => {
          packets.emit(frame, offset, { src, dst: OWN, protocol, hopLimit: 9, trafficClass: 0 }, length)
          frame.set(input.subarray(0, length), offset + packets.HEADER_SIZE)
          return packets.HEADER_SIZE + length
        })
        clock.advance(inputs.below(64) === 0 ? inputs.below(12_000) : 0)
        assert.ok(clock.pending <= 4, `${clock.pending} timers`)
      }
    },
  }
}

/** RFC 4861 §4: a solicitation, advertisements, a router's with a prefix, a redirect. */
const MESSAGES = [
  hex('8700 0000 00000000 fd000000000000000000000000000001 0101 025000000002'),
  hex('8800 0000 60000000 fd000000000000000000000000000002 0201 025000000002'),
  hex('8800 0000 a0000000 fe800000000000000000000000000009 0201 025000000009'),
  hex('8600 0000 4000 0708 00000000 00000000 0101 025000000009 0501 0000 000005dc'),
  hex(
    '8600 0000 4000 0000 00000001 00000001 0304 40c0 0000000a 00000005 00000000 20010db8000000000000000000000000',
  ),
  hex('8900 0000 00000000 fe800000000000000000000000000008 20010db8000900000000000000000001'),
]

/** RFC 8200 §4: options, fragments of one packet in two pieces, one that is whole, and several in a row. */
const CHAINS = [
  hex('c800 010400000000 0102030405060708'),
  hex('3c00 0502000001002c00 010400000000 c8000001 00000007 0102030405060708'),
  hex('c8000001 00000007 0102030405060708 0102030405060708'),
  hex('c8000010 00000007 0102030405060708'),
  hex('2c000000 00000007 2c000000 00000007 c8000000 00000007'),
  concat(Array.from({ length: 20 }, () => hex('3c00 010400000000'))),
]
