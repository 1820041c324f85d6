import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Endpoint } from '@mirage/address/endpoint'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import * as mac from '@mirage/address/mac'
import { connect as connectArp } from '@mirage/arp'
import { setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { manual } from '@mirage/clock/manual'
import { IPV4, IPV6, connect as connectEthernet } from '@mirage/ethernet'
import { type Packet, UDP } from '@mirage/ip'
import { join } from '@mirage/ip/dual'
import { connect as connectIpv4 } from '@mirage/ip/ipv4'
import { connect as connectIpv6 } from '@mirage/ip/ipv6'
import * as ipv6Wire from '@mirage/ip/ipv6-wire'
import * as ipv4Wire from '@mirage/ip/wire'
import type { Net, Receive } from '@mirage/net'
import { pair } from '@mirage/net/pair'
import { below } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'
import { type Datagram, connect } from './udp.ts'
import * as wire from './wire.ts'

const A = { 4: ipv4.of(10, 0, 0, 1), 6: ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1) } as const
const B = { 4: ipv4.of(10, 0, 0, 2), 6: ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2) } as const
const BYTES = new Uint8Array(3500).map((_, i) => (i * 7) ^ (i >>> 8))
const HEADERS_SIZE = { 4: 34, 6: 54 } as const

/** Host A, with a device whose frames are the test's. */
function rig() {
  const clock = manual()
  const cable = pair({ clock })
  let receive: Receive = () => {}
  const net: Net = {
    mac: cable.a.mac,
    mtu: 1500,
    counters: cable.a.counters,
    write: (size, fill) => cable.a.write(size, fill),
    listen: (listener) => (receive = listener),
    resetCounters: () => {},
    disconnect: () => {},
  }
  const ethernet = connectEthernet(net)
  const random = seeded(1)
  const needs = { ethernet, arp: connectArp({ ethernet, clock }), clock, random }
  const below4 = connectIpv4(needs, { config: { cidr: { address: A[4], prefixLength: 24 } } })
  const addresses = [{ address: A[6], prefixLength: 64 }]
  const below6 = connectIpv6(needs, { addresses, isTrusted: true, acceptsRouters: false })
  const unreachable: Packet[] = []
  const icmp = { onError: () => {}, portUnreachable: (packet: Packet) => unreachable.push(packet) }
  const udp = connect({ ip: join(below4, below6), icmp, random })
  return { receive: (...given: Parameters<Receive>) => receive(...given), udp, unreachable }
}

/** `payload` to port 7 of A, behind one header each of Ethernet, IP and UDP; the last one's sum is left to a device. */
function frameOf(family: 4 | 6, payload: Uint8Array): Uint8Array {
  const start = HEADERS_SIZE[family]
  const frame = new Uint8Array(start + 8 + payload.length)
  mac.write(frame, 0, mac.local(1))
  mac.write(frame, mac.SIZE, mac.local(2))
  setU16(frame, 12, family === 4 ? IPV4 : IPV6)
  const common = { protocol: UDP, trafficClass: 0 }
  if (family === 4)
    ipv4Wire.emit(
      frame,
      14,
      { src: B[4], dst: A[4], ttl: 9, id: 1, fragmentation: 0, ...common },
      frame.length - 14,
    )
  else ipv6Wire.emit(frame, 14, { src: B[6], dst: A[6], hopLimit: 9, ...common }, frame.length - start)
  frame.set(payload, start + 8)
  const pseudo = checksum.pseudo(B[family], A[family], UDP, 0)
  wire.emit(frame, start, frame.length, { srcPort: 5000, dstPort: 7 }, pseudo, true)
  return frame
}

function ends(family: 4 | 6): { src: Endpoint; dst: Endpoint } {
  return { src: { address: B[family], port: 5000 }, dst: { address: A[family], port: 7 } }
}

describe('datagrams that nobody has cut', () => {
  const cases: [segmentSize: number | undefined, sizes: number[]][] = [
    [1000, [1000, 1000, 1000, 500]],
    [1750, [1750, 1750]],
    [3499, [3499, 1]],
    [3500, [3500]],
    [undefined, [3500]],
  ]
  for (const family of [4, 6] as const) {
    for (const [segmentSize, sizes] of cases) {
      it(`are delivered one by one by IPv${family}, copied: ${sizes.join(' and ')} bytes`, () => {
        const { receive, udp } = rig()
        const heard: Datagram[] = []
        udp.listen(7, (datagram) => heard.push(datagram))
        const frame = frameOf(family, BYTES)
        receive(frame, true, segmentSize)
        frame.fill(0xa5)
        let offset = 0
        const expected = sizes.map((size) => {
          offset += size
          return { ...ends(family), payload: BYTES.slice(offset - size, offset) }
        })
        assert.deepEqual(heard, expected)
      })
    }
  }

  it('are as long as their header says, whatever is behind them in the packet', () => {
    const { receive, udp } = rig()
    const sizes: number[] = []
    udp.listen(7, ({ payload }) => sizes.push(payload.length))
    const frame = frameOf(4, BYTES)
    setU16(frame, HEADERS_SIZE[4] + 4, 8 + 2100)
    receive(frame, true, 1000)
    assert.deepEqual(sizes, [1000, 1000, 100])
  })

  it('are dropped as a whole where their sum is wrong and no device vouches for it', () => {
    const { receive, udp } = rig()
    udp.listen(7, () => assert.fail('it is not delivered'))
    receive(frameOf(4, BYTES), false, 1000)
    assert.equal(udp.drops['bad-checksum'], 1)
  })

  it('are each counted where nobody listens, of which their sender is told once', () => {
    const { receive, udp, unreachable } = rig()
    receive(frameOf(4, BYTES), true, 1000)
    assert.deepEqual([udp.drops['no-listener'], unreachable.length], [4, 1])
  })

  it('are no more delivered once their listener listens no longer', () => {
    const { receive, udp, unreachable } = rig()
    let count = 0
    udp.listen(7, () => {
      if (++count === 2) udp.unlisten(7)
    })
    receive(frameOf(4, BYTES), true, 1000)
    assert.deepEqual([count, udp.drops['no-listener'], unreachable.length], [2, 2, 0])
  })

  it('are forwarded one by one', () => {
    const { receive, udp } = rig()
    const sizes: number[] = []
    udp.forward(({ payload }) => sizes.push(payload.length))
    receive(frameOf(6, BYTES), true, 3000)
    assert.deepEqual(sizes, [3000, 500])
  })

  it('never throw or hang, whatever they and their size are, and none is larger than told (20 000 frames)', () => {
    const { receive, udp } = rig()
    const random = seeded(7)
    let [segmentSize, heard]: [number | undefined, number] = [0, 0]
    udp.listen(7, ({ payload }) => {
      heard += 1
      assert.ok(segmentSize === undefined || payload.length <= segmentSize)
    })
    for (let i = 0; i < 20_000; i++) {
      const frame = frameOf(below(random, 2) === 0 ? 4 : 6, BYTES.subarray(0, below(random, 80)))
      for (let flips = below(random, 3); flips > 0; flips--)
        frame[14 + below(random, frame.length - 14)] = below(random, 256)
      segmentSize = [undefined, below(random, 4), below(random, 100), below(random, 0x1_0000)][
        below(random, 4)
      ]
      receive(
        frame.subarray(0, frame.length - (below(random, 8) === 0 ? below(random, 50) : 0)),
        true,
        segmentSize,
      )
    }
    assert.ok(heard > 20_000, String(heard))
  })
})
