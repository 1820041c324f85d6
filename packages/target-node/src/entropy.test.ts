import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'node:test'
import { entropy, fromFile } from './entropy.ts'

describe('the entropy of the host', () => {
  it('is as many bytes as were asked for, and never the same', () => {
    const [one, other] = [entropy(1024), entropy(1024)]
    assert.equal(one.length, 1024)
    assert.notDeepEqual(one, other)
    assert.ok(new Set(one).size > 200)
  })

  it('is never what a file gives that is missing or too short', () => {
    assert.equal(fromFile('/nowhere/at/all', 1), undefined)
    assert.equal(fromFile(fileURLToPath(import.meta.url), 1_000_000), undefined)
  })
})
