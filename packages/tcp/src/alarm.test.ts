import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ManualClock, manual } from '@mirage/clock/manual'
import { Alarm } from './alarm.ts'
import { type Due, NEVER } from './deadlines.ts'

/** An alarm whose entries do `then` when they expire, and the order in which they did. */
function rig(then: (alarm: Alarm<Due>, entry: Due, now: number) => void = () => {}): {
  clock: ManualClock
  alarm: Alarm<Due>
  rung: Due[]
} {
  const clock = manual()
  const rung: Due[] = []
  const alarm: Alarm<Due> = new Alarm(clock, (entry, now) => {
    rung.push(entry)
    then(alarm, entry, now)
  })
  return { clock, alarm, rung }
}

function entry(): Due {
  return { dueAt: NEVER, lookAt: NEVER }
}

describe('the alarm', () => {
  it('calls for each entry when it is due, and keeps one timer for all', () => {
    const { clock, alarm, rung } = rig()
    const [first, second, third] = [entry(), entry(), entry()]
    alarm.set(second, 20)
    alarm.set(third, 30)
    alarm.set(first, 10)
    assert.equal(clock.pending, 1)
    clock.advance(9)
    assert.deepEqual(rung, [])
    clock.advance(11)
    assert.ok(rung.length === 2 && rung[0] === first && rung[1] === second)
    alarm.remove(third)
    clock.advance(100)
    assert.equal(rung.length, 2)
    assert.equal(clock.pending, 0)
  })

  it('ends a call in which everything becomes due again at once, and calls again in the next millisecond', () => {
    const { clock, alarm, rung } = rig((of, again, now) => of.set(again, now))
    const entries = [entry(), entry(), entry()]
    for (const each of entries) alarm.set(each, 10.5)
    clock.advance(10.5)
    assert.ok(entries.every((each) => rung.filter((other) => other === each).length === 1))
    clock.advance(0.5)
    assert.equal(rung.length, 6)
    clock.advance(10)
    assert.equal(rung.length, 36)
  })

  it('sets no timer for what it is about to call for', () => {
    let pendingMax = 0
    const { clock, alarm, rung } = rig((of, again, now) => {
      pendingMax = Math.max(pendingMax, clock.pending)
      of.set(again, now + 40)
    })
    for (let i = 0; i < 5; i++) alarm.set(entry(), 10)
    clock.advance(10)
    assert.equal(rung.length, 5)
    assert.equal(pendingMax, 0)
    assert.equal(clock.deadline, 50)
  })

  it('calls for nobody earlier than was said last, or whose deadline was taken back', () => {
    const { clock, alarm, rung } = rig()
    const [later, never] = [entry(), entry()]
    alarm.set(later, 10)
    alarm.set(never, 10)
    alarm.set(later, 30)
    alarm.set(never, Number.POSITIVE_INFINITY)
    clock.advance(29)
    assert.ok(!rung.includes(later))
    clock.advance(1)
    assert.ok(rung.includes(later) && !rung.includes(never))
    assert.equal(clock.pending, 0)
  })

  it('calls for nobody who was removed by another that was due at the same time', () => {
    const [first, second] = [entry(), entry()]
    const { clock, alarm, rung } = rig((of, expired) => of.remove(expired === first ? second : first))
    alarm.set(first, 10)
    alarm.set(second, 10)
    clock.advance(20)
    assert.equal(rung.length, 1)
  })
})
