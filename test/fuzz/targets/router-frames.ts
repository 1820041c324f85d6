/** A whole router between two links, with address translation and a filter, whose neighbours say anything. */
import assert from 'node:assert/strict'
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { manual } from '@mirage/clock/manual'
import { HEADER_SIZE, type Net } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { connect as connectRouter } from '@mirage/router'
import { Filter } from '@mirage/router/filter'
import { Nat } from '@mirage/router/nat'
import { parse as parseRule } from '@mirage/router/rules'
import { connect } from '@mirage/stack'
import type { Target } from '../fuzz.ts'
import { repair, victim } from '../frames.ts'
import { says } from '../neighbour.ts'

/** Where frames of IPv4 have the addresses of their packets. */
const [SRC, DST] = [26, 30]
const OUTSIDE = ipv4.of(192, 0, 2, 1)
const FAR = ipv4.of(192, 0, 2, 2)

/** The target: what a stack was told, as if it were for a host outside, or for the outside address. */
export async function routerFrames(): Promise<Target> {
  const packets = (await victim()).heard.filter((frame) => frame[12] === 0x08 && frame[13] === 0x00)
  const outwards = packets.map((frame) => withAddress(frame, DST, FAR))
  const inwards = packets.map((frame) => withAddress(withAddress(frame, SRC, FAR), DST, OUTSIDE))
  return {
    name: 'router-frames',
    corpus: [...outwards, ...inwards],
    create(inputs) {
      const clock = manual()
      const random = seeded(1)
      const [inside, outside] = [pair({ clock }), pair({ clock })]
      const leg = (net: Net, address: ipv4.Ipv4) =>
        connect({ net, clock, random }, { cidr: { address, prefixLength: 24 } }).ip
      const links = [leg(inside.a, ipv4.of(10, 0, 0, 1)), leg(outside.a, OUTSIDE)]
      const nat = new Nat(random)
      const rules = ['allow out udp', 'allow out tcp', 'deny in tcp port 99'].flatMap((text) => {
        const rule = parseRule(text)
        return rule.ok ? [rule.value] : []
      })
      connectRouter({ links, clock, random }, { outside: 1, nat, filter: new Filter(rules) })
      return (input) => {
        const attacker = inputs.below(3) === 0 ? outside.b : inside.b
        const frame = input.subarray(0, HEADER_SIZE + attacker.mtu)
        if (frame.length >= HEADER_SIZE) mac.write(frame, 0, mac.local(1))
        says(attacker, frame, inputs, clock)
        assert.ok(nat.count <= 65_536, 'conversations are limited')
      }
    },
  }
}

function withAddress(frame: Uint8Array, offset: number, address: ipv4.Ipv4): Uint8Array {
  const changed = frame.slice()
  ipv4.write(changed, offset, address)
  repair(changed)
  return changed
}
