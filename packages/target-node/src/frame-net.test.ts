import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import * as mac from '@mirage/address/mac'
import { find, load } from '@mirage/native'
import type { Net } from '@mirage/net'
import { netContract } from '@mirage/net/contract'
import { err } from '@mirage/result'
import { connect } from './frame-net.ts'

const skip = find() === undefined && 'needs the native addon: npm run build:native'

/** Two devices on a pair of sockets, with headers as a TAP device has them if `hasHeader`. */
function pair(hasHeader: boolean): readonly [Net, Net] {
  const addon = load()
  assert.ok(addon.ok)
  const ends = new Int32Array(2)
  assert.equal(addon.value.datagramPair(ends), 0)
  const [a, b] = [...ends].map((descriptor, index) =>
    connect({ addon: addon.value, descriptor, hasHeader }, { mac: mac.local(index + 1), mtu: 1500 }),
  )
  after(() => {
    a!.disconnect()
    b!.disconnect()
  })
  return [a!, b!]
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
    let written = 0
    while (a.write(60, () => 60).ok) written++
    assert.deepEqual(
      a.write(60, () => 60),
      err('busy'),
    )
    assert.equal(a.counters.txFrames, written)
    let received = 0
    b.listen(() => received++)
    await turns()
    assert.equal(received, written)
    assert.ok(a.write(60, () => 60).ok)
  })

  it('delivers more frames than a batch holds, in their order', async () => {
    const [a, b] = pair(false)
    const received: number[] = []
    b.listen((frame) => received.push((frame[14]! << 8) | frame[15]!))
    for (let i = 0; i < 1000; ) {
      const sent = a.write(60, (frame) => {
        frame[14] = i >>> 8
        frame[15] = i
        return 60
      })
      if (sent.ok) i++
      else await setImmediate()
    }
    await turns()
    assert.deepEqual(
      received,
      Array.from({ length: 1000 }, (_, i) => i),
    )
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

  it('is disconnected when the other end is gone', async () => {
    const [a, b] = pair(false)
    a.listen(() => {})
    b.disconnect()
    await turns()
    a.write(60, () => 60)
    assert.deepEqual(
      a.write(60, () => 60),
      err('disconnected'),
    )
  })
})
