import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { Block } from '@mirage/block'
import { blockContract } from '@mirage/block/contract'
import { err, ok } from '@mirage/result'
import { connect, withoutFirst } from './block.ts'

const folder = mkdtempSync(join(tmpdir(), 'mirage-block-'))
const blocks: Block[] = []
after(() => {
  // The collector would close them, and complain.
  for (const block of blocks) block.disconnect()
  rmSync(folder, { recursive: true })
})
let files = 0

function file(size: number): string {
  const path = join(folder, String(files++))
  writeFileSync(path, new Uint8Array(size))
  return path
}

async function connected(path: string): Promise<Block> {
  const block = await connect({ path })
  assert.ok(block.ok)
  blocks.push(block.value)
  return block.value
}

async function readOnly(): Promise<Block> {
  const path = file(1024)
  chmodSync(path, 0o444)
  return connected(path)
}

// Permissions do not hold for root.
const isRoot = process.getuid?.() === 0
blockContract('a file as a disk', {
  block: () => connected(file(16 * 512)),
  ...(isRoot ? {} : { readOnly }),
})

describe('a file as a disk', () => {
  it('keeps what was written when it is connected again', async () => {
    const path = file(1024)
    const first = await connected(path)
    await first.write(1, [new Uint8Array(512).fill(7)])
    await first.flush()
    first.disconnect()
    const buffer = new Uint8Array(512)
    assert.deepEqual(await (await connected(path)).read(1, [buffer]), ok(undefined))
    assert.deepEqual(buffer, new Uint8Array(512).fill(7))
  })

  it('moves more buffers than the host takes at once', async () => {
    const block = await connected(file(1500 * 512))
    const buffers = Array.from({ length: 1500 }, (_, i) => new Uint8Array(512).fill(i))
    assert.deepEqual(await block.write(0, buffers), ok(undefined))
    const read = buffers.map(() => new Uint8Array(512))
    await block.read(0, read)
    assert.ok(Buffer.concat(read).equals(Buffer.concat(buffers)))
  })

  it('goes on in the middle of a buffer where the host stops there', () => {
    const buffers = [Uint8Array.of(1, 2), Uint8Array.of(3, 4, 5), Uint8Array.of(6)]
    const left = (count: number): number[] => withoutFirst(buffers, count).flatMap((each) => [...each])
    assert.deepEqual([left(0), left(2), left(3), left(6)], [[1, 2, 3, 4, 5, 6], [3, 4, 5, 6], [4, 5, 6], []])
  })

  it('fails to read what the host has cut off', async () => {
    const path = file(1024)
    const block = await connected(path)
    truncateSync(path, 700)
    assert.deepEqual(await block.read(0, [new Uint8Array(1024)]), err('io'))
  })

  const refused: [what: string, path: () => string, reason: RegExp][] = [
    ['there is no file', () => join(folder, 'nothing'), /^there is no file .*nothing$/],
    ['it is a folder', () => folder, /EISDIR/],
    ['it has half a sector', () => file(700), /has 700 bytes, which is no whole number of sectors of 512$/],
    ['it is empty', () => file(0), /has 0 bytes/],
  ]
  for (const [what, path, reason] of refused) {
    it(`says so where ${what}`, async () => {
      const block = await connect({ path: path() })
      assert.match(block.ok ? '' : block.error, reason)
    })
  }
})
