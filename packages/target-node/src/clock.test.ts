import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { clockContract } from '@mirage/clock/contract'
import { sleep, toEpochMs } from '@mirage/clock'
import { clock } from './clock.ts'

clockContract('the clock of Node', () => ({ clock, pass: (duration) => setTimeout(duration + 2) }))

describe('the clock of Node', () => {
  it('tells the date of the host', () => {
    const before = Date.now()
    const told = toEpochMs(clock.wall())
    assert.ok(told >= before && told <= Date.now())
  })

  it('runs all that is due in one turn, before the next timer of the host', async () => {
    const order: string[] = []
    clock.at(clock.now(), () => order.push('first'))
    clock.at(clock.now(), () => order.push('second'))
    await setImmediate()
    assert.deepEqual(order, ['first', 'second'])
  })

  it('lets input in between tasks that ask for each other', async () => {
    const runs: number[] = []
    let isOver = false
    const again = (): void => {
      runs.push(clock.now())
      if (!isOver) clock.at(0, again)
    }
    again()
    // The host may take so long that it is the timer's turn at once.
    for (let i = 0; i < 100 && runs.length === 1; i++) await setTimeout(5)
    isOver = true
    assert.ok(runs.length > 1)
  })

  it('waits for the earliest of many deadlines, whichever is cancelled', async () => {
    const start = clock.now()
    const ran: number[] = []
    const cancels = [40, 30, 20, 10, 5].map((delay) => clock.at(start + delay, () => ran.push(delay)))
    for (const cancel of cancels.slice(3)) cancel()
    await setTimeout(60)
    assert.deepEqual(ran, [20, 30, 40])
  })

  it('does not wait for a deadline that was asked for first and is later', async () => {
    const cancel = clock.at(clock.now() + 10_000, () => assert.fail('it was cancelled'))
    await sleep(clock, 2)
    cancel()
  })

  it('goes on with the tasks after one that throws', async () => {
    const thrown = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve))
    let ran = false
    clock.at(clock.now(), () => {
      throw new Error('a task')
    })
    clock.at(clock.now(), () => (ran = true))
    assert.match(String(await thrown), /a task/)
    process.setUncaughtExceptionCaptureCallback(null)
    await setTimeout(5)
    assert.ok(ran)
  })
})
