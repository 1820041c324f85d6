import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { missing, pathOf } from './files.ts'

describe("the engine's allocator", { skip: missing('heap-check') }, () => {
  for (const seed of ['1', '2', '3']) {
    it(`keeps every block apart and whole, and gets all of them back: seed ${seed}`, () => {
      const { status, stdout, stderr } = spawnSync(pathOf('heap-check'), [seed, '200000'], {
        encoding: 'utf8',
      })
      assert.equal(stderr, '')
      assert.match(stdout, /^40\d\d pages/)
      assert.equal(status, 0)
    })
  }
})
