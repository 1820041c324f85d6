/** What the web's standards add to the language and an image has only through its devices. */
import { type WebConsole, consoleOn } from '@mirage/web/console'
import { type Timers, timersOn } from '@mirage/web/timers'
import { type WebCrypto, cryptoOn } from '@mirage/web/crypto'
import { assert } from '@mirage/result'
import { clock } from './clock.ts'
import { writeLine } from './console.ts'
import { connect } from './random.ts'
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

/** `crypto`, on a generator of its own, which is seeded when it is first asked. */
export function webCrypto(): WebCrypto {
  let made: WebCrypto | undefined
  const seeded = (): WebCrypto => {
    if (made !== undefined) return made
    const random = connect()
    assert(random.ok, 'whoever started the image gave it randomness')
    made = cryptoOn(random.value)
    return made
  }
  return {
    getRandomValues: (integers) => seeded().getRandomValues(integers),
    randomUUID: () => seeded().randomUUID(),
  }
}
