import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import { done } from '@mirage/result'
import type { TcpFlow } from '@mirage/tcp'
import { Meter } from './meter.ts'
import type { Parameters } from './protocol.ts'
import { sendBlocks } from './streams.ts'

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
