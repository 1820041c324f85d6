/** A relay joins two flows end to end, and carries their ends over as well: halves, and resets. */
import type { Flow } from '@mirage/flow'

/**
 * Carries what `a` reads to `b` and back, one chunk each way at a time: a slow reader holds its writer back.
 * Resolves when both directions have ended. An end in order is passed on in order, and the other direction goes
 * on; an error of either flow, or a reader that has gone, aborts the other one.
 */
export async function relay(a: Flow, b: Flow): Promise<void> {
  await Promise.all([carry(a, b), carry(b, a)])
  a.close()
  b.close()
}

async function carry(from: Flow, to: Flow): Promise<void> {
  for (;;) {
    const read = await from.read()
    if (!read.ok) return to.abort()
    if (read.value === 'eof') return to.shutdown()
    const written = await to.write(read.value)
    if (!written.ok) return from.abort()
  }
}
