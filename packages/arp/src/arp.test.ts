import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import { local } from '@mirage/address/mac'
import { manual } from '@mirage/clock/manual'
import { connect as ethernet } from '@mirage/ethernet'
import { pair } from '@mirage/net/pair'
import { err, ok } from '@mirage/result'
import { type Arp, connect } from './arp.ts'

const A = of(10, 0, 0, 1)
const B = of(10, 0, 0, 2)

function rig(): { a: Arp; b: Arp; clock: ReturnType<typeof manual>; cable: ReturnType<typeof pair> } {
  const clock = manual()
  const cable = pair({ clock })
  const a = connect({ ethernet: ethernet(cable.a), clock })
  const b = connect({ ethernet: ethernet(cable.b), clock })
  return { a, b, clock, cable }
}

describe('arp on a link', () => {
  it('resolves a neighbour', async () => {
    const { a, b, clock } = rig()
    a.add(A)
    b.add(B)
    const answer = a.query(B)
    assert.equal(a.lookup(B), undefined)
    clock.advance(0)
    assert.deepEqual(await answer, ok(local(2)))
    assert.equal(a.lookup(B), local(2))
  })

  it('gives up after nine seconds', async () => {
    const { a, clock } = rig()
    const answer = a.query(B)
    clock.advance(9000)
    assert.deepEqual(await answer, err('timeout'))
    assert.equal(clock.pending, 0)
  })
})
