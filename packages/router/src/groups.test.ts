import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { format } from '@mirage/address/ip'
import * as ipv6 from '@mirage/address/ipv6'
import { setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import * as icmp from '@mirage/icmp/icmpv6-wire'
import { ICMPV6, UDP } from '@mirage/ip'
import { FRAGMENT, HOP_BY_HOP, ROUTER_ALERT_SIZE, emitRouterAlert } from '@mirage/ip/extension'
import * as fragment from '@mirage/ip/ipv6-fragment'
import { QUERY } from '@mirage/ip/membership'
import type { Stack } from '@mirage/stack'
import { ipv6 as ipv6Address } from '../../address/src/testing/literals.ts'
import { Filter } from './filter.ts'
import { connect } from './router.ts'
import { type Rule, parse } from './rules.ts'
import { bytesOf } from './testing/ipv6-packets.ts'
import { rig as ipv6Rig } from './testing/ipv6-rig.ts'
import { World, address, reports } from './testing/world.ts'

function rules(...texts: string[]): Rule[] {
  return texts.map((text) => {
    const parsed = parse(text)
    assert.ok(parsed.ok, text)
    return parsed.value
  })
}

/** The ports of `stack` that something comes to. */
function heardBy(stack: Stack, ...ports: number[]): number[] {
  const heard: number[] = []
  for (const port of ports) stack.udp.listen(port, () => heard.push(port))
  return heard
}

describe('what comes to all hosts of a link, and to a router of IPv4 with a filter', () => {
  function rig(...texts: string[]) {
    const world = new World()
    const a = world.host('inside', '10.0.0.2/24', '10.0.0.1')
    const b = world.host('outside', '10.0.1.2/24', '10.0.1.1')
    const [inside, outside] = [world.host('inside', '10.0.0.1/24'), world.host('outside', '10.0.1.1/24')]
    const filter = new Filter(rules(...texts))
    const needs = { clock: world.simulation.clock('router'), random: world.simulation.random('router') }
    const router = connect({ links: [inside.ip, outside.ip], ...needs }, { outside: 1, filter })
    return { world, a, b, inside, outside, router, filter }
  }

  for (const [texts, expected] of [
    [[], []],
    [['allow in udp to any port 9'], [9, 9]],
    [['allow in udp to 10.0.1.255 port 9'], [9]],
    [['reject in udp'], []],
  ] as const) {
    it(`reaches its stack from outside as far as ${texts[0] ?? 'no rule'} lets it, and nobody is told`, async () => {
      const { world, b, outside, router } = rig(...texts)
      const heard = heardBy(outside, 9, 10)
      const told = reports(b)
      for (const everyone of ['255.255.255.255', '10.0.1.255']) {
        for (const port of [9, 10]) b.udp.write({ address: address(everyone), port }, new Uint8Array(1))
        await world.pass(100)
      }
      assert.deepEqual([heard, told, router.drops.denied], [expected, [], 4 - expected.length])
    })
  }

  it('reaches its stack from inside', async () => {
    const { world, a, inside } = rig()
    const heard = heardBy(inside, 9)
    a.udp.write({ address: address('255.255.255.255'), port: 9 }, new Uint8Array(1))
    await world.pass(100)
    assert.deepEqual(heard, [9])
  })

  it('is heard if it is the answer of a DHCP server, and no rule has to speak of it', async () => {
    const { world, b, outside } = rig('deny in')
    const heard = heardBy(outside, 68)
    const everyone = { address: address('255.255.255.255'), port: 68 }
    for (const srcPort of [66, 67]) b.udp.write(everyone, new Uint8Array(1), { srcPort })
    await world.pass(100)
    assert.deepEqual(heard, [68])
  })

  it('is no concern of the filter if it is not for the router', async () => {
    const { world, b, router, outside } = rig()
    b.udp.write({ address: address('224.0.0.251'), port: 5353 }, new Uint8Array(1))
    await world.pass(100)
    assert.deepEqual([router.drops.denied, outside.ip.drops['not-for-us']], [0, 1])
  })
})

describe('what comes to a group of a link, and to a router of IPv6 with a filter', () => {
  const rig = async (...texts: string[]) => {
    const made = await ipv6Rig({ outside: 1, filter: new Filter(rules(...texts)) })
    const outside = made.legs[1]!
    const link = made.b.ipv6.addresses.find(({ address: own }) => ipv6.isLinkLocal(own))!.address
    return { ...made, outside, link }
  }

  for (const [texts, expected] of [
    [[], []],
    [['allow in udp to ff02::1 port 9'], [9]],
    [['reject in udp'], []],
  ] as const) {
    it(`reaches its stack from outside as far as ${texts[0] ?? 'no rule'} lets it`, async () => {
      const { simulation, b, outside, router } = await rig(...texts)
      const heard = heardBy(outside, 9, 10)
      for (const port of [9, 10]) b.udp.write({ address: ipv6.ALL_NODES, port }, new Uint8Array(1))
      await simulation.pass(100)
      const { denied, 'not-sent': lost } = router.drops
      assert.deepEqual([heard, denied, lost, router.counters.errors], [expected, 2 - expected.length, 0, 0])
    })
  }

  it('reaches its stack as far as a rule lets it, though the link carried it to the router alone', async () => {
    for (const [texts, heard, denied] of [
      [['allow in udp to ff02::1 port 9'], [9], 0],
      [[], [], 1],
    ] as const) {
      const { simulation, b, link, outside, router } = await rig(...texts)
      const list = heardBy(outside, 9)
      const payload = new Uint8Array(8)
      payload.set([0, 9, 0, 9, 0, 8])
      setU16(payload, 6, checksum.of(payload, 0, 8, checksum.pseudo(link, ipv6.ALL_NODES, UDP, 8)))
      const packet = bytesOf({ src: link, dst: ipv6.ALL_NODES, protocol: UDP, payload })
      b.ipv6.relay(ipv6Address('fd02::1'), packet.length, (frame, offset) => {
        frame.set(packet, offset)
        return packet.length
      })
      await simulation.pass(100)
      assert.deepEqual([list, router.drops.denied, router.drops.martian], [heard, denied, 0])
    }
  })

  it('is answered by echoes only where a rule says so', async () => {
    for (const [texts, count] of [
      [[], 0],
      [['allow in icmp'], 1],
    ] as const) {
      const { simulation, b } = await rig(...texts)
      const replies: string[] = []
      b.icmp.onReply(({ src }) => replies.push(format(src)))
      b.icmp.echo(ipv6.ALL_NODES, { id: 7, sequence: 1, payload: new Uint8Array(8) })
      await simulation.pass(100)
      assert.equal(replies.length, count)
    }
  })

  it('does not reach it in the name of who is inside', async () => {
    const { simulation, b, outside, router } = await rig('allow in')
    const heard = heardBy(outside, 9)
    for (const [i, src] of ['fd01::77', 'fd02::77'].map(ipv6Address).entries()) {
      b.ipv6.write(ipv6.ALL_NODES, UDP, { size: 8, src }, (datagram) => {
        datagram.set([0, 9, 0, 9, 0, 8])
        setU16(datagram, 6, checksum.of(datagram, 0, 8, checksum.pseudo(src, ipv6.ALL_NODES, UDP, 8)))
        return 8
      })
      await simulation.pass(100)
      assert.deepEqual([heard.length, router.drops.spoofed], [i, 1])
    }
  })

  it('is answered if it asks for groups, and no rule has to speak of it', async () => {
    const { simulation, b, link, router } = await rig('deny in')
    // Reports go to a group that no host is in: what hosts drop says that there was one.
    const reported = (): number => b.ipv6.drops['not-for-us']
    await simulation.pass(10_000)
    const before = reported()
    const size = ROUTER_ALERT_SIZE + 24
    const query = (ttl: number, src: ipv6.Ipv6): void => {
      const sent = b.ipv6.write(ipv6.ALL_NODES, HOP_BY_HOP, { size, ttl, src }, (packet) => {
        emitRouterAlert(packet, 0, 58)
        const fields = { type: QUERY, code: 0, first: 100, second: 0 }
        icmp.emit(packet, ROUTER_ALERT_SIZE, size, fields, src, ipv6.ALL_NODES)
        return size
      })
      assert.ok(sent.ok)
    }
    query(1, link)
    await simulation.pass(10_000)
    assert.deepEqual([reported() - before, router.drops.denied], [1, 0])
    query(2, link)
    query(1, ipv6Address('fd02::2'))
    await simulation.pass(10_000)
    assert.deepEqual([reported() - before, router.drops.denied], [1, 2])
  })

  it('is no question for groups if it comes in parts, which would have to wait for each other', async () => {
    const { simulation, b, link, router } = await rig('deny in')
    const size = fragment.HEADER_SIZE + 24
    b.ipv6.write(ipv6.ALL_NODES, FRAGMENT, { size, ttl: 1, src: link }, (packet) => {
      fragment.emit(packet, 0, ICMPV6, 0, true, 7)
      packet[fragment.HEADER_SIZE] = QUERY
      return size
    })
    await simulation.pass(100)
    assert.equal(router.drops.denied, 1)
  })
})
