import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Trace } from './trace.ts'

const SETTINGS = { hops: 30, probes: 3, window: 6, wait: 3000 }

/** A trace of which the first probes are on their way since 0. */
function begun(settings: Partial<typeof SETTINGS> = {}): Trace {
  const trace = new Trace({ ...SETTINGS, ...settings })
  trace.send(0)
  return trace
}

describe('a trace', () => {
  it('sends as many probes as may be on their way, three for each hop', () => {
    const trace = new Trace(SETTINGS)
    assert.deepEqual(
      trace.send(0).map(({ index, ttl }) => [index, ttl]),
      [
        [0, 1],
        [1, 1],
        [2, 1],
        [3, 2],
        [4, 2],
        [5, 2],
      ],
    )
    assert.deepEqual(trace.send(1), [])
    trace.answer(4, 'b', 'time-exceeded', 2)
    assert.deepEqual(trace.send(2), [{ index: 6, ttl: 3 }])
  })

  it('shows hops in order, each when it is complete', () => {
    const trace = begun()
    for (const index of [3, 4, 5]) trace.answer(index, '10.0.1.1', 'time-exceeded', 2)
    assert.deepEqual(trace.lines(), [])
    for (const index of [0, 1, 2]) trace.answer(index, '10.0.0.1', 'time-exceeded', index + 0.5)
    assert.deepEqual(trace.lines(), [
      ' 1  10.0.0.1  0.500 ms  1.500 ms  2.500 ms',
      ' 2  10.0.1.1  2.000 ms  2.000 ms  2.000 ms',
    ])
    assert.deepEqual(trace.lines(), [])
    assert.ok(!trace.isOver)
  })

  it('shows everyone who answered for one hop', () => {
    const trace = begun()
    trace.answer(0, 'a', 'time-exceeded', 1)
    trace.answer(1, 'b', 'time-exceeded', 1)
    trace.answer(2, 'b', 'time-exceeded', 1)
    assert.deepEqual(trace.lines(), [' 1  a  1.000 ms  b  1.000 ms  1.000 ms'])
  })

  it('gives up what takes too long', () => {
    const trace = begun()
    trace.answer(0, 'a', 'time-exceeded', 1)
    assert.equal(trace.deadline, 3000)
    trace.send(3000)
    trace.answer(1, 'a', 'time-exceeded', 3001)
    assert.deepEqual(trace.lines(), [' 1  a  1.000 ms  *  *', ' 2  *  *  *'])
  })

  it('ends with the hop that is the destination, whatever was sent further', () => {
    const trace = begun()
    for (const index of [0, 1, 2]) trace.answer(index, 'r', 'time-exceeded', 1)
    for (const index of [3, 4, 5]) trace.answer(index, 'd', 'port-unreachable', 2)
    assert.deepEqual(trace.send(2), [])
    assert.equal(trace.lines().length, 2)
    assert.ok(trace.isOver && trace.isEnded)
  })

  const marks = [
    ['host-unreachable', '!H'],
    ['net-unreachable', '!N'],
    ['protocol-unreachable', '!P'],
    ['prohibited', '!X'],
    ['too-big', '!F'],
  ] as const
  for (const [kind, mark] of marks) {
    it(`marks what is ${kind} with ${mark}, and ends there`, () => {
      const trace = begun({ probes: 1 })
      trace.answer(0, 'r', kind, 1)
      assert.deepEqual(trace.lines(), [` 1  r  1.000 ms ${mark}`])
      assert.ok(trace.isOver)
    })
  }

  it('ends with the longest way, and then has not arrived', () => {
    const trace = begun({ hops: 2 })
    trace.send(3000)
    assert.equal(trace.lines().length, 2)
    assert.deepEqual([trace.isOver, trace.isEnded, trace.deadline], [true, false, undefined])
  })

  it('looks at an answer once, and at none to what was not sent', () => {
    const trace = begun()
    trace.answer(99, 'x', 'arrived', 1)
    trace.answer(0, 'a', 'time-exceeded', 1)
    trace.answer(0, 'b', 'arrived', 2)
    assert.ok(!trace.isEnded)
  })
})
