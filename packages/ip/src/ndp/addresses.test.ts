import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { ipv6 as address } from '../../../address/src/testing/literals.ts'
import * as addresses from './addresses.ts'

const A = address('fd00::1')

function given(text: string, changes: Partial<addresses.Given> = {}): addresses.Given {
  const lifetimes = { preferredUntil: Infinity, validUntil: Infinity }
  return { address: address(text), prefixLength: 64, origin: 'manual', ...lifetimes, ...changes }
}

/** The addresses `texts`, all of them in use; those that begin with `old ` are deprecated. */
function inUse(...texts: readonly string[]): addresses.Addresses {
  const own = addresses.create()
  for (const text of texts) {
    const preferredUntil = text.startsWith('old ') ? 0 : Infinity
    addresses.add(own, given(text.replace('old ', ''), { preferredUntil }), 0)
  }
  addresses.tick(own, 1000, 0)
  addresses.tick(own, 1000, 1000)
  return own
}

describe('an address', () => {
  it('is ours when nobody has objected for as long as an answer may take', () => {
    const own = addresses.create()
    assert.ok(addresses.add(own, given('fd00::1'), 300))
    assert.equal(addresses.deadline(own), 300)
    assert.deepEqual(addresses.tick(own, 1000, 299), [])
    assert.deepEqual(addresses.tick(own, 1000, 300), [{ kind: 'probe', address: A }])
    assert.deepEqual(addresses.tick(own, 1000, 1299), [])
    assert.equal(addresses.isAssigned(own, A), false)
    assert.equal(addresses.choose(own, A, 1299), undefined)
    assert.deepEqual(
      addresses.tick(own, 1000, 1300).map(({ kind }) => kind),
      ['assigned'],
    )
    assert.equal(addresses.isAssigned(own, A), true)
    assert.equal(addresses.deadline(own), Infinity)
  })

  it('is not ours where somebody claims it before, and stays where it is claimed after', () => {
    const own = addresses.create()
    addresses.add(own, given('fd00::1'), 0)
    addresses.tick(own, 1000, 0)
    assert.deepEqual(
      addresses.claimed(own, A).map(({ kind }) => kind),
      ['duplicate'],
    )
    assert.deepEqual(own.list, [])
    const used = inUse('fd00::1')
    assert.deepEqual(addresses.claimed(used, A), [])
    assert.equal(addresses.isAssigned(used, A), true)
  })

  it('is there once, and there is not room for any number of them', () => {
    const own = addresses.create()
    assert.ok(addresses.add(own, given('fd00::1'), 0))
    assert.equal(addresses.add(own, given('fd00::1'), 0), false)
    for (let i = 2; i < 100; i++) addresses.add(own, given(`fd00::${i}`), 0)
    assert.equal(own.list.length, addresses.ADDRESSES_MAX)
  })

  it('goes when its time is over, also while it is tentative', () => {
    const own = inUse('fd00::1')
    own.list[0]!.validUntil = 5000
    addresses.add(own, given('fd00::2', { validUntil: 6000 }), 7000)
    assert.equal(addresses.deadline(own), 5000)
    assert.deepEqual(
      addresses.tick(own, 1000, 6000).map(({ kind }) => kind),
      ['expired', 'expired'],
    )
    assert.deepEqual(own.list, [])
  })

  /** RFC 4862 §5.5.3 e: what is left, what is advertised, what is left then. */
  const H = 3_600_000
  const renewals: [left: number, told: number, then: number][] = [
    [10 * H, 5 * H, 5 * H],
    [H, 3 * H, 3 * H],
    [H, 1.5 * H, 1.5 * H],
    [10 * H, H, 2 * H],
    [10 * H, 0, 2 * H],
    [1.5 * H, H, 1.5 * H],
    [2 * H, H, 2 * H],
    [Infinity, H, 2 * H],
    [H, Infinity, Infinity],
  ]
  for (const [left, told, then] of renewals) {
    it(`with ${left / H} hours left that is told ${told / H} has ${then / H}`, () => {
      const own = { ...inUse('fd00::1').list[0]!, validUntil: 1000 + left }
      addresses.renew(own, 7, told, 1000)
      assert.deepEqual([own.validUntil, own.preferredUntil], [1000 + then, 1007])
    })
  }
})

describe('the source of a packet', () => {
  // RFC 6724 §10.1 where it has an example of a rule, in the same order.
  const choices: [why: string, own: string[], dst: string, src: string | undefined][] = [
    ['is the destination itself', ['2001:db8:1::1', '2001:db8:3::1'], '2001:db8:1::1', '2001:db8:1::1'],
    ['reaches far enough', ['fe80::1', '2001:db8:3::1'], '2001:db8:1::1', '2001:db8:3::1'],
    ['reaches no farther than it must', ['2001:db8:3::1', 'fe80::1'], 'ff02::1', 'fe80::1'],
    ['reaches a group in the whole world', ['fe80::1', '2001:db8:3::1'], 'ff0e::1', '2001:db8:3::1'],
    ['is not old', ['old 2001:db8:1::2', '2001:db8:3::2'], '2001:db8:1::1', '2001:db8:3::2'],
    ['is old rather than too near', ['fe80::1', 'old 2001:db8:3::1'], '2001:db8:1::1', '2001:db8:3::1'],
    ['is near the destination', ['2001:db8:3::2', '2001:db8:1::2'], '2001:db8:1::1', '2001:db8:1::2'],
    [
      'is near, in the bits of a group',
      ['2001:db8:3f:8::2', '2001:db8:3f::2'],
      '2001:db8:3f:4::1',
      '2001:db8:3f::2',
    ],
    ['is the first of those that are as good', ['fd00::1', 'fd00::2'], 'fd00::3', 'fd00::1'],
    ['is a link-local one if there is no other', ['fe80::1'], '2001:db8:1::1', 'fe80::1'],
    ['is none if there is none', [], '2001:db8:1::1', undefined],
  ]
  for (const [why, own, dst, src] of choices) {
    it(why, () => {
      const chosen = addresses.choose(inUse(...own), address(dst), 1000)
      assert.equal(chosen && ipv6.format(chosen), src)
    })
  }
})
