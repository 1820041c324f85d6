import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import * as mac from '@mirage/address/mac'
import { connect as connectArp } from '@mirage/arp'
import { setU16 } from '@mirage/bytes'
import { manual } from '@mirage/clock/manual'
import { IPV4, IPV6, connect as connectEthernet } from '@mirage/ethernet'
import type { Net, Receive } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { type Ip, TCP, UDP } from './ip.ts'
import * as v4 from './ipv4.ts'
import * as v6 from './ipv6.ts'
import { FRAGMENT } from './ipv6/extension.ts'
import * as fragment from './ipv6/fragment.ts'
import * as wire6 from './ipv6/wire.ts'
import * as wire4 from './wire.ts'

const A4 = ipv4.of(10, 0, 0, 1)
const B4 = ipv4.of(10, 0, 0, 2)
const A6 = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)
const B6 = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)

/** Both families on a device whose listener is the test's to call. */
function rig() {
  const clock = manual()
  const { a } = pair({ clock })
  let receive: Receive = () => {}
  const net: Net = {
    mac: a.mac,
    mtu: 1500,
    counters: a.counters,
    write: (size, fill) => a.write(size, fill),
    listen: (listener) => (receive = listener),
    resetCounters: () => {},
    disconnect: () => {},
  }
  const ethernet = connectEthernet(net)
  const needs = { ethernet, arp: connectArp({ ethernet, clock }), clock, random: seeded(1) }
  const below4 = v4.connect(needs, { config: { cidr: { address: A4, prefixLength: 24 } } })
  const addresses = [{ address: A6, prefixLength: 64 }]
  const below6 = v6.connect(needs, { addresses, isTrusted: true, acceptsRouters: false })
  return { receive: (...given: Parameters<Receive>) => receive(...given), below4, below6 }
}

/** A frame for the rig with `length` bytes behind the header of IP. */
function frameOf(family: 'IPv4' | 'IPv6', protocol: number, length: number, fragmentation = 0): Uint8Array {
  const frame = new Uint8Array(14 + (family === 'IPv4' ? 20 : 40) + length)
  mac.write(frame, 0, mac.local(1))
  mac.write(frame, mac.SIZE, mac.local(2))
  setU16(frame, 12, family === 'IPv4' ? IPV4 : IPV6)
  const common = { protocol, trafficClass: 0 }
  if (family === 'IPv4') {
    const header = { src: B4, dst: A4, ttl: 9, id: 1, fragmentation, ...common }
    wire4.emit(frame, 14, header, 20 + length)
  } else wire6.emit(frame, 14, { src: B6, dst: A6, hopLimit: 9, ...common }, length)
  return frame
}

describe('a packet of which a device says that it is datagrams of one size', () => {
  const cases: [
    what: string,
    protocol: number,
    length: number,
    segmentSize: number | undefined,
    isOne: boolean,
  ][] = [
    ['of two, and a shorter one', UDP, 2508, 1000, true],
    ['of one', UDP, 1008, 1000, true],
    ['of as many of one byte as there may be', UDP, 8 + 128, 1, true],
    ['of one more', UDP, 8 + 129, 1, false],
    ['of a size of nothing', UDP, 2508, 0, false],
    ['of a size that is larger than its payload', UDP, 1007, 1000, false],
    ['without a payload', UDP, 8, 1, false],
    ['shorter than the header of one', UDP, 4, 1, false],
    ['of TCP', TCP, 2508, 1000, false],
    ['of TCP, of a size of nothing', TCP, 2508, 0, false],
    ['that is one, as nearly every packet', UDP, 2508, undefined, true],
    ['of TCP that is as on a wire', TCP, 2508, undefined, true],
  ]
  for (const family of ['IPv4', 'IPv6'] as const) {
    for (const [what, protocol, length, segmentSize, isOne] of cases) {
      it(`is ${isOne ? 'handed on' : 'dropped and counted'}, ${what}, by ${family}`, () => {
        const { receive, below4, below6 } = rig()
        const ip: Ip = family === 'IPv4' ? below4 : below6
        const seen: unknown[] = []
        for (const each of [TCP, UDP])
          ip.listen(each, (packet) => seen.push([packet.end - packet.offset, packet.segmentSize]))
        receive(frameOf(family, protocol, length), true, segmentSize)
        assert.deepEqual(seen, isOne ? [[length, segmentSize]] : [])
        assert.equal(ip.drops['bad-segment-size'], isOne ? 0 : 1)
        // What was said of one is not believed of the next.
        receive(frameOf(family, UDP, 20))
        assert.deepEqual(seen.at(-1), [20, undefined])
      })
    }
  }

  for (const family of ['IPv4', 'IPv6'] as const) {
    it(`is one datagram once it was joined of fragments, by ${family}`, () => {
      const { receive, below4, below6 } = rig()
      const ip: Ip = family === 'IPv4' ? below4 : below6
      const seen: unknown[] = []
      ip.listen(UDP, (packet) =>
        seen.push([packet.end - packet.offset, packet.isChecked, packet.segmentSize]),
      )
      receive(fragmentOf(family, 0, true), true, 100)
      receive(fragmentOf(family, 800, false), true, 100)
      assert.deepEqual(seen, [[1600, false, undefined]])
    })
  }
})

/** The 800 bytes of UDP from `position` on. */
function fragmentOf(family: 'IPv4' | 'IPv6', position: number, hasMore: boolean): Uint8Array {
  if (family === 'IPv4')
    return frameOf('IPv4', UDP, 800, (position / 8) | (hasMore ? wire4.MORE_FRAGMENTS : 0))
  const frame = frameOf('IPv6', FRAGMENT, 808)
  fragment.emit(frame, 54, UDP, position, hasMore, 1)
  return frame
}
