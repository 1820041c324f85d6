import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Assembler, RUNS_MAX } from './assembler.ts'
import { add } from './sequence.ts'
import { PIECES_MAX, SLAB_SIZE, Slabs, Text } from './text.ts'

const LENGTH = 200
const stream = Uint8Array.from({ length: LENGTH }, (_, i) => i)

function readAll(text: Text): number[] {
  const all: number[] = []
  while (text.length > 0) all.push(...text.take())
  return all
}

describe('the assembler', () => {
  it('gives the text in order, once, whatever the order, overlap and repetition, also across the wrap', () => {
    const piece = fc.tuple(fc.nat(LENGTH - 1), fc.integer({ min: 1, max: 40 }))
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }),
        fc.constantFrom(0, -100, 0x7fff_ffa0),
        (pieces, base) => {
          const slabs = new Slabs()
          const assembler = new Assembler()
          const ready = new Text()
          const has = new Uint8Array(LENGTH)
          let nxt = 0
          for (const [start, size] of pieces) {
            const end = Math.min(start + size, LENGTH)
            const from = Math.max(start, nxt)
            if (from >= end) continue
            has.fill(1, from, end)
            if (from > nxt) assembler.insert(add(base, from), stream, from, end - from)
            else {
              ready.append(slabs, stream, from, end - from)
              nxt = end
            }
            nxt += assembler.advance(add(base, nxt), ready)
            const hole = has.indexOf(0, nxt === 0 ? 0 : nxt - 1)
            assert.equal(nxt, hole < 0 ? LENGTH : hole)
          }
          assert.deepEqual(readAll(ready), [...stream.subarray(0, nxt)])
          assert.equal(assembler.isEmpty, !has.includes(1, nxt))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('holds no more than its runs, however many holes there are', () => {
    const assembler = new Assembler()
    for (let i = 0; i < 3 * RUNS_MAX; i++) assembler.insert(2 * i + 1, stream, 7, 1)
    const ready = new Text()
    let runs = 0
    for (let i = 0; i < 3 * RUNS_MAX; i++) runs += assembler.advance(2 * i + 1, ready)
    assert.equal(runs, RUNS_MAX)
  })

  it('never replaces what it holds', () => {
    const assembler = new Assembler()
    assembler.insert(3, Uint8Array.of(1, 1), 0, 2)
    assembler.insert(1, Uint8Array.of(2, 2, 2, 2, 2, 2), 0, 6)
    const ready = new Text()
    assert.equal(assembler.advance(1, ready), 6)
    assert.deepEqual(readAll(ready), [2, 2, 1, 1, 2, 2])
  })

  it('keeps little more than its text alive, however small what comes in drops between the text of others', () => {
    const assembler = new Assembler()
    for (let seq = 1; seq < 500; seq += 3) {
      assembler.insert(seq, stream, 7, 1)
      assembler.insert(seq + 1, stream, 7, 1)
    }
    const ready = new Text()
    let [alive, held] = [0, 0]
    for (let seq = 1; seq < 500; seq++) held += assembler.advance(seq, ready)
    const buffers = new Set<ArrayBufferLike>()
    while (ready.length > 0) buffers.add(ready.take().buffer)
    for (const buffer of buffers) alive += buffer.byteLength
    assert.ok(held >= RUNS_MAX)
    assert.ok(alive <= 2 * held, `${alive} bytes for ${held}`)
  })

  it('copies what a long run holds a few times at most, however it came', () => {
    const assembler = new Assembler()
    const segment = new Uint8Array(1460)
    // From the end to the beginning: each is a run of its own that is joined to the one behind it.
    const count = 4000
    for (let i = count; i > 0; i--) assembler.insert(1 + 1460 * i, segment, 0, 1460)
    assert.equal(assembler.length, 1460 * count)
    assert.ok(assembler.size <= 1460 * count + 1024)
    const ready = new Text()
    assert.equal(assembler.advance(1461, ready), 1460 * count)
    let [pieces, bytes] = [0, 0]
    while (ready.length > 0) {
      bytes += ready.take().length
      pieces += 1
    }
    assert.equal(bytes, 1460 * count)
    assert.ok(pieces <= PIECES_MAX + (2 * bytes) / SLAB_SIZE + 1, `${pieces} pieces`)
  })
})
