import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ipv6 as address } from '../../../address/src/testing/literals.ts'
import * as nameServers from './name-servers.ts'

const ROUTER = address('fe80::1')
const OTHER = address('fe80::2')

/** Name servers 1, 2, … with these lifetimes in seconds. */
function servers(...lifetimes: number[]) {
  return lifetimes.map((lifetime, i) => ({ address: address(`2001:db8::${i + 1}`), lifetime }))
}

function known({ list }: nameServers.NameServers): number[] {
  return list.map((server) => server.address.charCodeAt(7))
}

describe('name servers', () => {
  it('are forgotten one by one as their time ends', () => {
    const state = nameServers.create()
    nameServers.advertised(state, ROUTER, servers(20, 10), 1000)
    nameServers.advertised(state, OTHER, servers(30), 2000)
    assert.equal(nameServers.deadline(state), 11_000)
    assert.deepEqual([...nameServers.tick(state, 10_999)], [])
    assert.deepEqual([...nameServers.tick(state, 11_000)], [ROUTER])
    assert.deepEqual([known(state), nameServers.deadline(state)], [[1], 32_000])
    assert.deepEqual([...nameServers.tick(state, 32_000)], [OTHER])
    assert.deepEqual([known(state), nameServers.deadline(state)], [[], Infinity])
  })

  it('may be asked for less time than was said before, or none', () => {
    const state = nameServers.create()
    nameServers.advertised(state, ROUTER, servers(Infinity, 10), 0)
    nameServers.advertised(state, ROUTER, servers(5, 0), 0)
    assert.deepEqual([known(state), nameServers.deadline(state)], [[1], 5000])
  })

  it('are not remembered for having been none', () => {
    const state = nameServers.create()
    nameServers.advertised(state, ROUTER, servers(0, 1), 0)
    assert.deepEqual(known(state), [2])
  })

  it('are at most four, of which the one that would go first makes room', () => {
    const state = nameServers.create()
    nameServers.advertised(state, ROUTER, servers(50, 40, 30, 20, 60, 10), 0)
    assert.deepEqual(known(state), [1, 2, 3, 5])
  })

  it('are the first that were told of if all live alike', () => {
    const state = nameServers.create()
    nameServers.advertised(state, ROUTER, servers(...Array.from({ length: 90 }, () => 600)), 0)
    assert.deepEqual(known(state), [1, 2, 3, 4])
  })
})
