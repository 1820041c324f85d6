import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BROADCAST, of } from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import * as fc from 'fast-check'
import * as checksum from './checksum.ts'
import { hex } from './hex.ts'

/** RFC 1071 §1 word by word, without care for speed. */
function plain(bytes: Uint8Array, sum: number): number {
  let total = sum
  for (let i = 0; i < bytes.length; i++) total += bytes[i]! * (i % 2 === 0 ? 256 : 1)
  while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000)
  return 0xffff - total
}

describe('checksum', () => {
  it('is the example of RFC 1071 §3', () => {
    const bytes = hex('0001 f203 f4f5 f6f7')
    assert.equal(checksum.of(bytes, 0, 8), 0xffff - 0xddf2)
  })

  it('is zero over an IPv4 header that arrived intact', () => {
    // From a capture: 172.16.10.99 to 172.16.10.12.
    const header = hex('4500 003c 1c46 4000 4006 b1e6 ac10 0a63 ac10 0a0c')
    assert.equal(checksum.of(header, 0, 20), 0)
    assert.equal(checksum.of(hex('4500 003c 1c46 4000 4006 0000 ac10 0a63 ac10 0a0c'), 0, 20), 0xb1e6)
  })

  it('is the same for all bytes, lengths and places in memory', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.nat(7),
        fc.nat(7),
        fc.nat(0x1ffff),
        (data, before, offset, sum) => {
          const memory = new Uint8Array(before + offset + data.length + 9).fill(0xa5)
          memory.set(data, before + offset)
          const bytes = memory.subarray(before)
          assert.equal(checksum.of(bytes, offset, offset + data.length, sum), plain(data, sum))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('is right for the largest packet of nothing but ones, and for megabytes', () => {
    for (const size of [65, 1460, 65_535, 3_000_001]) {
      const bytes = new Uint8Array(size).fill(0xff)
      assert.equal(checksum.of(bytes, 0, size, 0x1ffff), plain(bytes, 0x1ffff), `${size} bytes`)
    }
  })

  it('tells a changed byte anywhere', () => {
    const bytes = Uint8Array.from({ length: 131 }, (_, i) => (i * 37) & 255)
    const intact = checksum.of(bytes, 1, 131)
    for (let i = 1; i < 131; i++) {
      bytes[i]! ^= 0x10
      assert.notEqual(checksum.of(bytes, 1, 131), intact, `byte ${i}`)
      bytes[i]! ^= 0x10
    }
    bytes[0]! ^= 0x10
    assert.equal(checksum.of(bytes, 1, 131), intact)
  })

  it('composes parts of even length', () => {
    const bytes = Uint8Array.from({ length: 201 }, (_, i) => (i * 89) & 255)
    for (const middle of [0, 2, 20, 66, 100, 200]) {
      const sum = checksum.add(bytes, 0, middle)
      assert.equal(checksum.of(bytes, middle, 201, sum), checksum.of(bytes, 0, 201))
    }
  })

  it('keeps a running sum small however many parts it has', () => {
    let sum = 0
    const bytes = new Uint8Array(64).fill(0xff)
    for (let i = 0; i < 1000; i++) sum = checksum.add(bytes, 0, 64, sum)
    assert.ok(sum < 2 ** 17)
    assert.equal(checksum.of(bytes, 0, 0, sum), 0)
  })

  it('sums the pseudo-header of UDP', () => {
    // 10.0.0.1:49152 says "hello" to the echo port of 10.0.0.2: packed by Python.
    const sum = checksum.pseudo(of(10, 0, 0, 1), of(10, 0, 0, 2), 17, 13)
    assert.equal(checksum.of(hex('c000 0007 000d e7f7 68656c6c6f'), 0, 13, sum), 0)
    assert.equal(checksum.of(hex(''), 0, 0, checksum.pseudo(BROADCAST, BROADCAST, 255, 65_535)), 0xff00)
  })

  it('sums the pseudo-header of IPv6: RFC 8200 §8.1', () => {
    // fd00::1 echoes a byte of 7 to ff02::1: summed by Python.
    const sum = checksum.pseudo(ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1), ipv6.ALL_NODES, 58, 9)
    assert.equal(checksum.of(hex('80 00 7cb3 0001 0002 07'), 0, 9, sum), 0)
  })

  it('follows more buffers than it remembers', () => {
    const buffers = Array.from({ length: 4 }, (_, i) => new Uint8Array(100).fill(i))
    const sums = buffers.map((bytes) => plain(bytes, 0))
    for (let i = 0; i < 12; i++) assert.equal(checksum.of(buffers[i % 4]!, 0, 100), sums[i % 4])
  })
})
