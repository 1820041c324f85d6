import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TEST_MS } from '../patience.ts'
import { digestOf } from './content.ts'
import { links } from './links.ts'
import { missing } from './linux-host.ts'
import { transfer } from './transfer.ts'

/** Enough for slow start, losses and a full window; `npm run test:interop` sends all of it, and compares speeds. */
const LENGTH = 500_000

describe('transfers between this stack and the kernel', { skip: missing(), concurrency: 4 }, () => {
  for (const [seed, link] of links.entries()) {
    for (const pairing of ['linux to ours', 'ours to linux'] as const) {
      it(`arrive whole, ${pairing}, over a link with ${link.name}`, { timeout: TEST_MS }, async () => {
        const amount = { length: LENGTH, seed }
        const { length, digest } = await transfer(pairing, link, amount)
        assert.equal(length, LENGTH)
        assert.equal(digest, digestOf(LENGTH, seed))
      })
    }
  }
})
