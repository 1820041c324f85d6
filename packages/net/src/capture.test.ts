import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as mac from '@mirage/address/mac'
import { manual } from '@mirage/clock/manual'
import { capture, captured, mirrored } from './capture.ts'
import { netContract } from './contract.ts'
import type { Receive } from './net.ts'
import { pair } from './pair.ts'
import { type Packet, Reader, type Told } from './pcapng-reader.ts'

const EPOCH_MS = 1_551_139_200_000

netContract('a pair that is recorded', () => {
  const cable = pair()
  const recording = capture(() => {}, manual())
  const [a, b] = [cable.a, cable.b].map((net) => captured(net, recording.add({ name: 'end' })))
  return { a: a!, b: b!, arrived: async () => void cable.deliver() }
})

describe('a recording', () => {
  it('has every frame of every device, with its time and its direction, as soon as it was carried', () => {
    const { clock, cable, packets, tap } = rig()
    const a = captured(cable.a, tap('a'))
    const b = captured(cable.b, tap('b'))
    a.listen(() => {})
    b.listen(() => b.write(2, () => 2))
    clock.advance(1.5)
    a.write(60, (frame) => {
      frame[0] = 7
      return 3
    })
    clock.advance(0.000_001)
    cable.deliver()
    const ms = BigInt(EPOCH_MS) * 1_000_000n
    assert.deepEqual(
      packets.map(({ name, direction, time, frame }) => [name, direction, time! - ms, [...frame]]),
      [
        ['a', 'out', 1_500_000n, [7, 0, 0]],
        ['b', 'in', 1_500_001n, [7, 0, 0]],
        ['b', 'out', 1_500_001n, [0, 0]],
        ['a', 'in', 1_500_001n, [0, 0]],
      ],
    )
  })

  it('changes nothing of what the device says of a frame', () => {
    const { tap } = rig()
    let said: Receive = () => {}
    const net = captured({ ...pair().a, listen: (receive) => void (said = receive) }, tap('a'))
    const heard: unknown[] = []
    net.listen((frame, ...rest) => heard.push([frame.length, ...rest]))
    said(new Uint8Array(60), true, 10)
    said(new Uint8Array(61), false)
    assert.deepEqual(heard, [
      [60, true, 10],
      [61, false, undefined],
    ])
  })

  it('keeps the beginning of a frame where it was told to, and how long the frame was', () => {
    const { cable, packets, tap } = rig()
    captured(cable.a, tap('a', 5)).write(60, () => 60)
    assert.deepEqual([packets[0]!.frame.length, packets[0]!.length], [5, 60])
  })

  it('has frames of every size, also of those that a device cuts itself', () => {
    const { packets, tap } = rig()
    const one = tap('a')
    for (const size of [1, 2048, 9014, 65_549]) one.sent(new Uint8Array(size).fill(size))
    assert.deepEqual(
      packets.map(({ frame }) => [frame.length, frame[0]]),
      [1, 2048, 9014, 65_549].map((size) => [size, size & 255]),
    )
  })

  it('has the times of whoever has seen a frame before', () => {
    const { packets, tap } = rig()
    const one = tap('a')
    one.received(Uint8Array.of(1), 7_000_000_001n)
    mirrored(one).received(Uint8Array.of(2), 7_000_000_000n)
    assert.deepEqual(
      packets.map(({ direction, time }) => [direction, time]),
      [
        ['in', 7_000_000_001n],
        ['out', 7_000_000_000n],
      ],
    )
  })

  it('tells what each interface carried, and how much of it was lost', () => {
    const { told, tap } = rig()
    const [a, b] = [tap('a'), tap('b')]
    for (let i = 0; i < 3; i++) a.sent(new Uint8Array(60))
    b.received(new Uint8Array(60))
    a.count(4)
    mirrored(b).count(0)
    assert.deepEqual(told, [
      { name: 'a', received: 7n, dropped: 4n },
      { name: 'b', received: 1n, dropped: 0n },
    ])
  })

  it('of the other end of an interface is the same the other way round', () => {
    const { packets, tap } = rig()
    const other = mirrored(tap('a'))
    other.sent(Uint8Array.of(1))
    other.received(Uint8Array.of(2))
    assert.deepEqual(
      packets.map(({ direction }) => direction),
      ['in', 'out'],
    )
  })

  it('tells where its interfaces are when they are added, even without a frame', () => {
    const lengths: number[] = []
    const recording = capture((bytes) => lengths.push(bytes.length), manual())
    recording.add({ name: 'lan', mac: mac.local(1) })
    assert.equal(lengths.length, 2)
  })
})

function rig() {
  const clock = manual(EPOCH_MS)
  const packets: Packet[] = []
  const told: Told[] = []
  const reader = new Reader(
    (packet) => packets.push({ ...packet, frame: new Uint8Array(packet.frame) }),
    (counts) => told.push(counts),
  )
  const recording = capture((bytes) => assert.ok(reader.input(bytes).ok), clock)
  const tap = (name: string, snapLength?: number) =>
    recording.add({ name, ...(snapLength === undefined ? {} : { snapLength }) })
  return { clock, cable: pair(), packets, told, tap }
}
