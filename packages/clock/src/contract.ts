/** What `Clock` promises, as tests: every clock's package runs them, on a fresh rig for each. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Clock, type Millis, sleep } from './clock.ts'

/** A clock, and a way to let its time pass. */
export interface Rig {
  readonly clock: Clock
  /** Lets at least `duration` of the clock's time pass, and everything run that was due by then. */
  readonly pass: (duration: Millis) => Promise<void>
}

/** Runs the suite for the clock `name`, which `rig` makes anew for each test. */
export function clockContract(name: string, rig: () => Rig | Promise<Rig>): void {
  describe(`${name} keeps the contract of Clock`, () => {
    it('never goes back', async () => {
      const { clock, pass } = await rig()
      const before = clock.now()
      assert.ok(clock.now() >= before)
      await pass(2)
      assert.ok(clock.now() >= before + 2)
    })

    it('tells a date whose picoseconds lie within its day', async () => {
      const { days, picoseconds } = (await rig()).clock.wall()
      assert.ok(Number.isInteger(days))
      assert.ok(picoseconds >= 0n && picoseconds <= 86_399_999_999_999_999n)
    })

    it('knows the time zone in whole seconds, or does not know it', async () => {
      const offset = (await rig()).clock.timezoneOffset()
      assert.ok(offset === undefined || (Number.isInteger(offset) && Math.abs(offset) <= 26 * 3600))
    })

    it('runs a task once, and not before its deadline', async () => {
      const { clock, pass } = await rig()
      const deadline = clock.now() + 5
      const ran: Millis[] = []
      clock.at(deadline, () => ran.push(clock.now()))
      await pass(15)
      await pass(5)
      assert.equal(ran.length, 1)
      assert.ok(ran[0]! >= deadline)
    })

    it('runs a task whose deadline has passed soon, but never inside the call', async () => {
      const { clock, pass } = await rig()
      let ran = 0
      clock.at(clock.now(), () => ran++)
      clock.at(clock.now() - 1000, () => ran++)
      assert.equal(ran, 0)
      await pass(1)
      assert.equal(ran, 2)
    })

    it('runs tasks in the order of their deadlines', async () => {
      const { clock, pass } = await rig()
      const start = clock.now()
      const order: number[] = []
      for (const delay of [7, 3, 9, 1, 5]) clock.at(start + delay, () => order.push(delay))
      await pass(20)
      assert.deepEqual(order, [1, 3, 5, 7, 9])
    })

    it('runs tasks of one deadline in the order they were asked for', async () => {
      const { clock, pass } = await rig()
      const deadline = clock.now() + 3
      const order: number[] = []
      for (let i = 0; i < 20; i++) clock.at(deadline, () => order.push(i))
      await pass(10)
      assert.deepEqual(
        order,
        Array.from({ length: 20 }, (_, i) => i),
      )
    })

    it('runs a task that another task asked for', async () => {
      const { clock, pass } = await rig()
      const ran: Millis[] = []
      clock.at(clock.now() + 1, () => clock.at(clock.now() + 1, () => ran.push(clock.now())))
      // Where the first was late, so may the other be.
      for (let i = 0; i < 100 && ran.length === 0; i++) await pass(20)
      assert.equal(ran.length, 1)
    })

    it('forgets a task that was cancelled, and no other', async () => {
      const { clock, pass } = await rig()
      const deadline = clock.now() + 3
      const order: string[] = []
      clock.at(deadline, () => order.push('first'))
      const cancel = clock.at(deadline, () => order.push('cancelled'))
      clock.at(deadline, () => order.push('last'))
      cancel()
      cancel()
      await pass(10)
      assert.deepEqual(order, ['first', 'last'])
    })

    it('forgets a task that an earlier one of the same deadline cancels', async () => {
      const { clock, pass } = await rig()
      const deadline = clock.now() + 3
      let cancel = (): void => {}
      let ran = false
      clock.at(deadline, () => cancel())
      cancel = clock.at(deadline, () => (ran = true))
      await pass(10)
      assert.equal(ran, false)
    })

    it('ignores a cancellation that comes too late', async () => {
      const { clock, pass } = await rig()
      let ran = 0
      const cancel = clock.at(clock.now(), () => ran++)
      await pass(1)
      clock.at(clock.now(), () => ran++)
      cancel()
      await pass(1)
      assert.equal(ran, 2)
    })

    it('lets a sleeper sleep no less than it asked for', async () => {
      const { clock, pass } = await rig()
      const start = clock.now()
      const slept = sleep(clock, 4).then(() => clock.now() - start)
      await pass(10)
      assert.ok((await slept) >= 4)
    })
  })
}
