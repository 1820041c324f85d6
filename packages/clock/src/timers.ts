/** What is to run and when: the queue that a `Clock` is made of. It knows no time of its own. */
import type { Cancel, Millis } from './clock.ts'

interface Timer {
  readonly deadline: Millis
  /** How many timers were added before this one: the order where deadlines are equal. */
  readonly order: number
  readonly task: () => void
  /** Where it is in the heap; -1 once it has been taken or forgotten. */
  index: number
}

/**
 * Tasks by deadline, first added first where deadlines are equal. A binary heap that knows where each timer is,
 * so that one that is forgotten leaves at once: a connection that moves its deadline with every segment leaves
 * no trail of dead timers. It holds what its users asked for and has no limit of its own.
 */
export class Timers {
  #heap: Timer[] = []
  #added = 0

  get count(): number {
    return this.#heap.length
  }

  /** The earliest deadline; `undefined` when there is nothing to run. */
  get deadline(): Millis | undefined {
    return this.#heap[0]?.deadline
  }

  /** The returned function forgets the task if it was not taken; calling it later, or twice, does nothing. */
  add(deadline: Millis, task: () => void): Cancel {
    const timer: Timer = { deadline, order: this.#added++, task, index: this.#heap.length }
    this.#heap.push(timer)
    this.#up(timer)
    return () => this.#remove(timer)
  }

  /** Takes the first task whose deadline is `now` or earlier, for the caller to run. */
  take(now: Millis): (() => void) | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.deadline > now) return undefined
    this.#remove(first)
    return first.task
  }

  #remove(timer: Timer): void {
    const { index } = timer
    if (index < 0) return
    timer.index = -1
    const last = this.#heap.pop()!
    if (last === timer) return
    this.#put(last, index)
    this.#up(last)
    this.#down(last)
  }

  #up(timer: Timer): void {
    while (timer.index > 0) {
      const parent = this.#heap[(timer.index - 1) >> 1]!
      if (!before(timer, parent)) return
      this.#swap(timer, parent)
    }
  }

  #down(timer: Timer): void {
    for (;;) {
      const left = this.#heap[2 * timer.index + 1]
      const right = this.#heap[2 * timer.index + 2]
      if (left === undefined) return
      const child = right !== undefined && before(right, left) ? right : left
      if (!before(child, timer)) return
      this.#swap(child, timer)
    }
  }

  #swap(a: Timer, b: Timer): void {
    const { index } = a
    this.#put(a, b.index)
    this.#put(b, index)
  }

  #put(timer: Timer, index: number): void {
    this.#heap[index] = timer
    timer.index = index
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.deadline === b.deadline ? a.order < b.order : a.deadline < b.deadline
}
