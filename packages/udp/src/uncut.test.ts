import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { PLACES, Uncut } from './uncut.ts'

const A = of(10, 0, 0, 1)
const B = of(10, 0, 0, 2)
const SIX = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)

describe('datagrams that no router may cut', () => {
  it('are known by their destination, both ports, and sizes up to the largest', () => {
    const uncut = new Uncut(7)
    for (const dst of [A, SIX]) {
      uncut.add(dst, 65_535, 7, 1000)
      uncut.add(dst, 65_535, 7, 1500)
      uncut.add(dst, 65_535, 7, 9)
      assert.ok(uncut.has(dst, 65_535, 7, 1500))
      assert.ok(!uncut.has(dst, 65_535, 7, 1501))
      assert.ok(!uncut.has(dst, 65_535, 8, 1000))
      assert.ok(!uncut.has(dst, 65_534, 7, 1000))
      assert.ok(!uncut.has(dst, 7, 65_535, 1000))
    }
    assert.ok(!uncut.has(B, 65_535, 7, 1000))
    assert.ok(!uncut.has(ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 2), 65_535, 7, 1000))
    assert.ok(!new Uncut(7).has(A, 0, 0, 0))
  })

  it('are remembered of many ends, and of the last of those that have the same place', () => {
    const uncut = new Uncut(7)
    const count = (end: number): number => {
      let known = 0
      for (let port = 1; port <= end; port++) if (uncut.has(SIX, port, 9, 1300)) known++
      return known
    }
    for (let port = 1; port <= PLACES / 4; port++) uncut.add(SIX, port, 9, 1300)
    // By chance, 226 of 256 have a place of their own or are the last there.
    assert.ok(count(PLACES / 4) > 200, `${count(PLACES / 4)} of ${PLACES / 4}`)
    for (let port = 1; port <= 16 * PLACES; port++) uncut.add(SIX, port, 9, 1300)
    assert.ok(uncut.has(SIX, 16 * PLACES, 9, 1300))
    assert.ok(count(16 * PLACES) > 0.95 * PLACES && count(16 * PLACES) <= PLACES)
  })

  it('have other places for another secret', () => {
    const displaced = [1, 3, 5, 7, 9, 11, 13, 15].map((secret) => {
      const uncut = new Uncut(secret)
      for (let port = 1; port <= PLACES; port++) uncut.add(A, port, 9, 1300)
      return Array.from({ length: PLACES }, (_, i) => uncut.has(A, i + 1, 9, 1300)).join()
    })
    assert.equal(new Set(displaced).size, displaced.length)
  })

  it('share a place by chance alone, not by how their addresses and ports differ', () => {
    // Of both, the exclusive or is the same.
    const port = 5000 ^ (A ^ B)
    let displaced = 0
    for (let i = 1; i <= 100; i++) {
      const uncut = new Uncut(Math.imul(i, 0x9e37_79b1))
      uncut.add(A, 443, 5000, 1300)
      uncut.add(B, 443, port, 1300)
      if (!uncut.has(A, 443, 5000, 1300)) displaced++
    }
    assert.ok(displaced < 10, `${displaced} of 100`)
  })
})
