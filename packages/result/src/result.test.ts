import nodeAssert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assert, done, err, ok, unreachable } from './result.ts'

describe('result', () => {
  it('tells success from failure by `ok`', () => {
    nodeAssert.deepEqual(ok(1), { ok: true, value: 1 })
    nodeAssert.deepEqual(err('busy'), { ok: false, error: 'busy' })
    nodeAssert.deepEqual(done, ok(undefined))
  })

  it('shares a success that nobody can change', () => {
    nodeAssert.throws(() => Object.assign(done, { ok: false }))
  })

  it('stops at a broken invariant, naming it', () => {
    assert(true, 'holds')
    nodeAssert.throws(() => assert(false, 'una <= nxt'), /broken invariant: una <= nxt/)
  })

  it('stops at a case that the types exclude', () => {
    nodeAssert.throws(() => unreachable('new-case' as never), /unreachable: "new-case"/)
  })
})
