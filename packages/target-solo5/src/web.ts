/** What the web's standards add to the language and an image has only through its devices. */
import { type WebConsole, consoleOn } from '@mirage/web/console'
import { type Timers, timersOn } from '@mirage/web/timers'
import { clock } from './clock.ts'
import { writeLine } from './console.ts'
import { solo5 } from './solo5.ts'

let theTimers: Timers | undefined

/** `setTimeout` and its like, on the clock of the unikernel. */
export function timers(): Timers {
  theTimers ??= timersOn(clock())
  return theTimers
}

/** `console`: lines among those of the log. */
export function webConsole(): WebConsole {
  return consoleOn((line) => writeLine(solo5(), line))
}
