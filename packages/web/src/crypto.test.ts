import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeded } from '@mirage/random/seeded'
import { type WebCrypto, cryptoOn } from './crypto.ts'

describe('crypto', () => {
  const ours = cryptoOn(seeded(1))

  it('fills integers of every size, in their place and nowhere else, and gives them back', () => {
    const whole = new Uint8Array(64)
    const part = new Uint32Array(whole.buffer, 16, 8)
    assert.equal(ours.getRandomValues(part), part)
    assert.ok(new Set(whole.subarray(16, 48)).size > 16)
    assert.deepEqual([...whole.subarray(0, 16), ...whole.subarray(48)], Array(32).fill(0))
    assert.notEqual(ours.getRandomValues(new BigInt64Array(1))[0], 0n)
  })

  it('gives UUIDs of version 4, each another', () => {
    const uuids = Array.from({ length: 64 }, () => ours.randomUUID())
    assert.equal(new Set(uuids).size, 64)
    for (const uuid of uuids)
      assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  for (const [name, web] of [
    ['ours', ours],
    ['of Node', crypto as unknown as WebCrypto],
  ] as const) {
    it(`refuses what are no integers, and too many (${name})`, () => {
      for (const wrong of [new Float64Array(1), new DataView(new ArrayBuffer(1)), [1]])
        assert.throws(() => web.getRandomValues(wrong as ArrayBufferView))
      assert.throws(() => web.getRandomValues(new Uint8Array(65_537)), { name: 'QuotaExceededError' })
      assert.equal(web.getRandomValues(new Uint8Array(65_536)).length, 65_536)
    })
  }
})
