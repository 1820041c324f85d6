import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Ipv4, of } from '@mirage/address/ipv4'
import { BYTES_MAX, BYTES_TOTAL_MAX, HOPS_MAX, PACKETS_MAX, Waiting } from './waiting.ts'

function hop(i: number): Ipv4 {
  return of(10, 0, 0, i)
}

/** Adds a packet of `size` bytes if there is room, and says whether there was. */
function add(waiting: Waiting, i: number, size: number): boolean {
  if (!waiting.hasRoom(hop(i), size)) return false
  waiting.add(hop(i), { dst: hop(i), bytes: new Uint8Array(size), offload: undefined, lost: undefined })
  return true
}

describe('packets that wait for a neighbour', () => {
  it('are so many, and so many bytes', () => {
    const waiting: Waiting = new Waiting()
    assert.ok(add(waiting, 1, BYTES_MAX - 1))
    assert.ok(!add(waiting, 1, 2))
    assert.ok(add(waiting, 1, 1))
    assert.equal(waiting.take(hop(1)).length, 2)
    for (let i = 0; i < PACKETS_MAX; i++) assert.ok(add(waiting, 2, 1))
    assert.ok(!add(waiting, 2, 1))
  })

  it('have one too many in front of them when they wait for more neighbours than may be', () => {
    const waiting: Waiting = new Waiting()
    for (let i = 0; i < HOPS_MAX; i++) assert.ok(add(waiting, i, 1))
    assert.equal(waiting.excess(hop(HOPS_MAX - 1)), undefined)
    assert.ok(add(waiting, HOPS_MAX, 1))
    assert.equal(waiting.excess(hop(HOPS_MAX)), hop(0))
    waiting.take(hop(0))
    assert.equal(waiting.excess(hop(HOPS_MAX)), undefined)
  })

  it('have one too many in front of them when there are too many bytes, and it is not their own neighbour', () => {
    const waiting: Waiting = new Waiting()
    assert.ok(add(waiting, 1, 1))
    for (let i = 2; i <= 1 + BYTES_TOTAL_MAX / BYTES_MAX; i++) assert.ok(add(waiting, i, BYTES_MAX))
    assert.equal(waiting.excess(hop(1)), hop(2))
    assert.equal(waiting.excess(hop(2)), hop(1))
    waiting.take(hop(2))
    assert.equal(waiting.excess(hop(1)), undefined)
  })
})
