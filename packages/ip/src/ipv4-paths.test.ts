import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { of } from '@mirage/address/ipv4'
import { getU16 } from '@mirage/bytes'
import { err } from '@mirage/result'
import { PATH_AGE_MS } from './path-mtu.ts'
import { B, CONFIG, PROTOCOL, acquainted, writeAt } from './testing/rig.ts'
import * as wire from './wire.ts'

const ELSEWHERE = of(10, 0, 0, 3)

describe('ip and the MTU of a path', () => {
  it('takes the link’s until it is told of less, to one destination', () => {
    const { ip } = acquainted()
    assert.ok(ip.reducePathMtu(B, 1400))
    assert.deepEqual([ip.mtu(B), ip.mtu(ELSEWHERE)], [1380, 1480])
    assert.ok(!ip.reducePathMtu(B, 1400))
  })

  it('refuses segments that the path does not carry, and cuts what may be cut', async () => {
    const { ip, arrived, settle } = acquainted()
    ip.reducePathMtu(B, 1004)
    const fill = (): number => assert.fail('fill was called')
    assert.deepEqual(writeAt(ip, B, PROTOCOL, 985, fill), err('would-fragment'))
    assert.deepEqual(ip.write(B, PROTOCOL, { size: 985, fragment: false }, fill), err('would-fragment'))
    assert.ok(writeAt(ip, B, PROTOCOL, 984, () => 984).ok)
    assert.ok(ip.write(B, PROTOCOL, { size: 1480 }, () => 1480).ok)
    await settle()
    assert.deepEqual(
      arrived.map((packet) => [packet.length, getU16(packet, 6)]),
      [
        [1004, wire.DONT_FRAGMENT],
        [1004, wire.MORE_FRAGMENTS],
        [20 + 1480 - 984, 984 / 8],
      ],
    )
  })

  it('lets routers cut where the path is narrower than is believed', async () => {
    const { ip, arrived, settle } = acquainted()
    assert.ok(ip.reducePathMtu(B, 68))
    assert.equal(ip.mtu(B), 532)
    for (let i = 0; i < 2; i++) assert.ok(writeAt(ip, B, PROTOCOL, 532, () => 532).ok)
    assert.ok(ip.write(B, PROTOCOL, { size: 8, fragment: false }, () => 8).ok)
    await settle()
    for (const packet of arrived) assert.equal(getU16(packet, 6), 0)
    assert.equal(new Set(arrived.map((packet) => getU16(packet, 4))).size, 3, 'they have ids')
  })

  it('tries the link’s again after ten minutes', () => {
    const { ip, clock } = acquainted()
    ip.reducePathMtu(B, 1400)
    clock.advance(PATH_AGE_MS)
    assert.equal(ip.mtu(B), 1480)
  })

  it('forgets paths with its address, and with its MTU', () => {
    const { ip } = acquainted()
    ip.reducePathMtu(B, 1400)
    ip.configure({ ...CONFIG })
    assert.equal(ip.mtu(B), 1380)
    ip.configure({ ...CONFIG, mtu: 1450 })
    assert.equal(ip.mtu(B), 1430)
    ip.reducePathMtu(B, 1400)
    ip.configure({ ...CONFIG, mtu: 1450, cidr: { address: of(10, 0, 0, 7), prefixLength: 24 } })
    assert.equal(ip.mtu(B), 1430)
  })
})
