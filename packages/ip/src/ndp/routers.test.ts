import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { ipv6 as address } from '../../../address/src/testing/literals.ts'
import * as routers from './routers.ts'

const R1 = address('fe80::1')
const R2 = address('fe80::2')
const R3 = address('fe80::3')
const NEAR = address('2001:db8:1::5')
const FAR = address('2001:db8:9::5')
const PREFIX: ipv6.Cidr = { address: address('2001:db8:1::'), prefixLength: 64 }

/** The first hop to `dst`, where `known` are the neighbours that may answer. */
function hop(
  ways: routers.Routers,
  dst: ipv6.Ipv6,
  known: readonly ipv6.Ipv6[] = [],
  now: number = 0,
): string | undefined {
  const found = routers.nextHop(ways, dst, (router) => known.includes(router), now)
  return found && ipv6.format(found)
}

describe('the way of a packet', () => {
  it('is none where there is no router, but to neighbours on the link', () => {
    const ways = routers.create()
    assert.equal(hop(ways, FAR), undefined)
    assert.equal(hop(ways, R2), 'fe80::2')
  })

  it('is the destination itself in a prefix of the link, as long as that lasts', () => {
    const ways = routers.create()
    routers.setPrefix(ways, PREFIX, 5000, 0)
    routers.setRouter(ways, R1, Infinity, 0, 0)
    assert.equal(hop(ways, NEAR), '2001:db8:1::5')
    assert.equal(hop(ways, FAR), 'fe80::1')
    assert.equal(hop(ways, NEAR, [], 5000), 'fe80::1')
    assert.equal(routers.deadline(ways), 5000)
    routers.tick(ways, 5000)
    assert.deepEqual([ways.prefixes.length, routers.deadline(ways)], [1, Infinity])
    routers.setPrefix(ways, PREFIX, 6000, 5000)
    routers.setPrefix(ways, PREFIX, 5000, 5000)
    assert.equal(hop(ways, NEAR, [], 5000), 'fe80::1')
  })

  it('is what a person said, whatever routers say of themselves and of prefixes', () => {
    const ways = routers.create()
    routers.setPrefix(ways, PREFIX, 5000, 0)
    routers.fixPrefix(ways, PREFIX, 0)
    routers.setRouter(ways, R1, Infinity, 0, 0)
    routers.setPrefix(ways, PREFIX, 1, 1)
    routers.setRouter(ways, R1, 5000, 1, 1)
    routers.setRouter(ways, R1, 1, 0, 1)
    routers.loseRouter(ways, R1)
    routers.tick(ways, 1_000_000)
    assert.deepEqual(
      [hop(ways, NEAR, [], 1_000_000), hop(ways, FAR, [], 1_000_000)],
      ['2001:db8:1::5', 'fe80::1'],
    )
    assert.equal(routers.deadline(ways), Infinity)
  })

  it('is no matter of routers in the prefix of the link itself', () => {
    const ways = routers.create()
    routers.setPrefix(ways, ipv6.LINK_LOCAL, 0, 0)
    assert.equal(hop(ways, R2, [], 1), 'fe80::2')
  })

  it('is a router that may answer, then one that is preferred, then the first', () => {
    const ways = routers.create()
    routers.setRouter(ways, R1, Infinity, 0, 0)
    routers.setRouter(ways, R2, Infinity, 1, 0)
    routers.setRouter(ways, R3, Infinity, 1, 0)
    assert.equal(hop(ways, FAR), 'fe80::2')
    assert.equal(hop(ways, FAR, [R1]), 'fe80::1')
    assert.equal(hop(ways, FAR, [R1, R3]), 'fe80::3')
    routers.unanswered(ways, R2)
    assert.equal(hop(ways, FAR), 'fe80::3')
  })

  it('is no router whose time is over, or that takes it back', () => {
    const ways = routers.create()
    routers.setRouter(ways, R1, 5000, 0, 0)
    routers.setRouter(ways, R2, 9000, -1, 0)
    assert.equal(hop(ways, FAR, [], 4999), 'fe80::1')
    assert.equal(hop(ways, FAR, [], 5000), 'fe80::2')
    routers.tick(ways, 5000)
    assert.deepEqual([ways.list.length, routers.deadline(ways)], [1, 9000])
    routers.setRouter(ways, R2, 5000, 0, 5000)
    assert.equal(hop(ways, FAR, [], 5000), undefined)
  })

  it('is what the present router says it is, and no other', () => {
    const ways = routers.create()
    routers.setRouter(ways, R1, Infinity, 0, 0)
    assert.equal(routers.redirected(ways, R2, FAR, R3, R1), false)
    assert.equal(routers.redirected(ways, R1, FAR, R1, R1), false)
    assert.equal(hop(ways, FAR), 'fe80::1')
    assert.equal(routers.redirected(ways, R1, FAR, R2, R1), true)
    assert.equal(hop(ways, FAR), 'fe80::2')
    assert.equal(hop(ways, address('2001:db8:9::6')), 'fe80::1')
    routers.unanswered(ways, R2)
    assert.equal(hop(ways, FAR), 'fe80::1')
  })
})

describe('what is remembered of routers', () => {
  it('is bounded', () => {
    const ways = routers.create()
    for (let i = 0; i < 200; i++) {
      const other = ipv6.of(0xfe80, 0, 0, 0, 0, 0, 1, i)
      routers.setRouter(ways, other, Infinity, 0, 0)
      routers.setPrefix(ways, { address: ipv6.of(0x2001, i), prefixLength: 64 }, Infinity, 0)
      routers.redirected(ways, R1, ipv6.of(0x2002, i), R2, R1)
    }
    const { list, prefixes, redirects } = ways
    assert.deepEqual(
      [list.length, prefixes.length, redirects.size],
      [routers.ROUTERS_MAX, routers.PREFIXES_MAX, routers.REDIRECTS_MAX],
    )
    assert.ok(redirects.has(ipv6.of(0x2002, 199)))
  })
})
