import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import { done } from '@mirage/result'
import { BUFFER_SIZE, Buffers, Output } from './output.ts'

/** An output whose writes are kept, as copies. */
function recorded(): { output: Output; writes: Uint8Array[] } {
  const writes: Uint8Array[] = []
  const flow = {
    write: async (bytes: Uint8Array) => {
      writes.push(bytes.slice())
      return done
    },
    read: () => new Promise<never>(() => {}),
    shutdown() {},
    close() {},
    abort() {},
  }
  return { output: new Output(flow, new Buffers(), manual(), 1000, () => {}), writes }
}

const bytes = Uint8Array.from({ length: 200_000 }, (_, index) => index)

describe('output', () => {
  it('sends what never changes without a copy where it is alone, and in its place where it is not', async () => {
    for (const kept of [[0], [1], [0, 2], [0, 1, 2], []]) {
      const { output, writes } = recorded()
      for (let part = 0; part < 3; part++) {
        const some = bytes.subarray(100 * part, 100 * part + 100)
        if (kept.includes(part)) output.putKept(some)
        else output.put(some)
        assert.equal(output.room, BUFFER_SIZE - 100 * (part + 1))
      }
      await output.flush()
      output.putKept(bytes.subarray(300, 310))
      await output.flush()
      assert.equal(writes.length, 2)
      assert.deepEqual(Buffer.concat(writes), Buffer.from(bytes.subarray(0, 310)))
    }
  })

  it('sends parts of every size whole and in order, leaves room for what ends them, and bounds each write', async () => {
    for (const gathered of [0, 1, 200, 65_500]) {
      for (const around of [16_384, 65_536, 131_072, 65_536 - gathered]) {
        for (let size = Math.max(1, around - 20); size <= around + 20; size++) {
          const { output, writes } = recorded()
          output.put(bytes.subarray(0, gathered))
          assert.ok(await output.send(bytes.subarray(gathered, gathered + size)))
          assert.ok(output.room >= 8, `${gathered} and ${size} bytes`)
          await output.flush()
          const whole = Buffer.concat(writes)
          assert.ok(whole.equals(bytes.subarray(0, gathered + size)), `${gathered} and ${size} bytes`)
          assert.ok(writes.every((write) => write.length <= BUFFER_SIZE))
        }
      }
    }
  })

  it('keeps few buffers, however many are given back', () => {
    const buffers = new Buffers()
    const taken = Array.from({ length: 100 }, () => buffers.take())
    for (const buffer of taken) buffers.give(buffer)
    const again = Array.from({ length: 100 }, () => buffers.take())
    assert.equal(again.filter((buffer) => taken.includes(buffer)).length, 64)
  })
})
