/** How long a test waits for what comes by itself, as soon as it can: a bound against hanging, which says nothing of speed. */
import { setTimeout } from 'node:timers/promises'

/** Milliseconds, for one thing: no machine is so slow and so busy. */
export const PATIENCE_MS = 240_000

/** The same for programs, which count in seconds. */
export const PATIENCE_S: number = PATIENCE_MS / 1000

/** For the `timeout` of a test that waits for several. */
export const TEST_MS: number = 2 * PATIENCE_MS

const POLL_MS = 20

/** Waits until `isDone`, which nobody tells of. Where that never is, `what` tells a person of it. */
export async function until(what: () => string, isDone: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error(`not after ${PATIENCE_MS / 1000} s: ${what()}`)
    await setTimeout(POLL_MS)
  }
}
