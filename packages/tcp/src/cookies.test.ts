import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { assert as check, integer, nat, property } from 'fast-check'
import { Cookies, KEY_SIZE, MSS, PERIOD } from './cookies.ts'
import type { Ends } from './tcb.ts'

const cookies = new Cookies(new Uint8Array(KEY_SIZE).fill(7))
const ends: Ends = {
  localAddr: ipv4.of(10, 0, 0, 1),
  localPort: 80,
  remoteAddr: ipv4.of(192, 0, 2, 1),
  remotePort: 40_000,
}
const ends6 = { ...ends, localAddr: parsed('2001:db8::1'), remoteAddr: parsed('2001:db8::2') }

function parsed(text: string): ipv6.Ipv6 {
  const address = ipv6.parse(text)
  if (!address.ok) throw new Error(text)
  return address.value
}

describe('a SYN cookie (RFC 4987 §3.6)', () => {
  it('stands for the largest of its sizes that the peer can take', () => {
    for (const [mss, size] of [
      [1, 88],
      [88, 88],
      [535, 88],
      [536, 536],
      [1459, 1440],
      [1460, 1460],
      [65_535, 8960],
    ] as const)
      assert.equal(cookies.check(ends, 5, cookies.make(ends, 5, mss, 1000), 1000), size)
  })

  it('is good for what is left of its period, and the next', () => {
    for (const start of [0, 7 * PERIOD, 31 * PERIOD, 1e12]) {
      const cookie = cookies.make(ends6, -5, 1460, start)
      const end = (Math.floor(start / PERIOD) + 2) * PERIOD
      assert.equal(cookies.check(ends6, -5, cookie, end - 1), 1460)
      assert.equal(cookies.check(ends6, -5, cookie, end), undefined)
      assert.equal(cookies.check(ends6, -5, cookie, end + 31 * PERIOD), undefined)
    }
  })

  it('is good for its ends and the sequence number of the peer only', () => {
    const cookie = cookies.make(ends, 5, 1460, 0)
    assert.equal(cookies.check(ends, 6, cookie, 0), undefined)
    for (const other of [
      { localAddr: ipv4.of(10, 0, 0, 2) },
      { remoteAddr: ipv4.of(192, 0, 2, 2) },
      { localPort: 81 },
      { remotePort: 40_001 },
    ])
      assert.equal(cookies.check({ ...ends, ...other }, 5, cookie, 0), undefined)
    const stranger = new Cookies(new Uint8Array(KEY_SIZE).fill(8))
    assert.equal(stranger.check(ends, 5, cookie, 0), undefined)
  })

  it('is guessed once in eight million times: of two periods, each with eight sizes, one of 2^24 hashes', () => {
    let good = 0
    for (let i = 0; i < 20_000; i++) {
      const guess = Math.imul(i, 0x9e37_79b1)
      if (cookies.check(ends, 5, guess, PERIOD) !== undefined) good++
    }
    assert.equal(good, 0)
  })

  it('names a size of its table, whatever is asked', () => {
    check(
      property(integer(), integer({ min: 0, max: 65_535 }), nat(), (irs, mss, now) => {
        const size = cookies.check(ends, irs, cookies.make(ends, irs, mss, now), now)
        assert.ok(size !== undefined && MSS.includes(size))
      }),
    )
  })
})
