/** A task that is cancelled if it takes too long: its timer never fires. */
import type { Cancel, Clock, Millis } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { type Random, below } from '@mirage/random'

const log = source('timeout1')

interface Devices {
  readonly clock: Clock
  readonly random: Random
}

/** Begins something that calls `done` with its result, unless it is cancelled first. */
type Task<T> = (done: (result: T) => void) => Cancel

/** The result of `task`, or `undefined` if it had none after `limit` and was cancelled. */
function timeout<T>(clock: Clock, limit: Millis, task: Task<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancelTimer = clock.at(clock.now() + limit, () => {
      cancelTask()
      resolve(undefined)
    })
    const cancelTask = task((result) => {
      cancelTimer()
      resolve(result)
    })
  })
}

export async function start({ clock, random }: Devices): Promise<void> {
  const heads: Task<string> = (done) => clock.at(clock.now() + below(random, 3000), () => done('Heads'))
  const result = await timeout(clock, 2000, heads)
  log.info(result === undefined ? 'Cancelled' : `Returned "${result}"`)
}
