/** The random generator of an image: Fortuna, seeded and fed by the processor and by whoever started the image. */
import type { Clock } from '@mirage/clock'
import type { Random } from '@mirage/random'
import { EVENT_SIZE_MAX, Fortuna, POOL_COUNT } from '@mirage/random/fortuna'
import { type Result, err, ok } from '@mirage/result'
import { clock } from './clock.ts'
import { type Solo5, solo5 } from './solo5.ts'

const SEED_SIZE = 64
/** Milliseconds between two rounds of the pools. A round is 0.1 ms, and wakes a unikernel that is idle. */
const FEED_INTERVAL = 10_000
/** The numbers of the sources of entropy: what the engine gives, and when a timer fired. */
const [GIVEN, TIMING] = [0, 1]

/** A generator that is fed until it is disconnected. */
export interface Solo5Random extends Random {
  disconnect(): void
}

/** A generator that can be used at once; or no generator, where nothing is random. */
export function connect(): Result<Solo5Random, string> {
  return seeded(solo5(), clock())
}

/** The same for an engine of your own. */
export function seeded(platform: Solo5, itsClock: Clock): Result<Solo5Random, string> {
  const seed = new Uint8Array(SEED_SIZE)
  if (platform.entropy(seed) < SEED_SIZE) {
    const sources = platform.sources.length === 0 ? 'none' : platform.sources.join(', ')
    return err(`there is not enough randomness to begin with (sources: ${sources}); a unikernel needs some`)
  }
  const fortuna = new Fortuna(() => itsClock.now())
  fortuna.seed(seed)
  seed.fill(0)
  const next = (): (() => void) => itsClock.at(itsClock.now() + FEED_INTERVAL, fed)
  const fed = (): void => {
    feed(fortuna, platform)
    cancel = next()
  }
  let cancel = next()
  return ok({ generate: (count) => fortuna.generate(count), disconnect: () => cancel() })
}

/** One event of each source for every pool, as far as there is randomness. */
function feed(fortuna: Fortuna, platform: Solo5): void {
  const events = new Uint8Array(POOL_COUNT * EVENT_SIZE_MAX)
  const count = platform.entropy(events)
  for (let offset = 0; offset + EVENT_SIZE_MAX <= count; offset += EVENT_SIZE_MAX) {
    fortuna.add(GIVEN, events.subarray(offset, offset + EVENT_SIZE_MAX))
  }
  fortuna.add(TIMING, new Uint8Array(Float64Array.of(platform.clockMonotonic()).buffer))
}
