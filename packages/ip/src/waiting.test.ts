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
  it('are so many bytes for one, and so many for all of them', () => {
    const waiting: Waiting = new Waiting()
    assert.ok(add(waiting, 1, BYTES_MAX - 1))
    assert.ok(!add(waiting, 1, 2))
    assert.ok(add(waiting, 1, 1))
    for (let i = 2; i <= BYTES_TOTAL_MAX / BYTES_MAX; i++) assert.ok(add(waiting, i, BYTES_MAX))
    assert.ok(!add(waiting, 9, 1))
    assert.equal(waiting.take(hop(1)).length, 2)
    assert.ok(add(waiting, 9, BYTES_MAX))
    assert.deepEqual([add(waiting, 10, 1), waiting.take(hop(10))], [false, []])
  })

  it('are so many, for so many neighbours', () => {
    const waiting: Waiting = new Waiting()
    for (let i = 0; i < HOPS_MAX; i++) assert.ok(add(waiting, i, 1))
    assert.ok(!add(waiting, HOPS_MAX, 1))
    for (let i = 1; i < PACKETS_MAX; i++) assert.ok(add(waiting, 0, 1))
    assert.ok(!add(waiting, 0, 1))
  })
})
