import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { local } from '@mirage/address/mac'
import { ipv6 as address } from '../../../address/src/testing/literals.ts'
import * as advertising from './advertising.ts'
import * as ndp from './ndp.ts'
import type { Message, RouterAdvertisement } from './wire.ts'

const MAC = local(1)
const LINK = address('fe80::50:ff:fe00:1')
const HOST = address('fe80::2')
const ALWAYS: advertising.Advertised = { lifetime: 1800, dnsServers: [address('2001:db8::53')] }

/** An interface with these addresses, whose time has come to `now`, and what it sent, each with its time. */
function rig(cidrs: readonly string[] = ['2001:db8:1::1/64']) {
  const state = ndp.create({
    mac: MAC,
    mtu: 1500,
    acceptsRouters: true,
    addressIn: (prefix) => ipv6.fromMac(prefix, MAC),
  })
  ndp.start(state, 0, 0)
  for (const text of cidrs) {
    const cidr = ipv6.parseCidr(text)
    assert.ok(cidr.ok)
    ndp.assign(state, cidr.value, 0, 0)
  }
  const sent: [at: number, message: Message][] = []
  const take = (actions: readonly ndp.Action[], at: number): void => {
    for (const action of actions) if (action.kind === 'send') sent.push([at, action.message])
  }
  const pass = (until: number, chance = 0): void => {
    while (ndp.deadline(state) <= until) {
      const at = ndp.deadline(state)
      take(ndp.tick(state, at, chance), at)
    }
  }
  const shown = (): [at: number, message: RouterAdvertisement][] =>
    sent.flatMap(([at, message]) => (message.kind === 'router-advertisement' ? [[at, message]] : []))
  return { state, sent, take, pass, shown }
}

function solicit(state: ndp.Ndp, now: number, chance = 0): readonly ndp.Action[] {
  const travel = { src: HOST, dst: ipv6.ALL_ROUTERS, hopLimit: 255 }
  return ndp.input(state, { kind: 'router-solicitation', mac: local(2) }, travel, now, chance)
}

describe('an interface of a router', () => {
  it('says nothing of itself unless it is told to, whoever asks', () => {
    const { state, pass, shown } = rig()
    solicit(state, 5)
    pass(10_000)
    assert.deepEqual(shown(), [])
    assert.deepEqual(ndp.retire(state), [])
  })

  it('says of which network it is, for how long, and who knows names', () => {
    const { state, pass, shown } = rig(['2001:db8:1::1/64', '2001:db8:2::1/56', '2001:db8:3::1/128'])
    ndp.becomeRouter(state, ALWAYS, 0, 0)
    pass(2000)
    const lifetimes = { validLifetime: 2_592_000, preferredLifetime: 604_800, isOnLink: true }
    assert.deepEqual(shown()[0]?.[1], {
      kind: 'router-advertisement',
      hopLimit: 64,
      routerLifetime: 1800,
      preference: 0,
      reachableTime: 0,
      retransTimer: 0,
      mac: MAC,
      mtu: 1500,
      prefixes: [
        { prefix: { address: address('2001:db8:1::'), prefixLength: 64 }, isAutonomous: true, ...lifetimes },
        { prefix: { address: address('2001:db8:2::'), prefixLength: 56 }, isAutonomous: false, ...lifetimes },
      ],
      dnsServers: [{ address: address('2001:db8::53'), lifetime: 1800 }],
    })
  })

  it('takes back the name servers that it told of before', () => {
    const { state, pass, shown } = rig()
    const told = (): unknown => {
      const message = shown().at(-1)?.[1]
      return message?.kind === 'router-advertisement' && message.dnsServers
    }
    const [first, second] = [address('2001:db8::53'), address('2001:db8::54')]
    ndp.becomeRouter(state, ALWAYS, 0, 0)
    pass(5000)
    ndp.becomeRouter(state, { lifetime: 1800, dnsServers: [second] }, 5000, 0)
    pass(10_000)
    assert.deepEqual(told(), [
      { address: second, lifetime: 1800 },
      { address: first, lifetime: 0 },
    ])
    ndp.becomeRouter(state, { lifetime: 1800 }, 10_000, 0)
    pass(15_000)
    assert.deepEqual(told(), [
      { address: second, lifetime: 0 },
      { address: first, lifetime: 0 },
    ])
    ndp.becomeRouter(state, ALWAYS, 15_000, 0)
    pass(20_000)
    assert.deepEqual(told(), [
      { address: first, lifetime: 1800 },
      { address: second, lifetime: 0 },
    ])
    for (let i = 0; i < 10; i++) ndp.becomeRouter(state, { lifetime: 9, dnsServers: [ipv6.of(i)] }, 20_000, 0)
    assert.equal(state.advertising.withdrawn.length, 4)
  })

  it('speaks no more of a name server that hosts have forgotten by themselves', () => {
    const { state, pass, shown } = rig()
    const [first, second] = [address('2001:db8::53'), address('2001:db8::54')]
    ndp.becomeRouter(state, { lifetime: 600, dnsServers: [first] }, 0, 0)
    pass(5000)
    ndp.becomeRouter(state, { lifetime: 600, dnsServers: [second] }, 5000, 0)
    pass(2_000_000)
    for (const [at, { dnsServers }] of shown()) {
      if (at <= 5000) continue
      const isRemembered = at < 605_000
      assert.deepEqual(dnsServers, [
        { address: second, lifetime: 600 },
        ...(isRemembered ? [{ address: first, lifetime: 0 }] : []),
      ])
    }
    // What nobody was told to ask need not be taken back.
    ndp.becomeRouter(state, { lifetime: 0, dnsServers: [first] }, 2_000_000, 0)
    ndp.becomeRouter(state, { lifetime: 600 }, 2_000_001, 0)
    assert.deepEqual(
      state.advertising.withdrawn.map((server) => server.address),
      [second],
    )
  })

  it('says so when it has an address to say it from, twice more soon, and then seldom', () => {
    const { state, pass, shown } = rig()
    ndp.becomeRouter(state, ALWAYS, 0, 0)
    pass(700_000)
    assert.deepEqual(
      shown().map(([at]) => at),
      [1000, 17_000, 33_000, 231_000, 429_000, 627_000],
    )
    const seldom = rig()
    ndp.becomeRouter(seldom.state, ALWAYS, 0, 0)
    seldom.pass(1_300_000, 0.999_999)
    assert.deepEqual(
      seldom.shown().map(([at]) => Math.floor(at / 1000)),
      [1, 17, 33, 633, 1233],
    )
  })

  it('answers who asks within half a second, and all of them no more often than every three', () => {
    const { state, pass, shown } = rig()
    ndp.becomeRouter(state, ALWAYS, 0, 0)
    pass(100_000)
    const before = shown().length
    for (let i = 0; i < 1000; i++) {
      const now = 100_000 + i * 7
      pass(now)
      solicit(state, now, 0.5)
    }
    pass(110_000)
    assert.deepEqual(
      shown()
        .slice(before)
        .map(([at]) => at),
      [100_250, 103_500, 106_750, 110_000],
    )
  })

  it('knows who asks by what it says', () => {
    const { state, pass } = rig()
    ndp.becomeRouter(state, ALWAYS, 0, 0)
    pass(5000)
    solicit(state, 5000)
    assert.equal(state.neighbours.entries.get(HOST)?.mac, local(2))
  })

  it('is in the group of routers, and says so to who asks for its address', () => {
    const { state, pass } = rig()
    const ask = (): boolean | undefined => {
      const travel = { src: HOST, dst: LINK, hopLimit: 255 }
      const message = { kind: 'neighbour-solicitation', target: LINK, mac: local(2) } as const
      const [answer] = ndp.input(state, message, travel, 5000, 0)
      if (answer?.kind !== 'send' || answer.message.kind !== 'neighbour-advertisement') return undefined
      return answer.message.isRouter
    }
    pass(5000)
    assert.deepEqual([ndp.groups(state).has(ipv6.ALL_ROUTERS), ask()], [false, false])
    ndp.becomeRouter(state, ALWAYS, 5000, 0)
    assert.deepEqual([ndp.groups(state).has(ipv6.ALL_ROUTERS), ask()], [true, true])
  })

  it('asks for no router, and believes neither what they say nor what they have said', () => {
    const { state, sent, pass } = rig()
    const prefix = { prefix: { address: address('2001:db8:9::'), prefixLength: 64 }, isAutonomous: true }
    const lifetimes = { validLifetime: 3600, preferredLifetime: 3600, isOnLink: true }
    const prefixes = [{ ...prefix, ...lifetimes }]
    const times = { reachableTime: 80_000_000, retransTimer: 60_000 }
    const message: Message = { ...advertising.message(ALWAYS, [], [], local(9), 1300), ...times, prefixes }
    const travel = { src: address('fe80::9'), dst: ipv6.ALL_NODES, hopLimit: 255 }
    const servers = (): ipv6.Ipv6[] => state.nameServers.list.map(({ address: each }) => each)
    const known = (now: number): unknown[] => [
      state.addresses.list.length,
      ndp.gateway(state, now),
      ndp.nextHop(state, address('2001:db8:9::7'), now),
    ]
    pass(5000)
    ndp.input(state, message, travel, 5000, 0)
    assert.deepEqual(known(5000), [3, travel.src, address('2001:db8:9::7')])
    assert.deepEqual([state.mtu, servers()], [1300, ALWAYS.dnsServers])
    assert.deepEqual([state.neighbours.reachableTime, state.neighbours.retransTimer], [40_000_000, 60_000])
    ndp.becomeRouter(state, undefined, 5000, 0)
    assert.deepEqual([state.mtu, servers()], [1500, []])
    assert.deepEqual([state.neighbours.reachableTime, state.neighbours.retransTimer], [30_000, 1000])
    assert.deepEqual(known(5000), [2, undefined, undefined])
    assert.deepEqual(ndp.input(state, message, travel, 5000, 0), [])
    assert.deepEqual(known(5000), [2, undefined, undefined])
    assert.equal(ndp.nextHop(state, address('2001:db8:1::7'), 5000), address('2001:db8:1::7'))
    const before = sent.length
    pass(60_000)
    assert.equal(sent.length, before)
  })

  it('lets nobody tell it another way to a host, not even the way out that a person gave', () => {
    const { state, pass } = rig()
    const far = address('2001:db8:9::7')
    ndp.setGateway(state, address('fe80::9'), 0)
    pass(5000)
    ndp.becomeRouter(state, undefined, 5000, 0)
    const redirect: Message = { kind: 'redirect', target: HOST, destination: far, mac: local(2) }
    const travel = { src: address('fe80::9'), dst: LINK, hopLimit: 255 }
    assert.deepEqual(ndp.input(state, redirect, travel, 5000, 0), [])
    assert.equal(ndp.nextHop(state, far, 5000), address('fe80::9'))
  })

  it('does not show itself unless it has something to say, which it keeps', () => {
    const { state, pass, shown } = rig()
    ndp.becomeRouter(state, undefined, 0, 0)
    solicit(state, 5000)
    pass(60_000)
    assert.deepEqual([shown(), ndp.retire(state)], [[], []])
    ndp.becomeRouter(state, ALWAYS, 60_000, 0)
    ndp.becomeRouter(state, undefined, 60_000, 0)
    pass(60_000)
    assert.equal(shown().length, 1)
  })

  it('says soon what is new, and at the end that it is no way out', () => {
    const { state, pass, shown, take } = rig()
    ndp.becomeRouter(state, { lifetime: 0 }, 0, 0)
    pass(100_000)
    ndp.becomeRouter(state, ALWAYS, 100_000, 0)
    pass(100_000)
    take(ndp.retire(state), 100_001)
    assert.deepEqual(
      shown()
        .slice(2)
        .map(([at, { routerLifetime }]) => [at, routerLifetime]),
      [
        [33_000, 0],
        [100_000, 1800],
        [100_001, 0],
      ],
    )
  })
})
