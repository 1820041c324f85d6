import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Flow } from '@mirage/flow'
import { pipe } from '@mirage/flow/pipe'
import { err, ok } from '@mirage/result'
import { relay } from './relay.ts'

/** `near` talks to `far` through a relay whose pipes hold 4 bytes each. */
function relayed(): { near: Flow; far: Flow; ended: Promise<void> } {
  const [near, a] = pipe(4)
  const [far, b] = pipe(4)
  return { near, far, ended: relay(a, b) }
}

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7)

/** Everything that waits for nothing has happened. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i += 1) await Promise.resolve()
}

describe('a relay', () => {
  it('carries bytes both ways', async () => {
    const { near, far } = relayed()
    await near.write(Uint8Array.of(1, 2))
    await far.write(Uint8Array.of(3))
    assert.deepEqual(await far.read(), ok(Uint8Array.of(1, 2)))
    assert.deepEqual(await near.read(), ok(Uint8Array.of(3)))
  })

  it('holds a writer back while nobody reads', async () => {
    const { near, far } = relayed()
    let isWritten = false
    const write = near.write(bytes(20)).then(() => (isWritten = true))
    await settle()
    assert.equal(isWritten, false)
    for (let left = 20; left > 0; ) {
      const read = await far.read()
      assert.ok(read.ok && read.value !== 'eof')
      left -= read.value.length
    }
    await write
  })

  it('carries the end of one direction over and goes on with the other', async () => {
    const { near, far, ended } = relayed()
    near.shutdown()
    assert.deepEqual(await far.read(), ok('eof'))
    await far.write(Uint8Array.of(5))
    assert.deepEqual(await near.read(), ok(Uint8Array.of(5)))
    far.shutdown()
    assert.deepEqual(await near.read(), ok('eof'))
    await ended
  })

  it('carries a reset over, in either direction', async () => {
    for (const flip of [false, true]) {
      const { near, far, ended } = relayed()
      const [a, b] = flip ? [far, near] : [near, far]
      a.abort()
      assert.deepEqual(await b.read(), err('reset'))
      await ended
    }
  })

  it('resets a writer whose reader has gone', async () => {
    const { near, far, ended } = relayed()
    far.close()
    for (let i = 0; i < 3; i += 1) await near.write(bytes(4))
    assert.deepEqual(await near.write(bytes(4)), err('reset'))
    await ended
  })

  it('carries a reset over while both directions are held back', async () => {
    const { near, far, ended } = relayed()
    const writes = [near.write(bytes(50)), far.write(bytes(50))]
    await settle()
    near.abort()
    assert.deepEqual(await Promise.all(writes), [err('reset'), err('reset')])
    await ended
  })
})
