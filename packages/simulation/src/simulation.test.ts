import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Clock, sleep, toEpochMs } from '@mirage/clock'
import { clockContract } from '@mirage/clock/contract'
import { EPOCH_MS, type Simulation, simulate } from './simulation.ts'

clockContract('a clock of a simulation', () => {
  const simulation = simulate(1, setImmediate)
  return { clock: simulation.clock('test'), pass: (duration) => simulation.pass(duration) }
})

describe('a simulation', () => {
  it('jumps to the next deadline, and runs promise continuations before it', async () => {
    const simulation = simulate(1, setImmediate)
    const clock = simulation.clock('a')
    const times: number[] = []
    async function work(): Promise<string> {
      for (const duration of [1000, 0.5, 86_400_000]) {
        await sleep(clock, duration)
        await Promise.resolve()
        times.push(clock.now())
      }
      return 'done'
    }
    assert.equal(await simulation.run(work(), 100_000_000), 'done')
    assert.deepEqual(times, [1000, 1000.5, 86_401_000.5])
    assert.equal(toEpochMs(clock.wall()), EPOCH_MS + 86_401_000)
  })

  it('rejects where the work does', async () => {
    await assert.rejects(simulate(1, setImmediate).run(Promise.reject(new Error('broken'))), /broken/)
  })

  it('throws with its seed when nothing is left to happen, and when the limit has passed', async () => {
    const simulation = simulate(77, setImmediate)
    const never = new Promise<void>(() => {})
    await assert.rejects(simulation.run(never), /nothing is left to happen.*seed 77/)
    tick(simulation.clock('a'))
    await assert.rejects(simulation.run(never, 50), /not done after 50 ms, seed 77/)
    assert.ok(simulation.now() <= 50)
  })

  it('lets exactly as much time pass as it is told', async () => {
    const simulation = simulate(1, setImmediate)
    const clock = simulation.clock('a')
    let ran = 0
    for (const at of [9, 10, 10.001]) clock.at(at, () => ran++)
    await simulation.pass(10)
    assert.deepEqual([ran, simulation.now()], [2, 10])
  })

  it('does the same for the same seed, and not for another', async () => {
    const digests = await Promise.all([3, 3, 4].map(async (seed) => (await race(seed)).trace.digest))
    assert.equal(digests[0], digests[1])
    assert.notEqual(digests[0], digests[2])
  })

  it('lets the seed decide between clocks, and never within one', async () => {
    const orders = new Set<string>()
    for (let seed = 0; seed < 40; seed++) {
      const simulation = simulate(seed, setImmediate)
      const order: string[] = []
      for (const step of [1, 2]) {
        for (const name of ['a', 'b']) simulation.clock(name).at(5, () => order.push(name + step))
      }
      await simulation.pass(5)
      orders.add(order.join(' '))
    }
    assert.deepEqual([...orders].sort(), [
      'a1 a2 b1 b2',
      'a1 b1 a2 b2',
      'a1 b1 b2 a2',
      'b1 a1 a2 b2',
      'b1 a1 b2 a2',
      'b1 b2 a1 a2',
    ])
  })

  it('throws instead of hanging when tasks wake each other for ever', async () => {
    const simulation = simulate(1, setImmediate)
    const clock = simulation.clock('a')
    const again = (): void => void clock.at(clock.now(), again)
    again()
    await assert.rejects(simulation.pass(1), /for ever/)
  })
})

/** Two clocks that are always due at the same time. */
async function race(seed: number): Promise<Simulation> {
  const simulation = simulate(seed, setImmediate)
  tick(simulation.clock('a'))
  tick(simulation.clock('b'))
  await simulation.pass(100)
  return simulation
}

function tick(clock: Clock): void {
  clock.at(clock.now() + 1, () => tick(clock))
}
