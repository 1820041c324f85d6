import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Trace } from './trace.ts'

type Event = [now: number, event: string, bytes: Uint8Array]
const NONE = new Uint8Array(0)

describe('a trace', () => {
  const base: Event = [1.5, 'lost', Uint8Array.of(1, 2, 3, 4, 5)]
  const digest = (...events: Event[]): string => {
    const trace = new Trace()
    for (const event of events) trace.add(...event)
    return trace.digest
  }

  const others: [what: string, events: Event[]][] = [
    ['the time', [[1.25, base[1], base[2]]]],
    ['the name', [[base[0], 'last', base[2]]]],
    ['a byte', [[base[0], base[1], Uint8Array.of(1, 2, 0, 4, 5)]]],
    ['the last byte', [[base[0], base[1], Uint8Array.of(1, 2, 3, 4, 6)]]],
    ['the length', [[base[0], base[1], Uint8Array.of(1, 2, 3, 4, 5, 0)]]],
    ['one event more', [base, base]],
  ]
  for (const [what, events] of others) {
    it(`has another digest when it differs in ${what}`, () =>
      assert.notEqual(digest(...events), digest(base)))
  }

  it('has another digest when zeros follow', () => {
    assert.notEqual(digest([1, 'x', Uint8Array.of(1)]), digest([1, 'x', Uint8Array.of(1, 0, 0, 0)]))
  })

  it('has the same digest for the same events, and another for another order', () => {
    assert.equal(digest(base, [2, 'x', NONE]), digest(base, [2, 'x', NONE]))
    assert.notEqual(digest([1, 'x', NONE], [1, 'y', NONE]), digest([1, 'y', NONE], [1, 'x', NONE]))
  })

  it('tells who follows it', () => {
    const trace = new Trace()
    const told: string[] = []
    trace.follow((now, event) => told.push(`${now} ${event}`))
    trace.add(...base)
    trace.add(2, 'x')
    assert.deepEqual(told, ['1.5 lost, 5 bytes', '2 x'])
    assert.equal(trace.events, 2)
  })
})
