import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PIECES_MAX, SLAB_SIZE, Slabs, Text } from './text.ts'

describe('text that arrived', () => {
  it('is one piece while nothing comes between', () => {
    const slabs = new Slabs()
    const text = new Text()
    for (let i = 0; i < 100; i++) text.append(slabs, Uint8Array.of(i, 99), 0, 1)
    assert.deepEqual(
      text.take(),
      Uint8Array.from({ length: 100 }, (_, i) => i),
    )
    assert.equal(text.length, 0)
  })

  it('goes on in the next slab where one ends', () => {
    const slabs = new Slabs()
    const text = new Text()
    text.append(slabs, new Uint8Array(SLAB_SIZE + 10).fill(5), 0, SLAB_SIZE + 10)
    assert.equal(text.take().length, SLAB_SIZE)
    assert.deepEqual(text.take(), new Uint8Array(10).fill(5))
  })

  it('is copied: neither the frame nor another connection changes it', () => {
    const slabs = new Slabs()
    const [a, b] = [new Text(), new Text()]
    const frame = Uint8Array.of(1, 2, 3)
    a.append(slabs, frame, 0, 3)
    frame.fill(0)
    b.append(slabs, frame, 0, 3)
    const read = a.take()
    assert.deepEqual(read, Uint8Array.of(1, 2, 3))
    read.fill(9)
    assert.deepEqual(b.take(), Uint8Array.of(0, 0, 0))
  })

  it('keeps few slabs alive, when it comes in drops between the text of others', () => {
    const slabs = new Slabs()
    const [drops, flood] = [new Text(), new Text()]
    for (let i = 0; i < 1000; i++) {
      drops.append(slabs, Uint8Array.of(i), 0, 1)
      flood.append(slabs, new Uint8Array(SLAB_SIZE), 0, SLAB_SIZE)
      flood.clear()
    }
    const alive = new Set<ArrayBufferLike>()
    let length = 0
    while (drops.length > 0) {
      const piece = drops.take()
      assert.equal(piece[0], length & 0xff)
      length += piece.length
      alive.add(piece.buffer)
    }
    assert.equal(length, 1000)
    assert.ok(alive.size <= PIECES_MAX)
  })

  it('is the frame itself where it is lent, also if another is lent before it is taken', () => {
    const slabs = new Slabs()
    const [a, b] = [new Text(), new Text()]
    a.isLent = b.isLent = true
    const frames = [1, 2, 3, 4].map((i) => Uint8Array.of(i, i, i, i))
    a.append(slabs, frames[0]!, 0, 4)
    assert.equal(a.takePiece().slab, frames[0])
    assert.equal(a.length, 0)
    a.append(slabs, frames[1]!, 1, 2)
    b.append(slabs, frames[2]!, 0, 3)
    b.append(slabs, frames[3]!, 2, 2)
    assert.deepEqual([a.length, b.length], [2, 5])
    b.skip(1)
    assert.deepEqual(
      [b.take(), a.take(), b.take()],
      [3, 2, 4].map((i) => Uint8Array.of(i, i)),
    )
    assert.deepEqual([a.length, b.length], [0, 0])
  })

  it('is what was lent, and then what waited out of order behind it', () => {
    const slabs = new Slabs()
    const [text, behind] = [new Text(), new Text()]
    text.isLent = true
    behind.append(slabs, Uint8Array.of(3, 4), 0, 2)
    text.append(slabs, Uint8Array.of(1, 2), 0, 2)
    text.join(behind)
    assert.deepEqual([text.take(), text.take()], [Uint8Array.of(1, 2), Uint8Array.of(3, 4)])
    text.append(slabs, Uint8Array.of(5), 0, 1)
    text.clear()
    assert.equal(text.length, 0)
    text.append(slabs, Uint8Array.of(6), 0, 1)
    assert.deepEqual(text.take(), Uint8Array.of(6))
  })
})
