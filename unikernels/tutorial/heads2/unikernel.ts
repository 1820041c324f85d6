/** Two timers that run at the same time, as functions that wait. */
import { type Clock, sleep } from '@mirage/clock'
import { source } from '@mirage/console/logs'

const log = source('heads2')

export async function start({ clock }: { readonly clock: Clock }): Promise<void> {
  async function heads(): Promise<void> {
    await sleep(clock, 1000)
    log.info('Heads')
  }
  async function tails(): Promise<void> {
    await sleep(clock, 2000)
    log.info('Tails')
  }
  await Promise.all([heads(), tails()])
  log.info('Finished')
}
