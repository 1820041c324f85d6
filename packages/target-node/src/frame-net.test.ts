import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import * as mac from '@mirage/address/mac'
import { find, load } from '@mirage/native'
import type { Net } from '@mirage/net'
import { netContract } from '@mirage/net/contract'
import { err } from '@mirage/result'
import { type Options, connect } from './frame-net.ts'

const skip = find() === undefined && 'needs the native addon: npm run build:native'

/** Two devices on a pair of sockets, with headers as a TAP device has them if `hasHeader`; `options` are those of the first. */
function pair(
  hasHeader: boolean,
  options: Partial<Options> = {},
  peerHasHeader = hasHeader,
): readonly [Net, Net] {
  const addon = load()
  assert.ok(addon.ok)
  const ends = new Int32Array(2)
  assert.equal(addon.value.datagramPair(ends), 0)
  const device = (index: 0 | 1, header: boolean, more: Partial<Options>): Net =>
    connect(
      { addon: addon.value, descriptor: ends[index]!, hasHeader: header },
      { mac: mac.local(index + 1), mtu: 1500, ...more },
    )
  const [a, b] = [device(0, hasHeader, options), device(1, peerHasHeader, {})]
  after(() => {
    a.disconnect()
    b.disconnect()
  })
  return [a, b]
}

/** A frame takes one turn of the event loop: these are many more. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate()
}

describe('a device that reads frames in batches', { skip }, () => {
  for (const hasHeader of [false, true]) {
    netContract(`a device on datagrams ${hasHeader ? 'with' : 'without'} headers`, () => {
      const [a, b] = pair(hasHeader)
      return { a, b, arrived: turns }
    })
  }

  it('is busy while nobody reads at the other end', async () => {
    const [a, b] = pair(false)
    while (a.write(60, () => 60).ok);
    assert.deepEqual(
      a.write(60, () => 60),
      err('busy'),
    )
    const written = a.counters.txFrames
    let received = 0
    b.listen(() => received++)
    await turns()
    assert.equal(received, written)
    assert.ok(a.write(60, () => 60).ok)
    await turns()
    assert.equal(received, written + 1)
    assert.deepEqual(a.counters, {
      rxFrames: 0,
      rxBytes: 0,
      txFrames: written + 1,
      txBytes: 60 * (written + 1),
    })
  })

  it('delivers more frames than a batch holds, in their order', async () => {
    const [a, b] = pair(false)
    const received: number[] = []
    b.listen((frame) => received.push((frame[14]! << 8) | frame[15]!))
    for (let i = 0; i < 1000; i++) {
      const size = 60 + (i % 7) * 200
      a.write(size, (frame) => {
        frame[14] = i >>> 8
        frame[15] = i
        return size
      })
      // No more than the other end holds.
      if (i % 100 === 99) await turns()
    }
    assert.deepEqual(
      received,
      Array.from({ length: 1000 }, (_, i) => i),
    )
  })

  it('says in front of each frame what is left to whoever takes it, and nothing of other frames', async () => {
    const [a, b] = pair(true, { offloads: { checksum: true, segmentation: 65_535 } }, false)
    const headers: number[][] = []
    b.listen((frame) => headers.push([...frame.subarray(0, 10)]))
    const offload = {
      checksumStart: 34,
      checksumOffset: 16,
      segmentSize: 0x5a8,
      headerSize: 66,
      isIpv6: false,
      isUdp: false,
    }
    for (let i = 0; i < 2; i++) {
      a.write(60, () => 60, offload, true)
      a.write(60, () => 60, { ...offload, segmentSize: 0, isIpv6: true }, true)
      await turns()
      a.write(60, () => 60, undefined, true)
      a.write(60, () => 60, { ...offload, checksumStart: 0 }, true)
      a.write(60, () => 60, { ...offload, isIpv6: true }, true)
      await turns()
    }
    const cut = [1, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0]
    const nothing = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    const each = [cut, [1, 0, 66, 0, 0, 0, 34, 0, 16, 0], nothing, nothing, [1, 4, ...cut.slice(2)]]
    assert.deepEqual(headers, [...each, ...each])
  })

  it('says that datagrams are to be cut, of either family, where the file can', async () => {
    const offloads = { checksum: true, segmentation: 65_535 }
    const [a, b] = pair(true, { offloads: { ...offloads, datagrams: true } }, false)
    const headers: number[][] = []
    b.listen((frame) => headers.push([...frame.subarray(0, 10)]))
    const offload = {
      checksumStart: 34,
      checksumOffset: 6,
      segmentSize: 0x4b0,
      headerSize: 42,
      isIpv6: false,
    }
    a.write(60, () => 60, { ...offload, isUdp: true }, true)
    a.write(60, () => 60, { ...offload, isIpv6: true, isUdp: true }, true)
    a.write(60, () => 60, { ...offload, segmentSize: 0, isUdp: true }, true)
    await turns()
    const cut = [1, 5, 42, 0, 0xb0, 4, 34, 0, 6, 0]
    assert.deepEqual(headers, [cut, cut, [1, 0, 42, 0, 0, 0, 34, 0, 6, 0]])
    const [unable] = pair(true, { offloads })
    assert.throws(() => unable.write(60, () => 60, { ...offload, isUdp: true }, true), /broken invariant/)
  })

  it('hands on what the header in front of a frame says of it', async () => {
    const [a, b] = pair(false, {}, true)
    const seen: unknown[] = []
    b.listen((frame, ...said) => seen.push([frame.length, ...said]))
    const headers = [
      [1, 5, 42, 0, 0xb0, 4, 34, 0, 6, 0],
      [1, 5, 42, 0, 0, 0, 34, 0, 6, 0],
      [1, 1, 66, 0, 0xa8, 5, 34, 0, 16, 0],
      [2, 0, 0, 0, 0xb0, 4, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
    for (const header of headers) a.write(70, (frame) => (frame.set(header), 70))
    await turns()
    assert.deepEqual(seen, [
      [60, true, 0x4b0],
      [60, true, 0],
      [60, true, undefined],
      [60, true, undefined],
      [60, false, undefined],
    ])
  })

  it('has sent what was written before it is disconnected', async () => {
    const [a, b] = pair(false)
    let received = 0
    b.listen(() => received++)
    for (let i = 0; i < 3; i++) a.write(60, () => 60)
    a.disconnect()
    await turns()
    assert.equal(received, 3)
  })

  it('delivers nothing more of a batch once its listener has disconnected', async () => {
    const [a, b] = pair(false)
    let received = 0
    b.listen(() => {
      received++
      b.disconnect()
    })
    a.write(60, () => 60)
    a.write(60, () => 60)
    await turns()
    assert.equal(received, 1)
  })

  it('closes its descriptor once, also where it notices as it is disconnected that the other end is gone', () => {
    const addon = load()
    assert.ok(addon.ok)
    const ends = new Int32Array(2)
    assert.equal(addon.value.datagramPair(ends), 0)
    let closed = 0
    const counting = {
      ...addon.value,
      closeFile(descriptor: number): void {
        closed += 1
        addon.value.closeFile(descriptor)
      },
    }
    const file = { addon: counting, descriptor: ends[0]!, hasHeader: false }
    const net = connect(file, { mac: mac.local(1), mtu: 1500 })
    addon.value.closeFile(ends[1]!)
    net.write(60, () => 60)
    net.disconnect()
    net.disconnect()
    assert.equal(closed, 1)
  })

  it('is disconnected when the other end is gone', async () => {
    const [a, b] = pair(false)
    a.listen(() => {})
    b.disconnect()
    await turns()
    a.write(60, () => 60)
    await turns()
    assert.deepEqual(
      a.write(60, () => 60),
      err('disconnected'),
    )
  })
})
