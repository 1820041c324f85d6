import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Clock, sleep } from '@mirage/clock'
import { ok } from '@mirage/result'
import type { Component } from '@mirage/runtime/component'
import { Solo5Clock } from './clock.ts'
import { Loop } from './loop.ts'
import { begin } from './start.ts'
import { MemorySolo5, settle } from './testing/memory.ts'

/** Runs `application` in an engine with `commandLine`: how it ends, and what it shows. */
async function run(commandLine: string, application: Component): Promise<{ status: number; shown: string }> {
  const solo5 = new MemorySolo5(commandLine)
  const loop = new Loop(solo5)
  const clock = new Solo5Clock(solo5, loop)
  let status: number | undefined
  solo5.exit = (code) => {
    status = code
    return undefined as never
  }
  const components = [
    { name: 'clock', component: { connect: () => ok(clock) }, needs: {} },
    { name: 'test', component: application, needs: { clock: 'clock' } },
  ]
  begin({ name: 'test', components }, solo5, loop, clock)
  for (let turns = 0; turns < 1000; turns++) {
    await settle()
    if (status !== undefined) return { status, shown: solo5.shown }
    solo5.onTurn?.()
  }
  return assert.fail('it does not end')
}

describe('an image', () => {
  it('ends with 0 when its application does, and not before', async () => {
    let isOver = false
    const start = async ({ clock }: { clock: Clock }): Promise<void> => {
      await sleep(clock, 1000)
      isOver = true
    }
    assert.equal((await run('', { start })).status, 0)
    assert.ok(isOver)
  })

  it('shows its help and ends with 63', async () => {
    const { status, shown } = await run('--help', { start: async () => {} })
    assert.equal(status, 63)
    assert.match(shown, /^usage: test/)
  })

  it('says what is wrong with its arguments and ends with 64', async () => {
    const { status, shown } = await run('--nonsense', { start: async () => {} })
    assert.deepEqual([status, shown], [64, 'test: unknown option --nonsense\n'])
  })

  it('ends with 1 when its application says why it failed', async () => {
    const start = async (): Promise<never> => ({ ok: false, error: 'no luck' }) as never
    assert.equal((await run('', { start })).status, 1)
  })

  it('ends with 255 when its application throws, and when a task does', async () => {
    const thrower = async (): Promise<void> => {
      throw new Error('a bug')
    }
    const task = async ({ clock }: { clock: Clock }): Promise<void> => {
      clock.at(0, () => {
        throw new Error('a bug in a task')
      })
      await sleep(clock, 1000)
    }
    for (const start of [thrower, task]) {
      const { status, shown } = await run('', { start })
      assert.equal(status, 255)
      assert.match(shown, /uncaught exception: .*a bug/)
    }
  })
})
