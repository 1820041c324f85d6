import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { distance } from './sequence.ts'
import * as scoreboard from './scoreboard.ts'

const START = 0x7fff_fff0
const SIZE = 60

const at: fc.Arbitrary<number> = fc.nat(SIZE)
const step = fc.oneof(
  fc.record({ kind: fc.constant('sack' as const), a: at, b: at }),
  fc.record({ kind: fc.constant('acknowledge' as const), a: at, b: at }),
  fc.record({ kind: fc.constant('lose' as const), a: at, b: at }),
  fc.record({ kind: fc.constant('again' as const), a: at, b: fc.integer({ min: 1, max: 9 }) }),
)

describe('the scoreboard', () => {
  it('counts every byte by its fate, as a list of bytes would', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        // One that has landed where a run before this left one.
        const flight = scoreboard.begin()
        assert.deepEqual([flight.runs.length, flight.sacked, flight.lost], [0, 0, 0])
        const delivered = new scoreboard.Delivered()
        const bytes: ('sent' | 'sacked' | 'lost')[] = Array.from({ length: SIZE }, () => 'sent')
        let una = 0
        for (let i = 0; i < SIZE; i += 12)
          scoreboard.sent(flight, (START + i) | 0, (START + i + 12) | 0, i, false)
        for (const { kind, a, b } of steps) {
          delivered.begin(0)
          let expected = 0
          if (kind === 'acknowledge') {
            for (const end = Math.max(una, a); una < end; una++) if (bytes[una] !== 'sacked') expected++
            scoreboard.acknowledge(flight, (START + una) | 0, delivered)
          } else if (kind === 'sack' && Math.max(a, una) < b) {
            const left = Math.max(a, una)
            for (let i = left; i < b; i++) {
              if (bytes[i] !== 'sacked') expected++
              bytes[i] = 'sacked'
            }
            scoreboard.sack(flight, (START + left) | 0, (START + b) | 0, delivered)
          } else if (kind === 'lose' && flight.runs.length > 0) {
            const run = flight.runs[a % flight.runs.length]!
            for (let i = distance(START, run.start); i < distance(START, run.end); i++)
              if (bytes[i] === 'sent') bytes[i] = 'lost'
            scoreboard.lose(flight, run)
          } else if (kind === 'again' && scoreboard.firstLost(flight) >= 0) {
            const i = scoreboard.firstLost(flight)
            const { start, end } = flight.runs[i]!
            const length = Math.min(b, distance(start, end))
            for (let k = 0; k < length; k++) bytes[distance(START, start) + k] = 'sent'
            scoreboard.sentAgain(flight, i, length, 100)
          }
          assert.equal(delivered.count, expected)
          const left = bytes.slice(una)
          assert.equal(flight.sacked, left.filter((byte) => byte === 'sacked').length)
          assert.equal(flight.lost, left.filter((byte) => byte === 'lost').length)
          let next = (START + una) | 0
          for (const run of flight.runs) {
            assert.equal(run.start, next, 'there is no gap')
            next = run.end
          }
          assert.ok(una === SIZE || next === ((START + SIZE) | 0))
        }
        assert.equal(scoreboard.land(flight), scoreboard.NOTHING)
      }),
    )
  })

  it('knows nothing of what has landed, however much that was', () => {
    const delivered = new scoreboard.Delivered()
    for (const count of [1, 3, 1, 1, 2]) {
      const flight = scoreboard.begin()
      for (let i = 0; i < count; i++) scoreboard.sent(flight, 10 * i, 10 * i + 10, i, false)
      assert.equal(flight.runs.length, count)
      assert.deepEqual(flight.runs[0], { start: 0, end: 10, sentAt: 0, fate: 0 })
      scoreboard.lose(flight, flight.runs[0])
      scoreboard.acknowledge(flight, 10 * count, delivered)
      assert.deepEqual([flight.runs.length, flight.lost], [0, 0])
      scoreboard.sent(flight, 50, 60, 7, true)
      assert.deepEqual(flight.runs, [{ start: 50, end: 60, sentAt: 7, fate: scoreboard.AGAIN }])
      scoreboard.land(flight)
    }
    assert.equal(scoreboard.land(scoreboard.NOTHING), scoreboard.NOTHING)
    assert.notEqual(scoreboard.begin(), scoreboard.NOTHING)
  })

  it('keeps no more runs than it may', () => {
    const flight = scoreboard.empty()
    const delivered = new scoreboard.Delivered()
    scoreboard.sent(flight, 0, 100_000, 0, false)
    for (let i = 1; i < 100_000; i += 2) scoreboard.sack(flight, i, i + 1, delivered)
    assert.ok(flight.runs.length <= scoreboard.RUNS_MAX)
  })

  it('keeps no more of text that leaves in drops, each at its own time, and finds the place of all of it', () => {
    const flight = scoreboard.empty()
    const delivered = new scoreboard.Delivered()
    const length = 76
    const count = 100_000
    for (let i = 0; i < count; i++) scoreboard.sent(flight, i * length, (i + 1) * length, i, false)
    assert.ok(flight.runs.length <= scoreboard.RUNS_MAX)
    delivered.begin(0)
    scoreboard.sack(flight, 50_000 * length, count * length, delivered)
    assert.equal(flight.sacked, 50_000 * length)
    scoreboard.acknowledge(flight, count * length, delivered)
    assert.equal(delivered.count, count * length)
    assert.equal(flight.sacked, 0)
  })
})
