import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { cut } from './fragment.ts'

describe('cut', () => {
  it('makes 65 fragments of 1030 bytes where 16 fit', () => {
    const pieces = cut(1030, 16)
    assert.equal(pieces.length, 65)
    assert.deepEqual(pieces[0], { offset: 0, end: 16, fragmentation: 0x2000 })
    assert.deepEqual(pieces[63], { offset: 1008, end: 1024, fragmentation: 0x2000 | 126 })
    assert.deepEqual(pieces[64], { offset: 1024, end: 1030, fragmentation: 128 })
  })

  it('rounds down to multiples of 8 bytes', () => {
    assert.deepEqual(
      cut(20, 15).map(({ offset, end }) => [offset, end]),
      [
        [0, 8],
        [8, 16],
        [16, 20],
      ],
    )
  })

  it('leaves whole what fits, and what is empty', () => {
    assert.deepEqual(cut(16, 16), [{ offset: 0, end: 16, fragmentation: 0 }])
    assert.deepEqual(cut(0, 16), [{ offset: 0, end: 0, fragmentation: 0 }])
  })

  it('ends, however much a packet carries, and throws where it would not', () => {
    for (const mtu of [65_535, 65_536, 2 ** 31, 2 ** 32, 2 ** 32 + 8, Infinity])
      assert.deepEqual(cut(1030, mtu), [{ offset: 0, end: 1030, fragmentation: 0 }])
    for (const mtu of [7, 0, -8, -Infinity, NaN]) assert.throws(() => cut(1030, mtu))
    for (const length of [65_536, Infinity, NaN]) assert.throws(() => cut(length, 1280))
    assert.equal(cut(65_535, 8).length, 8192)
  })

  it('covers every byte once, in order, and says so in the headers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_515 }), fc.integer({ min: 8, max: 9000 }), (length, mtu) => {
        let next = 0
        const pieces = cut(length, mtu)
        for (const [i, { offset, end, fragmentation }] of pieces.entries()) {
          const isLast = i === pieces.length - 1
          assert.equal(offset, next)
          assert.ok(end > offset && end - offset <= mtu)
          assert.equal(fragmentation, (isLast ? 0 : 0x2000) + offset / 8)
          next = end
        }
        assert.equal(next, length)
      }),
    )
  })
})
