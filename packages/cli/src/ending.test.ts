import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { Child } from '../../../test/child.ts'
import { ended, passSignals } from './ending.ts'
import type { Problem } from './problem.ts'
import { terminal } from './terminal.ts'

/** A program that says when it runs, and how it ends; the tool around it. */
async function rig(program: string) {
  const child: ChildProcess = spawn(process.execPath, ['-e', `${program};console.log('runs')`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const own = new EventEmitter()
  const signals = passSignals(child, own)
  const said: string[] = []
  const complain = (problems: readonly Problem[]): void => {
    for (const { message } of problems) said.push(message)
  }
  const exit = ended(child, 'hello', signals, { ...terminal('.', 'normal', 'never'), complain })
  await new Child(child).prints(/runs/)
  return { child, own, signals, said, exit }
}

const FOR_EVER = 'setInterval(() => {}, 1000)'

describe('the end of a unikernel', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`is in order where ${signal} was passed on to one that does not listen`, async () => {
      const { own, exit, said } = await rig(FOR_EVER)
      own.emit(signal)
      assert.deepEqual([await exit, said], [0, []])
    })

    it(`is in order where ${signal} ended it before the tool heard of the same`, async () => {
      const { child, own, exit, said } = await rig(FOR_EVER)
      child.once('close', () => setImmediate(() => own.emit(signal)))
      assert.ok(child.pid !== undefined)
      process.kill(child.pid, signal)
      assert.deepEqual([await exit, said], [0, []])
    })

    it(`is told where ${signal} was meant for it alone`, async () => {
      const { child, exit, said } = await rig(FOR_EVER)
      assert.ok(child.pid !== undefined)
      process.kill(child.pid, signal)
      assert.deepEqual(
        [await exit, said],
        [signal === 'SIGINT' ? 130 : 143, [`hello was ended by ${signal}`]],
      )
    })
  }

  it('is its own exit code, whatever it was asked', async () => {
    const { own, exit } = await rig(`process.on('SIGINT', () => process.exit(3)); ${FOR_EVER}`)
    own.emit('SIGINT')
    assert.equal(await exit, 3)
  })

  it('comes with that of the tool', async () => {
    const { own, signals, exit, said } = await rig(FOR_EVER)
    own.emit('exit')
    assert.deepEqual([await exit, said], [137, []])
    signals.forget()
    assert.deepEqual(own.eventNames(), [])
  })

  it('is no beginning where the program is not there', async () => {
    const child = spawn('/nowhere/spt')
    const signals = passSignals(child, new EventEmitter())
    const end = await ended(child, 'hello', signals, terminal('.', 'quiet', 'never'))
    assert.match(JSON.stringify(end), /cannot be started/)
  })
})
