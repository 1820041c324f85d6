import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as checksum from '@mirage/bytes/checksum'
import * as fc from 'fast-check'
import { Chunks, LARGE_SIZE, NO_QUEUE, SendQueue } from './send-queue.ts'

describe('the send queue', () => {
  it('gives back, from any position, what was appended and not dropped', () => {
    const step = fc.record({
      append: fc.oneof(fc.nat(9000), fc.integer({ min: LARGE_SIZE - 1, max: LARGE_SIZE + 9000 })),
      drop: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    // Of one store: queues that were used are used again.
    const store = new Chunks()
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const queue = store.queue()
        assert.equal(queue.length, 0)
        let model = Buffer.alloc(0)
        let next = 0
        for (const { append, drop } of steps) {
          const bytes = new Uint8Array(append).map(() => next++ >>> 3)
          queue.append(store, bytes, 0, append)
          model = Buffer.concat([model, bytes])
          const count = Math.floor(model.length * drop)
          queue.drop(count)
          model = model.subarray(count)
          assert.equal(queue.length, model.length)
          assert.ok(
            queue.held >= model.length && (model.length > 0 || queue.held === 0),
            `${queue.held} bytes`,
          )
          const from = Math.floor(model.length / 3)
          const copy = new Uint8Array(model.length - from + 2)
          queue.copy(from, copy, 1, model.length - from, false)
          assert.ok(Buffer.compare(copy.subarray(1, -1), model.subarray(from)) === 0)
          copy.fill(0)
          const sum = queue.copy(from, copy, 1, model.length - from, true)
          assert.ok(Buffer.compare(copy.subarray(1, -1), model.subarray(from)) === 0)
          assert.equal(checksum.of(copy, 0, 0, sum), checksum.of(copy, 1, copy.length - 1))
        }
        queue.drop(queue.length)
        assert.equal(store.takeBack(queue), NO_QUEUE)
      }),
      { numRuns: 40 },
    )
  })

  for (const [what, length, size] of [
    ['small', 1, 4096],
    ['large', LARGE_SIZE, LARGE_SIZE],
  ] as const) {
    it(`holds ${what} chunks, whole, until the last byte of each is dropped`, () => {
      const [store, queue] = [new Chunks(), new SendQueue()]
      queue.append(store, new Uint8Array(length), 0, length)
      assert.equal(queue.held, size)
      for (let i = 0; i < 200; i++) queue.append(store, new Uint8Array(size), 0, size)
      assert.equal(queue.length, 200 * size + length)
      const held: number = queue.held
      assert.ok(held >= queue.length && held < queue.length + size)
      queue.drop(150 * size)
      assert.equal(queue.held, held - 150 * size)
      queue.drop(50 * size)
      assert.equal(queue.held, size)
      queue.drop(length)
      assert.equal(queue.held, 0)
    })
  }

  it('puts what is long into large chunks, whatever is in front of it and however it is cut', () => {
    const [store, queue] = [new Chunks(), new SendQueue()]
    const whole = 2 * LARGE_SIZE
    const [head, body] = [new Uint8Array(100).fill(1), new Uint8Array(whole).map((_, i) => i % 251)]
    queue.append(store, head, 0, 100)
    queue.append(store, body, 0, 10, whole)
    queue.append(store, body, 10, whole, whole)
    assert.equal(queue.held, 4096 + whole)
    const copy = new Uint8Array(100 + whole)
    queue.copy(0, copy, 0, 100 + whole, false)
    assert.ok(Buffer.compare(copy, Buffer.concat([head, body])) === 0)
    queue.drop(100)
    assert.equal(queue.held, whole)
    // Until nothing is left, what is short goes there, too.
    queue.append(store, head, 0, 100)
    assert.equal(queue.held, whole + LARGE_SIZE)
    queue.drop(whole)
    queue.drop(100)
    assert.equal(queue.held, 0)
    queue.append(store, body, whole - 10, whole, whole)
    assert.equal(queue.held, LARGE_SIZE)
  })

  it('is never the one that stands where nothing is to be sent', () => {
    const store = new Chunks()
    assert.equal(store.takeBack(NO_QUEUE), NO_QUEUE)
    assert.notEqual(store.queue(), NO_QUEUE)
  })

  for (const [what, length] of [
    ['small', 10_007],
    ['large', LARGE_SIZE + 7],
  ] as const) {
    it(`is as long as it likes, and gives every ${what} chunk back once`, () => {
      const [store, queue] = [new Chunks(), new SendQueue()]
      const shelf = store.shelf(length)
      const all = Array.from({ length: 300 }, () => shelf.take())
      for (const chunk of all) shelf.giveBack(chunk)
      const bytes = new Uint8Array(length).map((_, i) => (i * 31) >>> 3)
      const copy = new Uint8Array(bytes.length)
      for (let round = 0; round < 300; round++) {
        queue.append(store, bytes, 0, bytes.length)
        if (round < 50) continue
        queue.copy(0, copy, 0, copy.length, false)
        assert.ok(Buffer.compare(copy, bytes) === 0)
        queue.drop(bytes.length)
      }
      queue.clear()
      const again = Array.from({ length: 300 }, () => shelf.take())
      assert.equal(new Set(again).size, 300)
    })
  }

  it('throws when more is acknowledged or sent than there is', () => {
    const queue = new SendQueue()
    assert.throws(() => queue.drop(1))
    assert.throws(() => queue.copy(0, new Uint8Array(1), 0, 1, false))
  })
})
