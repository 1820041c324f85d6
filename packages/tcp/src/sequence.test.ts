import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { add, atMost, distance, later, lessThan } from './sequence.ts'

const number = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const way = fc.integer({ min: 1, max: 2 ** 31 - 1 })

describe('sequence numbers', () => {
  it('are ordered by the way from one to the other, also across the wrap', () => {
    fc.assert(
      fc.property(number, way, (from, count) => {
        const to = add(from, count)
        assert.equal(distance(from, to), count)
        assert.equal(distance(to, from), -count)
        assert.ok(lessThan(from, to) && atMost(from, to) && !lessThan(to, from) && !atMost(to, from))
        assert.equal(later(from, to), to)
        assert.equal(later(to, from), to)
      }),
    )
  })

  it('wrap from 2^32 - 1 to 0', () => {
    assert.equal(add(-1, 1), 0)
    assert.equal(add(0x7fff_ffff, 1), -0x8000_0000)
    assert.ok(lessThan(-1, 0))
    assert.ok(!lessThan(5, 5) && atMost(5, 5))
  })
})
