import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clockContract } from '@mirage/clock/contract'
import { Solo5Clock } from './clock.ts'
import { Loop } from './loop.ts'
import { MemorySolo5, join, settle } from './testing/memory.ts'

/** Turns until `duration` has passed and whatever was due then has run. */
async function pass(loop: Loop, duration: number): Promise<void> {
  const end = loop.now() + duration
  const ended = new Promise<'ended'>((resolve) => {
    loop.at(end, () => loop.at(end, () => resolve('ended')))
  })
  while ((await Promise.race([ended, settle()])) !== 'ended') loop.turn()
}

clockContract('the clock of an image', () => {
  const solo5 = new MemorySolo5()
  const loop = new Loop(solo5)
  return { clock: new Solo5Clock(solo5, loop), pass: (duration) => pass(loop, duration) }
})

describe('the clock of an image', () => {
  it('tells the date to the nanosecond', () => {
    const solo5 = new MemorySolo5()
    solo5.wall = [86_400 * 3 + 1, 2]
    assert.deepEqual(new Solo5Clock(solo5, new Loop(solo5)).wall(), {
      days: 3,
      picoseconds: 1_000_000_002_000n,
    })
    solo5.wall = [86_399, 999_999_999]
    assert.equal(new Solo5Clock(solo5, new Loop(solo5)).wall().picoseconds, 86_399_999_999_999_000n)
  })
})

describe('the main loop', () => {
  it('sleeps until the earliest deadline, and for a day where there is none', () => {
    const solo5 = new MemorySolo5()
    const loop = new Loop(solo5)
    loop.at(30, () => {})
    loop.at(20, () => {})
    loop.turn()
    loop.turn()
    loop.turn()
    assert.deepEqual(
      solo5.sleeps.map(({ until }) => until),
      [20, 30, 30 + 86_400_000],
    )
  })

  it('reads a device between two tasks that ask for each other for ever', () => {
    const { solo5, loop, write } = joined(1)
    let reads = 0
    loop.watch(1, () => {
      reads += 1
      solo5.netRead(1, new Uint8Array(2000), 0, 2000)
    })
    const again = (): void => void loop.at(0, again)
    again()
    loop.turn()
    write(0)
    loop.turn()
    assert.equal(reads, 1)
  })

  it('tells every one of 63 devices that it is ready, and no other', () => {
    const { loop, write } = joined(63)
    const ready: number[] = []
    for (let handle = 1; handle <= 63; handle++) loop.watch(handle, () => ready.push(handle))
    for (const index of [0, 30, 31, 62]) write(index)
    loop.turn()
    assert.deepEqual(ready, [1, 31, 32, 63])
  })

  it('leaves a device alone that is not watched any more', () => {
    const { loop, write } = joined(1)
    loop.watch(1, () => assert.fail('it was asked'))
    loop.watch(1, undefined)
    write(0)
    loop.turn()
  })

  it('runs tasks that are due together in one turn, and those that they ask for in the next', () => {
    const loop = new Loop(new MemorySolo5())
    const ran: string[] = []
    loop.at(0, () => loop.at(0, () => ran.push('later')))
    loop.at(0, () => ran.push('second'))
    loop.turn()
    assert.deepEqual(ran, ['second'])
    loop.turn()
    assert.deepEqual(ran, ['second', 'later'])
  })
})

/** A loop whose engine has `count` networks, and a way to write a frame to one of them. */
function joined(count: number): { solo5: MemorySolo5; loop: Loop; write: (index: number) => void } {
  const [solo5, other] = [new MemorySolo5(), new MemorySolo5()]
  for (let index = 0; index < count; index++) {
    join(solo5.addNet(`n${index}`, index), other.addNet(`n${index}`, index))
  }
  return {
    solo5,
    loop: new Loop(solo5),
    write: (index) => void other.netWrite(index + 1, new Uint8Array(60), 0, 60),
  }
}
