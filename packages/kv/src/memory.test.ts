import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fromEpochMs } from '@mirage/clock'
import { hex } from '@mirage/bytes/hex'
import * as utf8 from '@mirage/bytes/utf8'
import { err, ok } from '@mirage/result'
import { kvContract } from './contract.ts'
import * as Key from './key.ts'
import { memory } from './memory.ts'
import { DEPTH_MAX } from './tree.ts'

let ms = 1_700_000_000_000
const clock = { wall: () => fromEpochMs(ms++) }

kvContract('memory', async () => ({ kv: memory({ clock }), wall: clock.wall }))

describe('memory', () => {
  const v = Key.parse('/v')

  it('digests a value by SHA-256 of its bytes', async () => {
    const kv = memory({ clock })
    await kv.set(v, utf8.encode('abc'))
    // FIPS 180-2, appendix B.1.
    const expected = hex('ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad')
    assert.deepEqual(await kv.digest(v), ok(expected))
  })

  it('refuses what does not fit, and takes it again once there is room', async () => {
    const kv = memory({ clock, sizeMax: 10 })
    assert.deepEqual(await kv.set(v, new Uint8Array(10)), ok(undefined))
    assert.deepEqual(await kv.set(Key.parse('/w'), new Uint8Array(1)), err({ kind: 'no-space' }))
    assert.deepEqual(await kv.setPartial(v, 10, new Uint8Array(1)), err({ kind: 'no-space' }))
    assert.deepEqual(await kv.set(v, new Uint8Array(9)), ok(undefined))
    assert.deepEqual(await kv.set(Key.parse('/d/w'), new Uint8Array(1)), ok(undefined))
    await kv.rename(v, Key.parse('/d/w'))
    assert.deepEqual(await kv.set(v, new Uint8Array(1)), ok(undefined))
    await kv.remove(Key.parse('/d'))
    assert.deepEqual(await kv.set(Key.parse('/x'), new Uint8Array(9)), ok(undefined))
  })

  it('takes a batch that fills it to the last byte', async () => {
    const kv = memory({ clock, sizeMax: 10 })
    assert.deepEqual(await kv.batch((view) => view.set(v, new Uint8Array(10))), ok(undefined))
  })

  it('refuses batches that fit alone and not together', async () => {
    const kv = memory({ clock, sizeMax: 10 })
    const result = await kv.batch(async (view) => {
      await view.set(v, new Uint8Array(6))
      await kv.set(Key.parse('/w'), new Uint8Array(6))
      return ok(undefined)
    })
    assert.deepEqual(result, err({ kind: 'no-space' }))
    assert.deepEqual(await kv.exists(v), ok(undefined))
  })

  it('refuses keys of more segments than its walks are deep', async () => {
    const kv = memory({ clock })
    const deepest = Key.parse('/d'.repeat(DEPTH_MAX))
    const deeper = Key.parse('/d'.repeat(DEPTH_MAX + 1))
    assert.deepEqual(await kv.set(deeper, new Uint8Array(0)), err({ kind: 'bad-key', key: deeper }))
    assert.deepEqual(await kv.set(deepest, new Uint8Array(0)), ok(undefined))
    assert.deepEqual(await kv.rename(Key.parse('/d'), v), ok(undefined))
    const tooDeep = Key.parse('/x/y')
    assert.deepEqual(await kv.rename(v, tooDeep), err({ kind: 'bad-key', key: tooDeep }))
    assert.ok((await kv.digest(Key.empty)).ok)
  })
})
