import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import { err, ok } from '@mirage/result'
import { ipv4 as address, ipv4Cidr as cidr } from '../../address/src/testing/literals.ts'
import * as route from './route.ts'

describe('the first hop', () => {
  const everyone = ok({ kind: 'group', mac: 0xffff_ffff_ffff })
  const hops: [dst: string, from: string, expected: unknown][] = [
    ['255.255.255.255', '10.0.0.2/24', everyone],
    ['0.0.0.0', '10.0.0.2/24', everyone],
    ['10.0.0.255', '10.0.0.2/24', everyone],
    ['255.255.255.255', '0.0.0.0/0', everyone],
    ['224.0.0.251', '10.0.0.2/24', ok({ kind: 'group', mac: 0x0100_5e00_00fb })],
    ['239.255.255.250', '10.0.0.2/24', ok({ kind: 'group', mac: 0x0100_5e7f_fffa })],
    ['224.0.0.1', '0.0.0.0/0', ok({ kind: 'group', mac: 0x0100_5e00_0001 })],
    ['10.0.0.3', '10.0.0.2/24', ok({ kind: 'neighbour', ip: of(10, 0, 0, 3) })],
    ['10.0.0.3', '10.0.0.2/31', ok({ kind: 'neighbour', ip: of(10, 0, 0, 3) })],
    ['10.0.1.3', '10.0.0.2/24', ok({ kind: 'neighbour', ip: of(10, 0, 0, 1) })],
    ['10.0.0.3', '10.0.0.2/32', ok({ kind: 'neighbour', ip: of(10, 0, 0, 1) })],
    ['10.0.0.2', '10.0.0.2/24', err('no-route')],
    ['127.0.0.1', '10.0.0.2/24', err('no-route')],
    ['10.0.0.3', '0.0.0.0/0', err('no-route')],
  ]
  for (const [dst, from, expected] of hops) {
    it(`from ${from} to ${dst} is ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(route.nextHop({ cidr: cidr(from), gateway: of(10, 0, 0, 1) }, address(dst)), expected)
    })
  }

  it('to another network needs a gateway', () => {
    assert.deepEqual(route.nextHop({ cidr: cidr('10.0.0.2/24') }, of(10, 0, 1, 3)), err('no-route'))
  })
})

describe('addresses of a network', () => {
  it('are broadcasts in general and by name, where the network is large enough to have one', () => {
    assert.ok(route.isBroadcast(cidr('10.0.0.2/24'), address('255.255.255.255')))
    assert.ok(route.isBroadcast(cidr('10.0.0.2/24'), address('10.0.0.255')))
    assert.ok(!route.isBroadcast(cidr('10.0.0.2/16'), address('10.0.0.255')))
    assert.ok(route.isBroadcast(cidr('10.0.0.1/30'), address('10.0.0.3')))
    assert.ok(!route.isBroadcast(cidr('10.0.0.2/31'), address('10.0.0.3')))
    assert.ok(!route.isBroadcast(cidr('10.0.0.2/32'), address('10.0.0.2')))
  })

  for (const text of ['0.0.0.0', '127.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '10.0.0.255']) {
    it(`are not of a host: ${text}`, () => assert.ok(!route.isHost(cidr('10.0.0.2/24'), address(text))))
  }
  for (const text of ['10.0.0.1', '10.0.1.255', '223.255.255.255', '1.1.1.1']) {
    it(`are of a host: ${text}`, () => assert.ok(route.isHost(cidr('10.0.0.2/24'), address(text))))
  }
})
