import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BROADCAST, of } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { equal } from '@mirage/bytes'
import { A, B, CONFIG, PROTOCOL, type Rig, acquainted, collect, rig, send } from './testing/rig.ts'
import * as wire from './wire.ts'

const MORE = wire.MORE_FRAGMENTS

/** Bytes that tell where they belong. */
function bytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >>> 8)) & 0xff)
}

/** Sends `payload` from the other end of the link, in pieces of `size`. */
function sendInPieces(
  made: Rig,
  payload: Uint8Array,
  size: number,
  sent: Parameters<typeof send>[2] = {},
): void {
  for (let at = 0; at < payload.length; at += size) {
    const isLast = at + size >= payload.length
    send(made, payload.subarray(at, at + size), { ...sent, fragmentation: (isLast ? 0 : MORE) | (at / 8) })
  }
}

describe('ip and fragments', () => {
  it('hands on what arrived in fragments as one packet', async () => {
    const made = rig()
    const received = collect(made.ip)
    const payload = bytes(4000)
    sendInPieces(made, payload, 1480)
    await made.settle()
    assert.deepEqual(received, [{ src: B, dst: A, ttl: 9, payload: [...payload] }])
    assert.equal(made.clock.pending, 0, 'there is nothing left to wait for')
  })

  it('hands on a packet whose header says that it is whole, and whose checksum is right', async () => {
    const made = rig()
    let count = 0
    made.ip.listen(PROTOCOL, ({ frame, header, offset, end, trafficClass, isChecked }) => {
      const packet = wire.create()
      assert.ok(wire.parse(frame, header, packet).ok)
      assert.deepEqual([packet.offset, packet.end], [offset, end])
      assert.ok(!wire.isFragment(frame, header))
      assert.deepEqual([trafficClass, isChecked], [0x12, false])
      count++
    })
    sendInPieces(made, bytes(3000), 1000, { trafficClass: 0x12 })
    await made.settle()
    assert.equal(count, 1)
  })

  it('carries 65,515 bytes both ways, at an MTU of 1500 and of 576', async () => {
    for (const mtu of [1500, 576]) {
      const made = acquainted({ config: CONFIG }, mtu)
      const lengths: number[] = []
      made.ip.listen(PROTOCOL, ({ frame, offset, end }) => {
        lengths.push(end - offset)
        assert.ok(equal(frame.subarray(offset, end), bytes(65_515)))
      })
      assert.ok(made.ip.write(B, PROTOCOL, {}, () => 0, [bytes(65_515)]).ok)
      await made.settle()
      // What arrived at the other end comes back with the addresses swapped.
      for (const packet of made.arrived) {
        const fragmentation = (packet[6]! << 8) | packet[7]!
        send(made, packet.subarray(20), { fragmentation })
      }
      await made.settle()
      assert.deepEqual(lengths, [65_515])
    }
  })

  it('waits for nothing, and takes no more, once it is disconnected', async () => {
    const made = rig()
    const received = collect(made.ip)
    send(made, bytes(16), { fragmentation: MORE })
    await made.settle()
    assert.deepEqual([made.ip.fragmentsSize, made.clock.pending], [16, 1])
    made.ip.disconnect()
    assert.deepEqual([made.ip.fragmentsSize, made.clock.pending], [0, 0])
    send(made, bytes(8), { fragmentation: 2 })
    await made.settle()
    assert.deepEqual([received, made.clock.pending], [[], 0])
  })

  it('keeps fragments of other packets apart: by id, by protocol and by address', async () => {
    const made = rig()
    const received = collect(made.ip)
    const other = collect(made.ip, 201)
    send(made, bytes(16), { fragmentation: MORE })
    for (const sent of [{ id: 8 }, { protocol: 201 }, { src: of(10, 0, 0, 3) }, { src: of(11, 0, 0, 2) }])
      send(made, bytes(8), { fragmentation: 2, ...sent })
    send(made, bytes(8), { fragmentation: 2, dst: BROADCAST, to: mac.BROADCAST })
    await made.settle()
    assert.deepEqual([received, other], [[], []])
    send(made, bytes(8), { fragmentation: 2 })
    await made.settle()
    assert.equal(received.length, 1)
  })

  it('does not keep fragments that are for others, or from nobody', async () => {
    const made = rig()
    for (const sent of [{ dst: of(10, 0, 0, 9) }, { src: A }]) {
      send(made, bytes(8), { fragmentation: MORE, ...sent })
    }
    await made.settle()
    assert.deepEqual([made.ip.drops['not-for-us'], made.ip.drops['bad-source']], [1, 1])
    assert.equal(made.clock.pending, 0)
  })

  it('counts and drops what overlaps, until ten seconds are over', async () => {
    const made = rig()
    const received = collect(made.ip)
    send(made, bytes(16), { fragmentation: MORE })
    send(made, bytes(16), { fragmentation: MORE | 1 })
    sendInPieces(made, bytes(32), 16)
    await made.settle()
    assert.deepEqual(received, [])
    assert.deepEqual([made.ip.drops['fragment-overlap'], made.ip.drops['fragment-poisoned']], [2, 2])
    made.clock.advance(10_000)
    sendInPieces(made, bytes(32), 16)
    await made.settle()
    assert.equal(received.length, 1)
  })

  it('gives up after ten seconds without any traffic, and tells of first fragments', async () => {
    const made = rig()
    const firsts: unknown[] = []
    made.ip.onReassemblyTimeout(({ frame, header, offset, end, src, dst, protocol }) => {
      assert.equal(wire.fragmentOffset(frame, header), 0)
      firsts.push([src, dst, protocol, [...frame.subarray(offset, end)]])
    })
    send(made, bytes(16), { fragmentation: MORE })
    send(made, bytes(16), { fragmentation: 2, id: 8 })
    await made.settle()
    made.clock.advance(9_999)
    assert.deepEqual(firsts, [])
    made.clock.advance(1)
    assert.deepEqual(firsts, [[B, A, PROTOCOL, [...bytes(16)]]])
    assert.equal(made.ip.drops['fragment-timeout'], 2)
    assert.equal(made.clock.pending, 0)
  })

  it('keeps as much as it is told to', async () => {
    const made = rig({ config: CONFIG, fragmentCacheSize: 100 })
    const received = collect(made.ip)
    for (const id of [1, 2]) send(made, bytes(64), { fragmentation: MORE, id })
    for (const id of [1, 2]) send(made, bytes(8), { fragmentation: 8, id })
    await made.settle()
    assert.equal(received.length, 1)
    assert.equal(made.ip.drops['fragment-evicted'], 1)
  })
})
