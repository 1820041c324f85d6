/** Plans with names: what the network scenarios are run over. */
import type { Faults } from './faults.ts'

/** Carries every frame at once. */
export const BASIC: Faults = {}

/** A wide area on a bad day: 1 % lost, 5 % overtaken, 2 % twice, and up to 20 ms of jitter. */
export const BAD_DAY: Faults = { loss: 0.01, reorder: 0.05, duplicate: 0.02, jitter: 20 }

/** Up to ten bytes of rubbish after every frame. */
export const TRAILING_BYTES: Faults = { trailing: 10 }

/** Every hundredth frame, whatever it carries. */
export const UNIFORM_LOSS: Faults = { loss: 0.01 }

/** Every tenth frame that has no room for a payload: acknowledgements, mostly. */
export const UNIFORM_NO_PAYLOAD_LOSS: Faults = { loss: 0.1, lossSizeMax: 100 }

/** Every hundredth frame has one bit that is wrong. */
export const UNIFORM_CORRUPTION: Faults = { corrupt: 0.01 }

/** Nothing arrives for a second once a megabyte was sent. */
export const PAUSE_AFTER_A_MEGABYTE: Faults = { pause: { afterBytes: 1_000_000, duration: 1000 } }

/** Nothing arrives: a switch that is off, for as long as the plan is set. */
export const OFF: Faults = { loss: 1 }

/** A link further on carries frames with at most `mtu` bytes of payload, and says nothing about the others. */
export function mtuEnforced(mtu: number): Faults {
  return { sizeMax: mtu + 14 }
}
