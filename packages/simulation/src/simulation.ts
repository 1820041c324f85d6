/**
 * A world on virtual time, in which a seed decides whatever is free.
 *
 * Everything in it takes its time from one of the simulation's clocks and its randomness from one of its
 * streams. Nothing waits: time jumps to the next deadline. With the same seed the same things happen in the
 * same order, which the trace's digest proves.
 */
import type { Cancel, Clock, Millis, WallTime } from '@mirage/clock'
import { fromEpochMs } from '@mirage/clock'
import { Timers } from '@mirage/clock/timers'
import { type Random, below } from '@mirage/random'
import { assert } from '@mirage/result'
import { stream } from './stream.ts'
import { Trace } from './trace.ts'

/** 2019-02-26T00:00:00Z: the date on which every simulation begins. */
export const EPOCH_MS = 1_551_139_200_000

/** More tasks than this without time passing are taken for tasks that wake each other for ever. */
const TASKS_PER_INSTANT_MAX = 1_000_000

/** A world, its time and its randomness. */
export interface Simulation {
  readonly seed: number
  readonly trace: Trace

  /** Virtual time since the simulation began. */
  now(): Millis

  /**
   * The clock of this name: one for each thing that would have its own in the real world. They all tell the same
   * time. Tasks of one clock run in the order that `Clock` promises; which of two clocks is first, where both
   * have something due, the seed decides anew each time.
   */
  clock(name: string): Clock

  /** A stream of its own for each name: what draws from one does not disturb another. */
  random(name: string): Random

  /**
   * Lets things happen until `work` is done, and resolves to what it came to. Throws if nothing is left to happen
   * before it is, and if it is not done after `limit` of virtual time, an hour unless told.
   */
  run<T>(work: Promise<T>, limit?: Millis): Promise<T>

  /** Lets `duration` of virtual time pass, and everything happen that falls into it. */
  pass(duration: Millis): Promise<void>
}

/**
 * `settle` resolves when every promise continuation that could run has run. The language has no word for this:
 * on Node it is `setImmediate` of `node:timers/promises`.
 */
export function simulate(seed: number, settle: () => Promise<unknown>): Simulation {
  return new World(seed, settle)
}

const HOUR: Millis = 3_600_000

class World implements Simulation {
  readonly seed: number
  readonly trace: Trace = new Trace()
  readonly #settle: () => Promise<unknown>
  readonly #schedule: Random
  readonly #clocks: Map<string, VirtualClock> = new Map()
  readonly #streams: Map<string, Random> = new Map()
  #now: Millis = 0
  #isRunning = false

  constructor(seed: number, settle: () => Promise<unknown>) {
    this.seed = seed
    this.#settle = settle
    this.#schedule = stream(seed, 'the order of clocks')
  }

  now(): Millis {
    return this.#now
  }

  clock(name: string): Clock {
    let clock = this.#clocks.get(name)
    if (clock === undefined) this.#clocks.set(name, (clock = new VirtualClock(this, name)))
    return clock
  }

  random(name: string): Random {
    let found = this.#streams.get(name)
    if (found === undefined) this.#streams.set(name, (found = stream(this.seed, name)))
    return found
  }

  async run<T>(work: Promise<T>, limit: Millis = HOUR): Promise<T> {
    const state = { isDone: false }
    const finish = (): void => void (state.isDone = true)
    work.then(finish, finish)
    const end = this.#now + limit
    await this.#exclusively(async () => {
      await this.#settle()
      while (!state.isDone) {
        const next = this.#deadline()
        if (next === Infinity)
          throw new Error(`nothing is left to happen at ${this.#now} ms, seed ${this.seed}`)
        if (next > end) throw new Error(`not done after ${limit} ms, seed ${this.seed}`)
        await this.#instant(next)
      }
    })
    return work
  }

  async pass(duration: Millis): Promise<void> {
    const end = this.#now + duration
    await this.#exclusively(async () => {
      await this.#settle()
      for (let next = this.#deadline(); next <= end; next = this.#deadline()) await this.#instant(next)
    })
    this.#now = end
  }

  async #exclusively(happen: () => Promise<void>): Promise<void> {
    assert(!this.#isRunning, 'time passes for one caller at a time')
    this.#isRunning = true
    try {
      await happen()
    } finally {
      this.#isRunning = false
    }
  }

  /** Runs everything that is due at `instant` or earlier, and then what the promises that it resolved ask for. */
  async #instant(instant: Millis): Promise<void> {
    this.#now = Math.max(this.#now, instant)
    let tasks = 0
    do {
      for (let clock = this.#choose(); clock !== undefined; clock = this.#choose()) {
        assert(++tasks <= TASKS_PER_INSTANT_MAX, 'tasks do not wake each other for ever in one instant')
        this.trace.add(this.#now, clock.name)
        clock.timers.take(this.#now)!()
      }
      await this.#settle()
    } while (this.#deadline() <= this.#now)
  }

  /** One of the clocks that have something due. */
  #choose(): VirtualClock | undefined {
    const due: VirtualClock[] = []
    for (const clock of this.#clocks.values()) if (clock.deadline <= this.#now) due.push(clock)
    return due.length < 2 ? due[0] : due[below(this.#schedule, due.length)]
  }

  #deadline(): Millis {
    let earliest = Infinity
    for (const clock of this.#clocks.values()) earliest = Math.min(earliest, clock.deadline)
    return earliest
  }
}

class VirtualClock implements Clock {
  readonly name: string
  readonly timers: Timers = new Timers()
  readonly #world: World

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
  }

  get deadline(): Millis {
    return this.timers.deadline ?? Infinity
  }

  now(): Millis {
    return this.#world.now()
  }

  wall(): WallTime {
    return fromEpochMs(EPOCH_MS + Math.floor(this.#world.now()))
  }

  timezoneOffset(): number | undefined {
    return undefined
  }

  at(deadline: Millis, task: () => void): Cancel {
    return this.timers.add(deadline, task)
  }
}
