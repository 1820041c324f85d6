/** Somebody on a link of a router, who says anything. */
import assert from 'node:assert/strict'
import type { ManualClock } from '@mirage/clock/manual'
import type { Net } from '@mirage/net'
import { repair } from './frames.ts'
import type { Inputs } from './inputs.ts'

/** A router's own timers, those of its two ordinary stacks, and one for what waits in its tables. */
const TIMERS_MAX = 100

/** Sends `frame` from `net`, mostly with right lengths and checksums, and lets time pass now and then. */
export function says(net: Net, frame: Uint8Array, inputs: Inputs, clock: ManualClock): void {
  if (inputs.below(8) > 0) repair(frame)
  net.write(frame.length, (bytes) => {
    bytes.set(frame)
    return frame.length
  })
  clock.advance(inputs.below(32) === 0 ? inputs.below(20_000) : 0)
  assert.ok(clock.pending <= TIMERS_MAX, `${clock.pending} timers`)
}
