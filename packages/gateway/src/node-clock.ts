/** Time and randomness of the tool's process. */
import { openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Cancel, type Clock, type Millis, fromEpochMs } from '@mirage/clock'
import { Timers } from '@mirage/clock/timers'
import type { Random } from '@mirage/random'

const require = createRequire(import.meta.url)

/** Node's longest timeout is 2^31 - 1 ms. */
const TIMEOUT_MAX = 0x7fff_ffff

/** A clock of its own on the process's time, with one timeout for all of its tasks. */
export function nodeClock(): Clock {
  const timers = new Timers()
  let timeout: NodeJS.Timeout | undefined
  let armedFor: Millis | undefined

  const now = (): Millis => performance.now()
  /** One timeout, for the earliest deadline. */
  function arm(): void {
    const { deadline } = timers
    if (deadline === armedFor) return
    clearTimeout(timeout)
    armedFor = deadline
    if (deadline === undefined) return
    timeout = setTimeout(run, Math.min(TIMEOUT_MAX, Math.max(0, Math.ceil(deadline - now()))))
    // What waits in a gateway is no reason for its process to stay.
    timeout.unref()
  }
  /** No more tasks than there were before: what they ask for cannot hold up input. */
  function run(): void {
    armedFor = undefined
    const until = now()
    for (let left = timers.count; left > 0; left -= 1) {
      const task = timers.take(until)
      if (task === undefined) break
      task()
    }
    arm()
  }

  return {
    now,
    wall: () => fromEpochMs(Date.now()),
    timezoneOffset: () => -60 * new Date().getTimezoneOffset(),
    at(deadline: Millis, task: () => void): Cancel {
      const cancel = timers.add(deadline, task)
      arm()
      return () => {
        cancel()
        arm()
      }
    },
  }
}

/** The host's random generator. */
export const nodeRandom: Random = {
  generate(count) {
    const bytes = new Uint8Array(count)
    file ??= openDevice()
    if (file < 0 || readSync(file, bytes) !== count) {
      const crypto: typeof import('node:crypto') = require('node:crypto')
      crypto.randomFillSync(bytes)
    }
    return bytes
  },
}

/** The device file, which stays open, once it was asked; -1 where there is none. */
let file: number | undefined

/** Reading it is 8 ms of a start cheaper than loading Node's cryptography, which stands in for it. */
function openDevice(): number {
  try {
    return openSync('/dev/urandom', 'r')
  } catch {
    return -1
  }
}
