/** Shows lines on the console. */
import { type Clock, sleep } from '@mirage/clock'
import type { Console } from '@mirage/console'

interface Devices {
  readonly clock: Clock
  readonly console: Console
}

export async function start({ clock, console }: Devices): Promise<void> {
  for (let count = 0; count < 4; count++) {
    console.log('hello')
    await sleep(clock, 1000)
    console.log('world')
  }
}
