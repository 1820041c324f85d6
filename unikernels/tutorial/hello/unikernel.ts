/** Logs "hello" four times, a second apart. */
import { type Clock, sleep } from '@mirage/clock'
import { source } from '@mirage/console/logs'

const log = source('hello')

export async function start({ clock }: { readonly clock: Clock }): Promise<void> {
  for (let count = 0; count < 4; count++) {
    log.info('hello')
    await sleep(clock, 1000)
  }
}
