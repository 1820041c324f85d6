import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { IPV4_MTU_MIN, IPV6_MTU_MIN, PATHS_MAX, PATH_AGE_MS, Paths } from './path-mtu.ts'

function made(mtu: number = 1500): Paths<string> {
  return new Paths(mtu, IPV4_MTU_MIN)
}

describe('the MTU of a path', () => {
  it('is unknown until a router tells, and then known for this destination', () => {
    const paths = made()
    assert.equal(paths.get('a', 0), undefined)
    assert.ok(paths.reduce('a', 1400, 0))
    assert.deepEqual(paths.get('a', 0), { mtu: 1400, isNarrow: false, until: PATH_AGE_MS })
    assert.equal(paths.get('b', 0), undefined)
    assert.equal(paths.count, 1)
  })

  it('only becomes less: what is no news, or more, changes nothing', () => {
    const paths = made()
    assert.ok(!paths.reduce('a', 1500, 0))
    assert.ok(!paths.reduce('a', 9000, 0))
    assert.equal(paths.count, 0)
    assert.ok(paths.reduce('a', 1400, 0))
    assert.ok(!paths.reduce('a', 1400, 1))
    assert.ok(!paths.reduce('a', 1401, 1))
    assert.ok(paths.reduce('a', 1399, 2))
    assert.equal(paths.get('a', 2)?.mtu, 1399)
  })

  it('is forgotten after ten minutes without a change, so that it can grow', () => {
    const paths = made()
    paths.reduce('a', 1400, 0)
    paths.reduce('b', 1400, 5)
    paths.reduce('a', 1300, 10)
    assert.equal(paths.get('a', 9 + PATH_AGE_MS)?.mtu, 1300)
    assert.equal(paths.get('b', 5 + PATH_AGE_MS), undefined)
    assert.equal(paths.count, 1)
    assert.equal(paths.get('a', 10 + PATH_AGE_MS), undefined)
    assert.equal(paths.count, 0)
    assert.ok(paths.reduce('a', 1450, 11 + PATH_AGE_MS))
  })

  it('is never believed to be so small that a forger could make every segment tiny', () => {
    for (const mtu of [0, 68, 296, 551]) {
      const paths = made()
      assert.ok(paths.reduce('a', mtu, 0))
      assert.deepEqual(paths.get('a', 0), { mtu: 552, isNarrow: true, until: PATH_AGE_MS })
      assert.ok(!paths.reduce('a', mtu, 1), 'no news')
      assert.ok(!paths.reduce('a', 552, 1), 'nor is that')
    }
    const paths = made()
    assert.ok(paths.reduce('a', 552, 0))
    assert.equal(paths.get('a', 0)?.isNarrow, false)
    assert.ok(paths.reduce('a', 551, 0), 'it needs routers that cut, which is news')
    assert.equal(paths.get('a', 0)?.isNarrow, true)
    const six = new Paths<string>(1500, IPV6_MTU_MIN)
    six.reduce('a', 1000, 0)
    assert.equal(six.get('a', 0)?.mtu, 1280)
  })

  it('is never more than the link’s, where that is less than anybody is believed', () => {
    const paths = made(400)
    assert.ok(!paths.reduce('a', 500, 0))
    assert.ok(paths.reduce('a', 300, 0))
    assert.deepEqual(paths.get('a', 0), { mtu: 400, isNarrow: true, until: PATH_AGE_MS })
  })

  it('is remembered for a limited number of destinations', () => {
    const paths = made()
    for (let i = 0; i <= PATHS_MAX; i++) paths.reduce(`${i}`, 1400, i)
    assert.equal(paths.count, PATHS_MAX)
    assert.equal(paths.get('0', PATHS_MAX), undefined)
    assert.equal(paths.get('1', PATHS_MAX)?.mtu, 1400)
  })

  it('is within its bounds whatever routers tell, and never grows before its time', () => {
    const told = fc.array(fc.record({ dst: fc.nat(3), mtu: fc.nat(0xffff), after: fc.nat(99_999) }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(told, (all) => {
        const paths = new Paths<number>(1500, IPV4_MTU_MIN)
        let now = 0
        for (const { dst, mtu, after } of all) {
          now += after
          const before = paths.get(dst, now)?.mtu ?? 1500
          const isNews = paths.reduce(dst, mtu, now)
          const path = paths.get(dst, now)
          const is = path?.mtu ?? 1500
          assert.ok(is <= before && is >= 552 && is <= 1500)
          assert.equal(is < before, isNews && mtu < before && before > 552)
        }
      }),
    )
  })
})
