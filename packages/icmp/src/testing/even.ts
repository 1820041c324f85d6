/** Randomness that is none. */
import type { Random } from '@mirage/random'

/** Its bytes are ones: of three costs of an error, it chooses the one in the middle, so that tests can count errors. */
export const even: Random = { generate: (count) => new Uint8Array(count).fill(1) }
