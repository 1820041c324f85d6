/** Two timers that run at the same time, as promises that are chained. */
import { type Clock, sleep } from '@mirage/clock'
import { source } from '@mirage/console/logs'

const log = source('heads1')

export function start({ clock }: { readonly clock: Clock }): Promise<void> {
  return Promise.all([
    sleep(clock, 1000).then(() => log.info('Heads')),
    sleep(clock, 2000).then(() => log.info('Tails')),
  ]).then(() => log.info('Finished'))
}
