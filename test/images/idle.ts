/** What something that waits costs the host. */
import { setTimeout } from 'node:timers/promises'

/** Times that are looked at, at most: something may have happened in one, for which it did not ask. */
const TRIES = 4

/** The least share of a processor that `processorMs`, a count, has grown by in one of some times of `duration` ms. */
export async function idleShare(
  processorMs: () => number,
  duration: number,
  isEnough: (share: number) => boolean,
): Promise<number> {
  let least = Infinity
  for (let tries = 0; tries < TRIES && !isEnough(least); tries++) {
    const [before, begun] = [processorMs(), performance.now()]
    await setTimeout(duration)
    least = Math.min(least, (processorMs() - before) / (performance.now() - begun))
  }
  return least
}
