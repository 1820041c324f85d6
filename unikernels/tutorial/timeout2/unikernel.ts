/** A task in a race with a timer: whichever is over first counts, and nobody waits for the other. */
import { type Clock, type Millis, sleep } from '@mirage/clock'
import { source } from '@mirage/console/logs'
import { type Random, below } from '@mirage/random'

const log = source('timeout2')

interface Devices {
  readonly clock: Clock
  readonly random: Random
}

/** What `task` gives, or `undefined` if that takes longer than `limit`. */
function timeout<T>(clock: Clock, limit: Millis, task: Promise<T>): Promise<T | undefined> {
  return Promise.race([task, sleep(clock, limit).then(() => undefined)])
}

export async function start({ clock, random }: Devices): Promise<void> {
  const heads = sleep(clock, below(random, 3000)).then(() => 'Heads')
  const result = await timeout(clock, 2000, heads)
  log.info(result === undefined ? 'Cancelled' : `Returned "${result}"`)
}
