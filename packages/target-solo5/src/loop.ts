/**
 * The main loop of an image: what is due, and which devices have something to read.
 *
 * The engine calls `turn` whenever no promise is left to settle. A turn sleeps until there is something to do, lets
 * every device that is ready read, and runs the tasks that are due.
 */
import type { Cancel, Millis } from '@mirage/clock'
import { Timers } from '@mirage/clock/timers'
import type { Handle, Solo5 } from './solo5.ts'
import { solo5 } from './solo5.ts'

/** Milliseconds: nothing waits longer than a day without looking around. */
const SLEEP_MAX = 86_400_000
/** Handles in a word of the set of those that are ready. */
const WORD_BITS = 32

/** What happens next in a unikernel. */
export class Loop {
  readonly #solo5: Solo5
  readonly #timers: Timers = new Timers()
  readonly #readers: ((() => void) | undefined)[] = []
  readonly #ready: Uint32Array = new Uint32Array(2)

  constructor(platform: Solo5) {
    this.#solo5 = platform
  }

  /** The engine's monotonic time. */
  now(): Millis {
    return this.#solo5.clockMonotonic()
  }

  /** Runs `task` in the first turn that begins at `deadline` or later. */
  at(deadline: Millis, task: () => void): Cancel {
    return this.#timers.add(deadline, task)
  }

  /** Calls `read` in every turn in which the device has something to read; `undefined` ends that. */
  watch(handle: Handle, read: (() => void) | undefined): void {
    this.#readers[handle] = read
  }

  /** Sleeps until something is to do, and does it. */
  readonly turn = (): void => {
    // A deadline that has passed does not sleep, but looks at the devices, so that tasks cannot hold up input.
    this.#solo5.yield(this.#timers.deadline ?? this.now() + SLEEP_MAX, this.#ready)
    const [low = 0, high = 0] = this.#ready
    if (low !== 0) this.#read(low, 0)
    if (high !== 0) this.#read(high, WORD_BITS)
    if (this.#timers.count > 0) this.#runDue()
  }

  #read(word: number, first: Handle): void {
    for (let rest = word; rest !== 0; rest &= rest - 1) {
      this.#readers[first + WORD_BITS - 1 - Math.clz32(rest & -rest)]?.()
    }
  }

  /** Runs what is due now. Tasks that these ask for wait for the next turn. */
  #runDue(): void {
    const now = this.now()
    for (let left = this.#timers.count; left > 0; left--) {
      const task = this.#timers.take(now)
      if (task === undefined) return
      task()
    }
  }
}

let theLoop: Loop | undefined

/** The one loop of the unikernel. */
export function loop(): Loop {
  theLoop ??= new Loop(solo5())
  return theLoop
}
