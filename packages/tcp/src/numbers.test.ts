import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import { Numbers, PORT_MIN } from './numbers.ts'

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i)
const ENDS = {
  localAddr: ipv4.of(10, 0, 0, 1),
  localPort: 80,
  remoteAddr: ipv4.of(10, 0, 0, 2),
  remotePort: 4000,
}

describe('initial sequence numbers (RFC 6528)', () => {
  it('are M + the low word of SipHash-2-4 of both ends', () => {
    // Of 0a000001 0a000002 0050 0fa0: openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f -macopt size:8 SIPHASH
    assert.equal(new Numbers(KEY).initialSequence(ENDS, 0), 0xa40b_bebc | 0)
  })

  it('count in steps of 4 microseconds for one pair of ends', () => {
    const numbers = new Numbers(KEY)
    const first = numbers.initialSequence(ENDS, 1000)
    assert.equal((numbers.initialSequence(ENDS, 1000.004) - first) | 0, 1)
    assert.equal((numbers.initialSequence(ENDS, 2000) - first) | 0, 250_000)
  })

  it('have nothing in common for another peer, or another key', () => {
    const of = (key: Uint8Array, remotePort: number): number =>
      new Numbers(key).initialSequence({ ...ENDS, remotePort }, 0)
    const all = new Set([of(KEY, 4000), of(KEY, 4001), of(KEY.slice().fill(1), 4000)])
    assert.equal(all.size, 3)
  })
})

describe('local ports (RFC 6056)', () => {
  it('are each tried once, from a place of their own for every peer', () => {
    const tried = new Set<number>()
    const numbers = new Numbers(KEY)
    const isFree = (port: number): boolean => {
      assert.ok(port >= PORT_MIN && port <= 65_535)
      tried.add(port)
      return false
    }
    assert.equal(numbers.localPort(ENDS.localAddr, ENDS.remoteAddr, 3, isFree), undefined)
    assert.equal(tried.size, 65_536 - PORT_MIN)
    const first = (remoteAddr: ipv4.Ipv4): number | undefined =>
      new Numbers(KEY).localPort(ENDS.localAddr, remoteAddr, 3, () => true)
    assert.notEqual(first(ENDS.remoteAddr), first(ipv4.of(10, 0, 0, 4)))
  })

  it('are from a port on that may be set', () => {
    const tried = new Set<number>()
    const numbers = new Numbers(KEY)
    numbers.localPort(ENDS.localAddr, ENDS.remoteAddr, 3, () => true)
    numbers.portMin = 49_152
    assert.equal(
      numbers.localPort(ENDS.localAddr, ENDS.remoteAddr, 3, (port) => !tried.add(port)),
      undefined,
    )
    assert.deepEqual([Math.min(...tried), Math.max(...tried), tried.size], [49_152, 65_535, 16_384])
  })

  it('differ from one connection to the next', () => {
    const numbers = new Numbers(KEY)
    assert.notEqual(
      numbers.localPort(ENDS.localAddr, ENDS.remoteAddr, 3, () => true),
      numbers.localPort(ENDS.localAddr, ENDS.remoteAddr, 3, () => true),
    )
  })
})
