import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Deadlines, type Due, NOWHERE } from './deadlines.ts'

const NEVER = Number.POSITIVE_INFINITY

describe('deadlines', () => {
  it('come up in their order, each at the earliest that it was added for, and not when removed', () => {
    const step = fc.tuple(fc.nat(19), fc.integer({ min: -1, max: 100 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const entries = Array.from({ length: 20 }, (): Due => ({ dueAt: 0, place: NOWHERE }))
        const expected = entries.map(() => NEVER)
        const heap = new Deadlines<Due>()
        for (const [which, at] of steps) {
          if (at < 0) heap.remove(entries[which]!)
          else heap.add(entries[which]!, at)
          expected[which] = at < 0 ? NEVER : Math.min(expected[which]!, at)
          assert.equal(heap.first, Math.min(...expected))
        }
        const order = expected.filter((at) => at < NEVER).sort((a, b) => a - b)
        for (const at of order) {
          assert.equal(heap.take(at - 1), undefined)
          const entry = heap.take(at)
          assert.equal(expected[entries.indexOf(entry!)], at)
          assert.equal(entry!.place, NOWHERE)
        }
        assert.equal(heap.first, NEVER)
      }),
    )
  })
})
