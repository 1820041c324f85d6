/**
 * Time as a unikernel sees it: a monotonic clock for deadlines, a wall clock for dates, and timers.
 *
 * Protocol cores never hold a clock: they are told the time. Shells are handed one, so that a simulation
 * can hand them another.
 */

/** A duration, or an instant of the monotonic clock: milliseconds, with fractions. */
export type Millis = number

/** An instant of the wall clock, to the precision of the store or the host that knows it. */
export interface WallTime {
  /** Days since 1970-01-01 UTC; negative before. */
  readonly days: number
  /** Picoseconds into that day: 0n to 86_399_999_999_999_999n. Never negative, also before 1970. */
  readonly picoseconds: bigint
}

/** What tells the time and runs tasks when it has come. */
export interface Clock {
  /** Time since an instant that stays the same while the unikernel runs. Never decreases. */
  now(): Millis

  /** The date. It may jump: the host, or a person, may set it. */
  wall(): WallTime

  /** Seconds to add to UTC for local time, where the target knows; `undefined` where it does not. */
  timezoneOffset(): number | undefined

  /**
   * Runs `task` once, at `deadline` or as soon after as possible, never before and never inside this call.
   * A deadline that has passed means "as soon as what runs now is over". Tasks run in the order of their
   * deadlines, and in the order of these calls where deadlines are equal. The returned function forgets the
   * task if it has not run; calling it later, or twice, does nothing.
   */
  at(deadline: Millis, task: () => void): Cancel
}

/** Forgets a task that has not run; calling it later, or twice, does nothing. */
export type Cancel = () => void

/** Resolves `duration` from now, never earlier. */
export function sleep(clock: Clock, duration: Millis): Promise<void> {
  return new Promise((resolve) => {
    clock.at(clock.now() + duration, resolve)
  })
}

const PICOSECONDS_PER_MS = 1_000_000_000n
const MS_PER_DAY = 86_400_000

/** Milliseconds since 1970-01-01 UTC, whole: what `Date` counts. */
export function toEpochMs(time: WallTime): number {
  return time.days * MS_PER_DAY + Number(time.picoseconds / PICOSECONDS_PER_MS)
}

/** The instant `ms` whole milliseconds after 1970-01-01 UTC, or before it where `ms` is negative. */
export function fromEpochMs(ms: number): WallTime {
  const days = Math.floor(ms / MS_PER_DAY)
  return { days, picoseconds: BigInt(ms - days * MS_PER_DAY) * PICOSECONDS_PER_MS }
}

/** Negative if `a` is earlier than `b`, zero if they are the same instant, positive if later. */
export function compare(a: WallTime, b: WallTime): number {
  if (a.days !== b.days) return a.days - b.days
  if (a.picoseconds === b.picoseconds) return 0
  return a.picoseconds < b.picoseconds ? -1 : 1
}
