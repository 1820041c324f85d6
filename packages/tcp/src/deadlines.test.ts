import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Deadlines, type Due, NEVER, OUTDATED_MAX } from './deadlines.ts'

function entry(): Due {
  return { dueAt: NEVER, lookAt: NEVER }
}

describe('deadlines', () => {
  it('come up in their order, each when it was set for last, and not when removed', () => {
    const which = fc.nat(19)
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), which, by: fc.integer({ min: -1, max: 100 }) }),
      fc.record({ kind: fc.constant('remove' as const), which, by: fc.constant(0) }),
      fc.record({ kind: fc.constant('wait' as const), which, by: fc.nat(30) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const entries = Array.from({ length: 20 }, entry)
        const expected = new Map<Due, number>()
        const deadlines = new Deadlines<Due>()
        let now = 0
        const pass = (): void => {
          const due = [...expected].filter(([, at]) => at <= now).map(([, at]) => at)
          for (const at of due.sort((a, b) => a - b)) {
            const taken = deadlines.take(now)!
            assert.equal(expected.get(taken), at)
            expected.delete(taken)
          }
          assert.equal(deadlines.take(now), undefined)
        }
        for (const { kind, which: i, by } of [...steps, { kind: 'wait' as const, which: 0, by: 200 }]) {
          const each = entries[i]!
          if (kind === 'wait') {
            now += by
            pass()
          } else if (kind === 'remove' || by < 0) {
            if (kind === 'remove') deadlines.remove(each)
            else deadlines.set(each, NEVER)
            expected.delete(each)
          } else {
            deadlines.set(each, now + by)
            expected.set(each, now + by)
          }
          assert.ok(deadlines.first <= Math.min(...expected.values()))
        }
        assert.equal(deadlines.first, Number.POSITIVE_INFINITY)
        assert.equal(deadlines.length, 0)
      }),
    )
  })

  it('leave little behind, however often they are set anew or removed', () => {
    const deadlines = new Deadlines<Due>()
    const entries = Array.from({ length: 1000 }, entry)
    let most = 0
    for (let i = 0; i < 100_000; i++) {
      deadlines.set(entries[i % 1000]!, 1_000_000 - i)
      most = Math.max(most, deadlines.length)
    }
    assert.ok(most <= 2 * 1000 + OUTDATED_MAX, `${most}`)
    for (const each of entries) deadlines.remove(each)
    assert.ok(deadlines.length <= OUTDATED_MAX, `${deadlines.length}`)
    for (let i = 0; i < 10_000; i++) {
      const gone = entry()
      deadlines.set(gone, 7_200_000)
      deadlines.remove(gone)
    }
    assert.ok(deadlines.length <= OUTDATED_MAX, `${deadlines.length}`)
  })
})
