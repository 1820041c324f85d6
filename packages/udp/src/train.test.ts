import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { connect as connectArp } from '@mirage/arp'
import { getU16 } from '@mirage/bytes'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { IPV4, connect as connectEthernet } from '@mirage/ethernet'
import { type Ip, UDP } from '@mirage/ip'
import { join } from '@mirage/ip/dual'
import { connect as connectIpv4 } from '@mirage/ip/ipv4'
import { connect as connectIpv6 } from '@mirage/ip/ipv6'
import type { Net } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { seeded } from '@mirage/random/seeded'
import { done, err } from '@mirage/result'
import { cutting } from './testing/cutting.ts'
import { DATAGRAMS_MAX, type Udp, connect } from './udp.ts'

const A4 = ipv4.of(10, 0, 0, 1)
const B4 = ipv4.of(10, 0, 0, 2)
const A6 = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)
const B6 = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2)
const BYTES = new Uint8Array(65_508).map((_, i) => (i * 7) ^ (i >>> 8))

interface Host {
  readonly ip: Ip
  readonly udp: Udp
}

function host(net: Net, clock: ManualClock, v4: ipv4.Ipv4, v6: ipv6.Ipv6): Host {
  const ethernet = connectEthernet(net)
  const random = seeded(1)
  const arp = connectArp({ ethernet, clock })
  const needs = { ethernet, arp, clock, random }
  const below4 = connectIpv4(needs, { config: { cidr: { address: v4, prefixLength: 24 } } })
  const addresses = [{ address: v6, prefixLength: 64 }]
  const ip = join(below4, connectIpv6(needs, { addresses, isTrusted: true, acceptsRouters: false }))
  return { ip, udp: connect({ ip, random }) }
}

interface Rig {
  readonly a: Host
  readonly b: Host
  /** The frames with datagrams that came to `b`, and what its listener to port 7 heard. */
  readonly frames: readonly Uint8Array[]
  readonly heard: readonly Uint8Array[]
  /** How long the frames were that the device of `a` has cut. */
  readonly wholes: readonly number[]
  readonly settle: () => Promise<void>
}

/** Two hosts; the device of the first cuts by itself if it `cuts`. */
function rig(cuts: boolean): Rig {
  const clock = manual()
  const cable = pair({ clock })
  const [frames, heard, wholes]: [Uint8Array[], Uint8Array[], number[]] = [[], [], []]
  const a = host(cuts ? cutting(cable.a, wholes) : cable.a, clock, A4, A6)
  const b = host(watched(cable.b, frames), clock, B4, B6)
  b.udp.listen(7, ({ payload }) => heard.push(payload))
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 8; i++) {
      clock.advance(0)
      await Promise.resolve()
    }
  }
  return { a, b, frames, heard, wholes, settle }
}

/** `net`, which notes the datagrams that arrive. */
function watched(net: Net, frames: Uint8Array[]): Net {
  return {
    mac: net.mac,
    mtu: net.mtu,
    counters: net.counters,
    write: (size, fill) => net.write(size, fill),
    listen: (receive) =>
      net.listen((frame) => {
        const isUdp = frame[getU16(frame, 12) === IPV4 ? 23 : 20] === UDP
        if (isUdp) frames.push(frame.slice())
        receive(frame)
      }),
    resetCounters: () => net.resetCounters(),
    disconnect: () => net.disconnect(),
  }
}

/** What is written in one: bytes, and of which size. */
const TRAINS: readonly [what: string, length: number, segmentSize: number, count: number][] = [
  ['an even number of datagrams', 3000, 1000, 3],
  ['a last datagram that is shorter', 3001, 1000, 4],
  ['datagrams of odd sizes', 4000, 999, 5],
  ['datagrams of one byte', 64, 1, 64],
  ['datagrams as large as a packet of IPv6 carries', 20_000, 1452, 14],
  ['as many as there may be', 64 * 1000, 1000, 64],
  ['as many bytes as there may be', 65_507, 1400, 47],
  ['one that is as long as told', 500, 500, 1],
  ['one that is shorter', 500, 501, 1],
  ['one without a payload', 0, 10, 1],
]

describe('datagrams of one size', () => {
  for (const [family, to] of [
    ['IPv4', B4],
    ['IPv6', B6],
  ] as const) {
    for (const [what, length, segmentSize, count] of TRAINS) {
      it(`are the same on the wire of ${family}, whoever cuts them: ${what}`, async () => {
        const sent = async (cuts: boolean): Promise<readonly Uint8Array[]> => {
          const { a, frames, heard, wholes, settle } = rig(cuts)
          const payload = BYTES.subarray(0, length)
          for (const ttl of [undefined, 9]) {
            const options = { srcPort: 5000, segmentSize, ...(ttl === undefined ? {} : { ttl }) }
            assert.equal(a.udp.write({ address: to, port: 7 }, payload, options), done)
            // For the first, the neighbour is not known yet.
            await settle()
          }
          const isCut = cuts && count > 1 && length <= 65_487
          assert.equal(wholes.length, isCut ? 2 : 0)
          assert.deepEqual(
            heard.map((each) => [...each]),
            [...pieces(payload, segmentSize), ...pieces(payload, segmentSize)].map((each) => [...each]),
          )
          return frames
        }
        const here = await sent(false)
        assert.deepEqual(
          here.map((frame) => frame[family === 'IPv4' ? 22 : 21]),
          [...Array<number>(count).fill(64), ...Array<number>(count).fill(9)],
        )
        assert.deepEqual(await sent(true), here)
      })
    }
  }

  const refused: [what: string, length: number, segmentSize: number, to: IpAddress, error: string][] = [
    ['more bytes than a datagram carries', 65_508, 1400, B4, 'too-long'],
    ['more datagrams than one write sends', 64_001, 1000, B4, 'too-long'],
    ['datagrams larger than a packet carries', 3000, 1473, B4, 'would-fragment'],
    ['datagrams larger than a packet of IPv6 carries', 3000, 1453, B6, 'would-fragment'],
    ['one datagram larger than a packet carries', 1473, 2000, B4, 'would-fragment'],
    ['datagrams for nobody', 3000, 1000, ipv4.of(127, 0, 0, 1), 'no-route'],
    ['datagrams from nobody', 3000, 1000, B6, 'no-route'],
  ]
  for (const [what, length, segmentSize, to, error] of refused) {
    for (const cuts of [true, false]) {
      it(`are refused, ${cuts ? 'cut by the device' : 'cut here'}: ${what}`, async () => {
        const { a, frames, settle } = rig(cuts)
        const src = what.includes('from nobody') ? { src: ipv6.UNSPECIFIED } : {}
        const options = { srcPort: 5000, segmentSize, ...src }
        assert.deepEqual(
          a.udp.write({ address: to, port: 7 }, BYTES.subarray(0, length), options),
          err(error),
        )
        await settle()
        assert.deepEqual(frames, [])
      })
    }
  }

  it('fit the way that they take, as far as it is known', () => {
    const { a } = rig(true)
    a.ip.reducePathMtu(B4, 1000)
    const write = (segmentSize: number): unknown =>
      a.udp.write({ address: B4, port: 7 }, BYTES.subarray(0, 3000), { segmentSize })
    assert.deepEqual(write(973), err('would-fragment'))
    assert.equal(write(972), done)
  })

  it('have a whole number of bytes, one at least', () => {
    const { a } = rig(false)
    for (const segmentSize of [0, -1, 1.5, Number.NaN])
      assert.throws(() => a.udp.write({ address: B4, port: 7 }, BYTES, { segmentSize }), /broken invariant/)
    assert.equal(DATAGRAMS_MAX, 64)
  })
})

function pieces(payload: Uint8Array, size: number): Uint8Array[] {
  const all = [payload.subarray(0, size)]
  for (let offset = size; offset < payload.length; offset += size)
    all.push(payload.subarray(offset, offset + size))
  return all
}
