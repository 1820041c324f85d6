import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as fc from 'fast-check'
import { ipv4 as address, ipv4Cidr as cidr } from '../../address/src/testing/literals.ts'
import * as routes from './routes.ts'
import type { Route } from './routes.ts'

describe('routes', () => {
  const table = routes.of([
    { prefix: cidr('0.0.0.0/0'), link: 0 },
    { prefix: cidr('10.0.0.0/8'), link: 1 },
    { prefix: cidr('10.1.0.0/16'), link: 2 },
    { prefix: cidr('10.1.2.99/24'), link: 3 },
    { prefix: cidr('10.1.2.3/32'), link: 4 },
    { prefix: cidr('10.1.0.0/16'), link: 5 },
  ])
  const ways: [dst: string, link: number, why: string][] = [
    ['192.0.2.1', 0, 'nothing but the default fits'],
    ['10.2.0.1', 1, 'eight bits fit'],
    ['10.1.3.1', 2, 'sixteen bits fit, and the first of two counts'],
    ['10.1.2.4', 3, 'host bits of a prefix do not matter'],
    ['10.1.2.3', 4, 'it has a route of its own'],
    ['255.255.255.255', 0, 'high addresses are unsigned'],
  ]
  for (const [dst, link, why] of ways) {
    it(`lead ${dst} to link ${link}: ${why}`, () => {
      assert.equal(routes.lookup(table, address(dst))?.link, link)
    })
  }

  it('may lead nowhere', () => {
    assert.equal(routes.lookup(routes.of([]), address('10.0.0.1')), undefined)
    assert.equal(
      routes.lookup(routes.of([{ prefix: cidr('10.0.0.0/8'), link: 0 }]), address('11.0.0.1')),
      undefined,
    )
  })

  it('agree with a search through all of them', () => {
    // Few distinct bits, so that prefixes nest.
    const bits = fc
      .nat({ max: 15 })
      .map((n) => (((n & 8) << 28) | ((n & 4) << 20) | ((n & 2) << 7) | (n & 1)) >>> 0)
    const prefix = fc.record({ address: bits as fc.Arbitrary<Ipv4>, prefixLength: fc.nat({ max: 32 }) })
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 20 }), bits as fc.Arbitrary<Ipv4>, (prefixes, dst) => {
        const list: Route[] = prefixes.map((each, link) => ({ prefix: each, link }))
        const fitting = list.filter((route) => ipv4.contains(route.prefix, dst))
        const longest = Math.max(...fitting.map((route) => route.prefix.prefixLength))
        const expected = fitting.find((route) => route.prefix.prefixLength === longest)
        assert.equal(routes.lookup(routes.of(list), dst), expected)
      }),
    )
  })
})
