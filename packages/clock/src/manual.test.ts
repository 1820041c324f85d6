import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toEpochMs } from './clock.ts'
import { clockContract } from './contract.ts'
import { manual } from './manual.ts'

clockContract('a manual clock', () => {
  const clock = manual()
  return { clock, pass: async (duration) => clock.advance(duration) }
})

describe('a manual clock', () => {
  it('stands still until it is told', () => {
    const clock = manual()
    assert.equal(clock.now(), 0)
    clock.advance(1.5)
    assert.equal(clock.now(), 1.5)
  })

  it('runs every task at its own deadline, also those asked for on the way', () => {
    const clock = manual()
    const times: number[] = []
    clock.at(10, () => {
      times.push(clock.now())
      clock.at(20, () => times.push(clock.now()))
    })
    clock.advance(15)
    assert.deepEqual([times, clock.now()], [[10], 15])
    clock.advance(100)
    assert.deepEqual([times, clock.now()], [[10, 20], 115])
  })

  it('tells what waits', () => {
    const clock = manual()
    assert.deepEqual([clock.pending, clock.deadline], [0, undefined])
    const cancel = clock.at(7, () => {})
    clock.at(9, () => {})
    assert.deepEqual([clock.pending, clock.deadline], [2, 7])
    cancel()
    assert.deepEqual([clock.pending, clock.deadline], [1, 9])
  })

  it('tells the date it was given, and lets it pass', () => {
    const clock = manual(1_000_000)
    clock.advance(1500)
    assert.equal(toEpochMs(clock.wall()), 1_001_500)
  })

  it('throws when told to go back, and when a task advances it', () => {
    const clock = manual()
    assert.throws(() => clock.advance(-1), /does not go back/)
    clock.at(0, () => clock.advance(1))
    assert.throws(() => clock.advance(0), /does not advance/)
    clock.advance(1)
    assert.equal(clock.now(), 1)
  })

  it('throws instead of hanging when tasks wake each other for ever', () => {
    const clock = manual()
    const again = (): void => void clock.at(clock.now(), again)
    again()
    assert.throws(() => clock.advance(0), /for ever/)
  })
})
