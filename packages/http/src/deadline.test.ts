import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import { Deadline } from './deadline.ts'

describe('deadline', () => {
  it('passes when the last that was set does, and once', () => {
    const clock = manual()
    const passed: number[] = []
    const deadline = new Deadline(clock, () => passed.push(clock.now()))
    deadline.set(100)
    deadline.set(300)
    deadline.set(200)
    clock.advance(1000)
    assert.deepEqual(passed, [200])
    assert.equal(clock.pending, 0)
  })

  it('asks for no timer where an earlier one will do', () => {
    const clock = manual()
    let asked = 0
    const counting = {
      ...clock,
      now: () => clock.now(),
      at: (at: number, task: () => void) => (asked++, clock.at(at, task)),
    }
    const deadline = new Deadline(
      { ...counting, wall: () => clock.wall(), timezoneOffset: () => undefined },
      () => {},
    )
    for (let at = 100; at < 200; at++) deadline.set(at)
    assert.equal(asked, 1)
    clock.advance(150)
    assert.equal(asked, 2)
  })

  it('that was cleared or cancelled does not pass', () => {
    const clock = manual()
    const deadline = new Deadline(clock, () => assert.fail('it passed'))
    deadline.set(100)
    deadline.clear()
    clock.advance(150)
    deadline.set(200)
    deadline.cancel()
    assert.equal(clock.pending, 0)
    clock.advance(100)
  })
})
