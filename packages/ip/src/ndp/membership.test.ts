import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { hex } from '@mirage/bytes/hex'
import { LINUX } from '../ipv6/testing/linux.ts'
import * as membership from './membership.ts'

const GROUP = ipv6.of(0xff02, 0, 0, 0, 0, 1, 0xff00, 2)

/** A query with this response code, behind two other bytes. */
function ask(state: membership.Membership, code: string, chance: number): void {
  const query = hex(`eeee 82000000 ${code} 0000 ${'00'.repeat(16)} 00000000`)
  membership.queried(state, query, 2, query.length, 1000, chance)
}

describe('membership of groups', () => {
  it('is reported as Linux does', () => {
    const expected = LINUX.report.slice(48)
    expected.fill(0, 2, 4)
    const bytes = new Uint8Array(membership.sizeOf(1))
    membership.emit(bytes, 0, 4, [GROUP])
    assert.deepEqual(bytes, expected)
  })

  it('is told twice where it changes', () => {
    const state = membership.create()
    assert.equal(membership.tick(state, 1e9, 0.5), undefined)
    membership.joined(state, 100)
    assert.equal(membership.tick(state, 100, 0.5), 4)
    assert.equal(membership.tick(state, 599, 0.5), undefined)
    assert.equal(membership.tick(state, 600, 0.5), 4)
    assert.equal(state.deadline, Infinity)
  })

  it('is told to who asks, within the time that is given', () => {
    const state = membership.create()
    ask(state, '03e8', 0.5)
    assert.equal(state.deadline, 1500)
    ask(state, '03e8', 0.9)
    assert.equal(membership.tick(state, 1500, 0), 2)
    assert.equal(state.deadline, Infinity)
    // RFC 3810 §5.1.3: a mantissa of 0x1678 and an exponent of 2.
    ask(state, 'a678', 1)
    assert.equal(state.deadline, 1000 + 0x1678 * 32)
  })

  it('is not told to who asks in too few bytes', () => {
    const state = membership.create()
    membership.queried(state, new Uint8Array(23), 0, 23, 0, 0)
    assert.equal(state.deadline, Infinity)
  })
})
