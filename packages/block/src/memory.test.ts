import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ok } from '@mirage/result'
import { blockContract } from './contract.ts'
import { memory } from './memory.ts'

blockContract('memory', {
  block: async () => memory({ sectorCount: 8 }),
  readOnly: async () => memory({ sectorCount: 1, writable: false }),
})
blockContract('memory of 4096-byte sectors', {
  block: async () => memory({ sectorCount: 9, sectorSize: 4096 }),
})

describe('memory', () => {
  it('holds its content, and zeros after it', async () => {
    const block = memory({ sectorCount: 2, content: Uint8Array.of(1, 2, 3) })
    const buffer = new Uint8Array(1024).fill(9)
    assert.deepEqual(await block.read(0, [buffer]), ok(undefined))
    assert.deepEqual([...buffer.subarray(0, 4)], [1, 2, 3, 0])
    assert.ok(buffer.subarray(3).every((byte) => byte === 0))
  })

  it('throws on sectors of another size than a power of two from 512', () => {
    for (const sectorSize of [0, 256, 513, 1000]) assert.throws(() => memory({ sectorCount: 1, sectorSize }))
  })

  it('throws on content that does not fit', () => {
    assert.throws(() => memory({ sectorCount: 1, content: new Uint8Array(513) }))
  })
})
