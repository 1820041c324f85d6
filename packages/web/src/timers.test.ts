import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import { timersOn } from './timers.ts'

describe('timers', () => {
  const clock = manual()
  const { setTimeout, clearTimeout, setInterval, clearInterval } = timersOn(clock)

  /** What the timers that `start` starts do in the next `duration` milliseconds, and when. */
  function during(duration: number, start: (note: (what?: unknown) => void) => void): unknown[] {
    const [notes, begin] = [[] as unknown[], clock.now()]
    start((what = 'ran') => notes.push([clock.now() - begin, what]))
    clock.advance(duration)
    return notes
  }

  it('run once, when it is time, with what they were given', () => {
    const notes = during(100, (note) => {
      setTimeout(note, 20, 'b')
      setTimeout(note, 10, 'a')
      setTimeout(note, 200, 'never')
    })
    assert.deepEqual(notes, [
      [10, 'a'],
      [20, 'b'],
    ])
  })

  it('do not run once they are cleared', () => {
    const notes = during(100, (note) => {
      const timer = setTimeout(note, 20)
      setTimeout(() => clearTimeout(timer), 10)
      clearTimeout(undefined)
      clearTimeout(12345)
    })
    assert.deepEqual(notes, [])
  })

  it('repeat until they are cleared, also by themselves', () => {
    const notes = during(100, (note) => {
      const timer = setInterval(() => {
        note()
        if (clock.now() > 0 && ++count === 3) clearInterval(timer)
      }, 10)
      let count = 0
    })
    assert.deepEqual(
      notes.map((note) => (note as [number])[0]),
      [10, 20, 30],
    )
  })

  const delays: readonly (readonly [delay: unknown, wait: number])[] = [
    [undefined, 1],
    [-5, 1],
    [Number.NaN, 1],
    [2 ** 31, 1],
    [3.9, 3],
    ['4', 4],
  ]
  for (const [delay, wait] of delays) {
    it(`wait ${wait} ms where they are told ${String(delay)}`, () => {
      assert.deepEqual(
        during(100, (note) => void setTimeout(note, delay as number)),
        [[wait, 'ran']],
      )
    })
  }

  it('call nothing but functions', () => {
    assert.throws(() => setTimeout('text' as never), TypeError)
  })
})
