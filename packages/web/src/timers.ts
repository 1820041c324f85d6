/** `setTimeout` and its like, HTML standard §8.6, on a clock. */
import type { Cancel, Clock } from '@mirage/clock'

/** What a timer calls. A text, which the standard would evaluate, is none. */
type Task = (...args: unknown[]) => unknown

/** The functions. A handle is a positive number. */
export interface Timers {
  readonly setTimeout: (task: Task, delay?: number, ...args: unknown[]) => number
  readonly clearTimeout: (handle?: number) => void
  readonly setInterval: (task: Task, delay?: number, ...args: unknown[]) => number
  readonly clearInterval: (handle?: number) => void
}

/** The functions, with handles of their own. */
export function timersOn(clock: Clock): Timers {
  const running = new Map<number, Cancel>()
  let last = 0

  const start = (task: Task, delay: unknown, isRepeated: boolean, args: unknown[]): number => {
    if (typeof task !== 'function') throw new TypeError('what a timer is to call is no function')
    const handle = ++last
    const wait = durationOf(delay)
    const again = (): void => {
      const cancel = clock.at(clock.now() + wait, () => {
        if (isRepeated) again()
        else running.delete(handle)
        task(...args)
      })
      running.set(handle, cancel)
    }
    again()
    return handle
  }
  const clear = (handle?: number): void => {
    const key = Number(handle)
    running.get(key)?.()
    running.delete(key)
  }
  return {
    setTimeout: (task, delay, ...args) => start(task, delay, false, args),
    setInterval: (task, delay, ...args) => start(task, delay, true, args),
    clearTimeout: clear,
    clearInterval: clear,
  }
}

/** Whole milliseconds; what is no number, negative, or above 2^31 - 1 is at least one, as on Node. */
function durationOf(delay: unknown): number {
  const wait = Math.trunc(Number(delay))
  return wait >= 1 && wait <= 0x7fff_ffff ? wait : 1
}
