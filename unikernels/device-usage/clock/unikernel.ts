/** Tells the time, by the clock on the wall and by the one that only goes forward. */
import { type Clock, sleep, toEpochMs } from '@mirage/clock'
import { source } from '@mirage/console/logs'

const log = source('speaking clock')

export async function start({ clock }: { readonly clock: Clock }): Promise<never> {
  for (;;) {
    const date = new Date(toEpochMs(clock.wall())).toISOString()
    const offset = clock.timezoneOffset()
    const zone = offset === undefined ? 'in an unknown time zone' : `${offset / 3600} hours ahead of UTC`
    log.info(`It is ${date}, ${zone}, and ${(clock.now() / 1000).toFixed(3)} s on the monotonic clock.`)
    await sleep(clock, 1000)
  }
}
