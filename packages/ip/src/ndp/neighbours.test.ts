import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { type Mac, local } from '@mirage/address/mac'
import * as neighbours from './neighbours.ts'
import type { NeighbourAdvertisement } from './wire.ts'

const A = ipv6.of(0xfd00, 0, 0, 0, 0, 0, 0, 1)
const MAC = local(1)
const OTHER = local(2)

function create(): neighbours.Cache {
  return neighbours.create(30_000, 1000)
}

function told(changes: Partial<NeighbourAdvertisement> = {}): NeighbourAdvertisement {
  return {
    kind: 'neighbour-advertisement',
    target: A,
    isRouter: false,
    isSolicited: true,
    isOverride: true,
    mac: MAC,
    ...changes,
  }
}

/** A cache in which `A` has got to a state, at time 0. */
function inState(state: neighbours.Neighbour['state']): neighbours.Cache {
  const cache = create()
  neighbours.solicit(cache, A, 0)
  if (state === 'incomplete') return cache
  neighbours.advertised(cache, told({ isSolicited: state === 'reachable' }), 0)
  if (state === 'delay' || state === 'probe') neighbours.lookup(cache, A, 0)
  if (state === 'probe') neighbours.tick(cache, 5000)
  assert.equal(stateOf(cache), state)
  return cache
}

function stateOf(cache: neighbours.Cache): string | undefined {
  return cache.entries.get(A)?.state
}

describe('a neighbour', () => {
  it('is asked for in its group, three times, a second apart, and then gone', () => {
    const cache = create()
    const ask = [{ kind: 'solicit', target: A }]
    assert.deepEqual(neighbours.solicit(cache, A, 0), ask)
    assert.deepEqual(neighbours.solicit(cache, A, 0), [])
    assert.equal(cache.deadline, 1000)
    assert.deepEqual(neighbours.tick(cache, 999), [])
    assert.deepEqual(neighbours.tick(cache, 1000), ask)
    assert.deepEqual(neighbours.tick(cache, 2000), ask)
    assert.deepEqual(neighbours.tick(cache, 3000), [{ kind: 'unresolved', ip: A }])
    assert.deepEqual([stateOf(cache), cache.deadline, cache.incompletes], [undefined, Infinity, 0])
  })

  it('is known once it answers, and reachable for as long as an answer counts', () => {
    const cache = inState('incomplete')
    assert.equal(neighbours.lookup(cache, A, 0), undefined)
    assert.deepEqual(neighbours.advertised(cache, told(), 500), [{ kind: 'resolved', ip: A, mac: MAC }])
    assert.equal(neighbours.lookup(cache, A, 600), MAC)
    const { version } = cache
    neighbours.tick(cache, 30_499)
    assert.equal(stateOf(cache), 'reachable')
    neighbours.tick(cache, 30_500)
    assert.deepEqual([stateOf(cache), cache.deadline], ['stale', Infinity])
    assert.ok(cache.version > version, 'who keeps its address asks again')
  })

  it('is probed some time after it is used again, and gone if it does not answer', () => {
    const cache = inState('stale')
    assert.equal(neighbours.lookup(cache, A, 100), MAC)
    assert.deepEqual([stateOf(cache), cache.entries.get(A)!.deadline], ['delay', 5100])
    const probe = [{ kind: 'solicit', target: A, mac: MAC }]
    assert.deepEqual(neighbours.tick(cache, 5100), probe)
    assert.deepEqual([stateOf(cache), neighbours.lookup(cache, A, 5200)], ['probe', MAC])
    assert.deepEqual(neighbours.tick(cache, 6100), probe)
    assert.deepEqual(neighbours.tick(cache, 7100), probe)
    const { version } = cache
    assert.deepEqual(neighbours.tick(cache, 8100), [{ kind: 'unresolved', ip: A }])
    assert.equal(neighbours.lookup(cache, A, 8100), undefined)
    assert.ok(cache.version > version)
  })

  it('is reachable again when it answers a probe', () => {
    const cache = inState('probe')
    assert.deepEqual(neighbours.advertised(cache, told({ mac: MAC }), 5100), [])
    assert.deepEqual([stateOf(cache), cache.entries.get(A)!.deadline], ['reachable', 35_100])
  })

  /** RFC 4861, appendix C, "receive NA": state, flags and MAC address before, and what comes of it. */
  const answers: [
    before: neighbours.Neighbour['state'],
    isSolicited: boolean,
    isOverride: boolean,
    mac: Mac | undefined,
    after: string,
    known: Mac | undefined,
  ][] = [
    ['incomplete', true, false, undefined, 'incomplete', undefined],
    ['incomplete', true, false, MAC, 'reachable', MAC],
    ['incomplete', false, true, MAC, 'stale', MAC],
    ['reachable', true, false, OTHER, 'stale', MAC],
    ['stale', true, false, OTHER, 'stale', MAC],
    ['probe', true, false, OTHER, 'probe', MAC],
    ['delay', true, false, OTHER, 'delay', MAC],
    ['reachable', true, true, OTHER, 'reachable', OTHER],
    ['stale', true, true, MAC, 'reachable', MAC],
    ['probe', true, false, undefined, 'reachable', MAC],
    ['delay', true, true, undefined, 'reachable', MAC],
    ['reachable', false, true, OTHER, 'stale', OTHER],
    ['probe', false, true, OTHER, 'stale', OTHER],
    ['probe', false, true, MAC, 'probe', MAC],
    ['reachable', false, false, MAC, 'reachable', MAC],
  ]
  for (const [before, isSolicited, isOverride, mac, after, known] of answers) {
    const flags = `${isSolicited ? 'solicited' : ''} ${isOverride ? 'override' : ''}`
    const what = mac === undefined ? 'no address' : mac === MAC ? 'the same address' : 'another address'
    it(`goes from ${before} to ${after} with ${flags} ${what}`, () => {
      const cache = inState(before)
      const { mac: _mac, ...rest } = told({ isSolicited, isOverride })
      neighbours.advertised(cache, mac === undefined ? rest : { ...rest, mac }, 10)
      assert.equal(stateOf(cache), after)
      assert.equal(neighbours.lookup(cache, A, 10), known)
    })
  }

  it('of whom nothing is known says nothing by answering', () => {
    const cache = create()
    assert.deepEqual(neighbours.advertised(cache, told(), 0), [])
    assert.equal(cache.entries.size, 0)
  })

  it('that asks is known, and stale', () => {
    const cache = create()
    neighbours.heard(cache, A, MAC, false, 0)
    assert.deepEqual([stateOf(cache), cache.deadline], ['stale', Infinity])
    const { version } = cache
    neighbours.heard(cache, A, MAC, false, 0)
    assert.equal(cache.version, version)
    neighbours.heard(cache, A, OTHER, false, 0)
    assert.equal(neighbours.lookup(cache, A, 0), OTHER)
    assert.ok(cache.version > version)
  })

  it('that asks while it is asked for is known', () => {
    const cache = inState('incomplete')
    assert.deepEqual(neighbours.heard(cache, A, MAC, false, 0), [{ kind: 'resolved', ip: A, mac: MAC }])
    assert.deepEqual([stateOf(cache), cache.incompletes], ['stale', 0])
  })

  it('was a router until it says that it is none', () => {
    const cache = create()
    neighbours.heard(cache, A, MAC, true, 0)
    assert.deepEqual(neighbours.advertised(cache, told({ isRouter: true }), 0), [])
    assert.deepEqual(neighbours.advertised(cache, told(), 0), [{ kind: 'router-lost', ip: A }])
    assert.deepEqual(neighbours.advertised(cache, told(), 0), [])
  })
})

describe('the neighbour cache', () => {
  const nth = (i: number): ipv6.Ipv6 => ipv6.of(0xfd01, 0, 0, 0, 0, 0, i >>> 16, i & 0xffff)

  it('is not filled by those who only ask', () => {
    const cache = create()
    neighbours.solicit(cache, A, 0)
    neighbours.advertised(cache, told(), 0)
    for (let i = 0; i < 10_000; i++) neighbours.heard(cache, nth(i), MAC, false, 0)
    assert.equal(cache.entries.size, neighbours.UNASKED_MAX)
    assert.equal(neighbours.lookup(cache, A, 0), MAC)
  })

  it('asks for so many at once, and no more', () => {
    const cache = create()
    for (let i = 0; i < neighbours.INCOMPLETE_MAX; i++) neighbours.solicit(cache, nth(i), 0)
    assert.deepEqual(neighbours.solicit(cache, A, 0), [{ kind: 'unresolved', ip: A }])
    for (const now of [1000, 2000, 3000]) neighbours.tick(cache, now)
    assert.equal(cache.entries.size, 0)
    assert.deepEqual(neighbours.solicit(cache, A, 3000), [{ kind: 'solicit', target: A }])
  })

  it('forgets the least recently used first', () => {
    const cache = create()
    for (let i = 0; i < 3000; i++) {
      neighbours.solicit(cache, nth(i), 0)
      neighbours.advertised(cache, told({ target: nth(i) }), 0)
      assert.equal(neighbours.lookup(cache, nth(0), 0), MAC)
    }
    assert.equal(cache.entries.size, neighbours.NEIGHBOURS_MAX)
    assert.equal(neighbours.lookup(cache, nth(1), 0), undefined)
  })
})
