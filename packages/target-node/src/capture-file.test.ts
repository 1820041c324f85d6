import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { PATIENCE_MS } from '../../../test/patience.ts'
import { captureFile } from './capture-file.ts'

describe('the file of a recording', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirage-capture-file-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'file')

  it('has what was written, in its order, whatever the sizes', () => {
    const file = captureFile(openSync(path, 'w'), assert.fail)
    const sizes = [1, 0, 200_000, 100_000, 262_144, 262_145, 7]
    // The bytes are the writer's again at once.
    const scratch = new Uint8Array(Math.max(...sizes))
    for (const [index, size] of sizes.entries()) file.write(scratch.fill(index).subarray(0, size))
    file.close()
    const expected = sizes.map((size, index) => Buffer.alloc(size, index))
    assert.ok(readFileSync(path).equals(Buffer.concat(expected)))
  })

  it('has it before long without more being written', { timeout: PATIENCE_MS }, async () => {
    const file = captureFile(openSync(path, 'w'), assert.fail)
    file.write(Uint8Array.of(1, 2, 3))
    while (readFileSync(path).length === 0) await setTimeout(10)
    assert.deepEqual([...readFileSync(path)], [1, 2, 3])
    file.close()
  })

  const skip = existsSync('/dev/full') ? false : 'needs /dev/full'
  it('is complained of once where the disk is full, and takes whatever follows', { skip }, () => {
    const reasons: string[] = []
    const file = captureFile(openSync('/dev/full', 'w'), (reason) => reasons.push(reason))
    for (let i = 0; i < 10; i++) file.write(new Uint8Array(200_000))
    file.close()
    assert.deepEqual(reasons, ['ENOSPC: no space left on device'])
  })
})
