import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import { SENT_MAX, Sent } from './sent.ts'

const A = of(10, 0, 0, 1)
const B = of(10, 0, 0, 2)

describe('what was sent', () => {
  it('is known by its destination and both ports', () => {
    const sent = new Sent()
    sent.add(A, 65_535, 7)
    assert.ok(sent.has(A, 65_535, 7))
    assert.ok(!sent.has(B, 65_535, 7))
    assert.ok(!sent.has(A, 65_534, 7))
    assert.ok(!sent.has(A, 65_535, 8))
    assert.ok(!sent.has(A, 7, 65_535))
  })

  it('is forgotten when as many as are remembered were sent after it', () => {
    const sent = new Sent()
    for (let i = 0; i < SENT_MAX; i++) sent.add(A, i, 7)
    assert.ok(sent.has(A, 0, 7))
    sent.add(A, 9999, 7)
    assert.ok(!sent.has(A, 0, 7))
    assert.ok(sent.has(A, 1, 7))
    assert.ok(sent.has(A, 9999, 7))
  })
})
