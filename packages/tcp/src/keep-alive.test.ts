import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { next } from './keep-alive.ts'

const config = { after: 7_200_000, interval: 75_000, probes: 9 }

/** Asks again whenever `next` says so, from `silence` on: how many probes there were, and when it closed. */
function run(silence: number): { probes: number; closedAt: number } {
  let probesSent = 0
  let probes = 0
  for (let at = silence; ; ) {
    const step = next(config, at, probesSent)
    if (step.kind === 'close') return { probes, closedAt: at }
    if (step.kind === 'wait') at += step.duration
    else {
      probes += 1
      probesSent = step.probesSent
    }
  }
}

describe('keep-alive', () => {
  it('sends nine probes, the first one interval after the silence, and closes one interval after the last', () => {
    assert.deepEqual(next(config, 7_275_000, 0), { kind: 'probe', probesSent: 1 })
    assert.deepEqual(run(0), { probes: 9, closedAt: 7_200_000 + 10 * 75_000 })
  })

  it('skips probes that were due while nobody looked', () => {
    assert.deepEqual(run(7_200_000 + 2 * 75_000), { probes: 8, closedAt: 7_200_000 + 10 * 75_000 })
  })

  it('closes without a probe after a massive delay', () => {
    assert.equal(run(100 * 7_200_000).probes, 0)
  })

  it('waits for what is left of the silence', () => {
    assert.deepEqual(next(config, 1000, 5), { kind: 'wait', duration: 7_199_000 })
  })
})
