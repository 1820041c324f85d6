import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import { manual } from '@mirage/clock/manual'
import { done, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import { Meter } from './meter.ts'
import { type Parameters, datagramNumber } from './protocol.ts'
import { sendBlocks, sendDatagrams } from './streams.ts'

const PARAMETERS: Parameters = {
  protocol: 'tcp',
  seconds: 1,
  bytes: 0,
  blocks: 0,
  parallel: 1,
  isReverse: true,
  isBidirectional: false,
  blockSize: 1000,
  bandwidth: 0,
  omit: 0,
  hasLongCounters: false,
}

/** A stream of TCP at `bandwidth`, whose flow takes everything. */
function stream(bandwidth: number) {
  const clock = manual()
  const load = {
    clock,
    parameters: { ...PARAMETERS, bandwidth },
    block: new Uint8Array(PARAMETERS.blockSize),
    isOver: false,
    left: Infinity,
    carried: () => {},
  }
  const meter = new Meter(1, true)
  const flow = { write: async () => done } as unknown as TcpFlow
  const pass = async (duration: number): Promise<void> => {
    for (let elapsed = 0; elapsed < duration; elapsed++) {
      clock.advance(1)
      for (let i = 0; i < 8; i++) await Promise.resolve()
    }
  }
  return { clock, load, meter, pass, sending: sendBlocks(load, meter, flow) }
}

describe('a stream of TCP', () => {
  it('keeps its rate', async () => {
    const { load, meter, pass } = stream(80_000)
    await pass(1000)
    assert.ok(Math.abs(meter.bytes - 10_000) <= 1000, `${meter.bytes}`)
    load.isOver = true
    await pass(200)
  })

  it('ends with the test, however long the next block has to wait', async () => {
    for (const bandwidth of [1, 1e-300]) {
      const { clock, load, meter, pass, sending } = stream(bandwidth)
      await pass(300)
      assert.equal(meter.bytes, 1000)
      load.isOver = true
      await pass(200)
      await sending
      assert.equal(clock.deadline, undefined, 'nobody waits')
    }
  })
})

/** Datagrams of 1,000 bytes at `bandwidth`, on a device that cuts them or not; and each write: how many bytes, and of what size. */
function datagrams(bandwidth: number, cuts: boolean, { left = Infinity, mtu = 1480 } = {}) {
  const clock = manual()
  const writes: [length: number, segmentSize: number | undefined][] = []
  const numbers: number[] = []
  const load = {
    clock,
    parameters: { ...PARAMETERS, protocol: 'udp' as const, bandwidth },
    block: new Uint8Array(0),
    isOver: false,
    left,
    carried(length: number) {
      load.left -= length
      if (load.left <= 0) load.isOver = true
    },
  }
  const write: Stack['udp']['write'] = (_dst, payload, { segmentSize } = {}) => {
    if (segmentSize !== undefined && segmentSize + 8 > mtu) return err('would-fragment')
    writes.push([payload.length, segmentSize])
    for (let at = 0; at < payload.length; at += 1000)
      numbers.push(datagramNumber(payload.subarray(at), false))
    return done
  }
  const offloads = { checksum: true, segmentation: 65_535, datagrams: cuts }
  const meter = new Meter(1, true)
  const to = { address: ipv4.of(10, 0, 0, 2), port: 5201 }
  sendDatagrams(load, meter, { udp: { write }, ip: { offloads } } as unknown as Stack, to, 7000)
  return { clock, load, meter, writes, numbers }
}

describe('a stream of datagrams', () => {
  for (const cuts of [true, false]) {
    it(`keeps its rate, and numbers them, ${cuts ? 'cut by the device' : 'one by one'}`, () => {
      const { clock, load, meter, writes, numbers } = datagrams(80_000_000, cuts)
      for (let elapsed = 0; elapsed < 100; elapsed++) clock.advance(1)
      load.isOver = true
      assert.ok(Math.abs(meter.packets - 1000) <= 1, String(meter.packets))
      assert.equal(meter.bytes, meter.packets * 1000)
      assert.deepEqual(
        numbers,
        Array.from({ length: meter.packets }, (_, i) => i + 1),
      )
      assert.ok(cuts ? writes.length <= 101 : writes.length === meter.packets, String(writes.length))
    })
  }

  it('goes as fast as it can, 64 at a time', () => {
    const { load, writes } = datagrams(0, true)
    load.isOver = true
    assert.deepEqual(writes, [[64_000, 1000]])
  })

  it('ends with the bytes that were asked for', () => {
    const { meter, writes } = datagrams(0, true, { left: 2500 })
    assert.deepEqual([meter.packets, writes], [3, [[3000, 1000]]])
  })

  it('is fragments where the datagrams are too large for packets', () => {
    const { load, meter, writes } = datagrams(0, true, { mtu: 576 })
    load.isOver = true
    assert.equal(meter.packets, 64)
    assert.deepEqual(writes[0], [1000, undefined])
  })
})
