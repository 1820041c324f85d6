import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { Timers } from './timers.ts'

describe('timers', () => {
  it('come out by deadline, then by age, whatever was forgotten', () => {
    const operation = fc.record({ deadline: fc.integer({ min: 0, max: 99 }), forget: fc.nat({ max: 3 }) })
    fc.assert(
      fc.property(fc.array(operation, { minLength: 40, maxLength: 80 }), (operations) => {
        const timers = new Timers()
        const kept: { deadline: number; order: number }[] = []
        const taken: { deadline: number; order: number }[] = []
        const cancels = operations.map(({ deadline }, order) =>
          timers.add(deadline, () => taken.push({ deadline, order })),
        )
        operations.forEach(({ deadline, forget }, order) => {
          if (forget === 0) cancels[order]!()
          else kept.push({ deadline, order })
        })
        assert.equal(timers.count, kept.length)
        for (let task = timers.take(99); task !== undefined; task = timers.take(99)) task()
        assert.deepEqual(
          taken,
          kept.sort((a, b) => a.deadline - b.deadline || a.order - b.order),
        )
      }),
    )
  })

  it('stay until their deadline', () => {
    const timers = new Timers()
    timers.add(5, () => {})
    assert.equal(timers.take(4.999), undefined)
    assert.notEqual(timers.take(5), undefined)
    assert.equal(timers.take(5), undefined)
  })

  it('leave at once when they are forgotten', () => {
    const timers = new Timers()
    for (let i = 0; i < 1000; i++) timers.add(1000 + i, () => {})()
    assert.equal(timers.count, 0)
  })
})
