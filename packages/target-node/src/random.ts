/** The random generator of a Node process: Fortuna, seeded and fed by the host's. */
import type { Random } from '@mirage/random'
import { EVENT_SIZE_MAX, Fortuna, POOL_COUNT } from '@mirage/random/fortuna'
import { type Result, ok } from '@mirage/result'
import { clock } from './clock.ts'
import { entropy } from './entropy.ts'

const SEED_SIZE = 64
/** Milliseconds between two rounds of the pools: pool 0 is ready for a reseed after two of them. */
const FEED_INTERVAL = 1000
/** The number of the host among the sources of entropy. */
const HOST = 0

/** A generator that is fed until it is disconnected. */
export interface NodeRandom extends Random {
  disconnect(): void
}

/** A generator that is seeded and can be used at once. */
export function connect(): Result<NodeRandom, string> {
  const fortuna = new Fortuna(() => clock.now())
  fortuna.seed(entropy(SEED_SIZE))
  const feeding = setInterval(() => feed(fortuna), FEED_INTERVAL)
  // What feeds the generator is no reason for the process to go on.
  feeding.unref()
  return ok({ generate: (count) => fortuna.generate(count), disconnect: () => clearInterval(feeding) })
}

/** One event for every pool: 24 µs. */
function feed(fortuna: Fortuna): void {
  const events = entropy(POOL_COUNT * EVENT_SIZE_MAX)
  for (let offset = 0; offset < events.length; offset += EVENT_SIZE_MAX) {
    fortuna.add(HOST, events.subarray(offset, offset + EVENT_SIZE_MAX))
  }
}
