import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv6 from '@mirage/address/ipv6'
import { local } from '@mirage/address/mac'
import { seeded } from '@mirage/random/seeded'
import { below } from '@mirage/random'
import { ipv6 as address } from '../../../address/src/testing/literals.ts'
import * as ndp from './ndp.ts'
import * as wire from './wire.ts'

const MAC = local(1)
const OWN = address('fe80::50:ff:fe00:1')
const PEER = address('fe80::50:ff:fe00:2')
const PEER_MAC = local(2)
const ROUTER = address('fe80::1')
const ROUTER_MAC = local(9)
const FAR = address('2001:db8:9::5')
/** What we make of the router's prefix. */
const GLOBAL = address('2001:db8:1::50:ff:fe00:1')
const DUTIFUL: ndp.Options = {
  mac: MAC,
  mtu: 1500,
  acceptsRouters: true,
  addressIn: (prefix, attempt) => (attempt === 0 ? ipv6.fromMac(prefix, MAC) : undefined),
}

/** A host after `now`: with its link-local address, if two seconds have passed. */
function host(options: Partial<ndp.Options> = {}, now: number = 2000): ndp.Ndp {
  const state = ndp.create({ ...DUTIFUL, ...options })
  ndp.start(state, 0, 0)
  while (ndp.deadline(state) <= now) ndp.tick(state, ndp.deadline(state), 0)
  return state
}

function told(message: wire.Message, src: ipv6.Ipv6, dst: ipv6.Ipv6): [wire.Message, wire.Travel] {
  return [message, { src, dst, hopLimit: 255 }]
}

function advertisement(changes: Partial<wire.RouterAdvertisement> = {}): [wire.Message, wire.Travel] {
  const prefix: wire.Prefix = {
    prefix: { address: address('2001:db8:1::'), prefixLength: 64 },
    isOnLink: true,
    isAutonomous: true,
    validLifetime: 3600,
    preferredLifetime: 1800,
  }
  const message: wire.RouterAdvertisement = {
    kind: 'router-advertisement',
    hopLimit: 0,
    routerLifetime: 1800,
    preference: 0,
    reachableTime: 0,
    retransTimer: 0,
    mac: ROUTER_MAC,
    prefixes: [prefix],
    dnsServers: [],
    ...changes,
  }
  return told(message, ROUTER, ipv6.ALL_NODES)
}

function asked(target: ipv6.Ipv6, src: ipv6.Ipv6): [wire.Message, wire.Travel] {
  const mac = src === ipv6.UNSPECIFIED ? {} : { mac: PEER_MAC }
  return told({ kind: 'neighbour-solicitation', target, ...mac }, src, ipv6.solicitedNode(target))
}

describe('a host that comes to a link', () => {
  it('asks whether somebody has its address, and for routers', () => {
    const state = ndp.create(DUTIFUL)
    ndp.start(state, 0, 0.5)
    assert.equal(ndp.deadline(state), 500)
    const actions = ndp.tick(state, 500, 0.5)
    assert.deepEqual(actions, [
      {
        kind: 'send',
        src: ipv6.UNSPECIFIED,
        dst: address('ff02::1:ff00:1'),
        message: { kind: 'neighbour-solicitation', target: OWN },
      },
      {
        kind: 'send',
        src: ipv6.UNSPECIFIED,
        dst: ipv6.ALL_ROUTERS,
        message: { kind: 'router-solicitation' },
      },
    ])
    assert.deepEqual(
      ndp.tick(state, 1500, 0.5).map(({ kind }) => kind),
      ['assigned'],
    )
    assert.deepEqual(ndp.tick(state, 4500, 0.5), [
      { kind: 'send', src: OWN, dst: ipv6.ALL_ROUTERS, message: { kind: 'router-solicitation', mac: MAC } },
    ])
  })

  it('leaves its address to who has it, or wants it too', () => {
    const claims = [
      asked(OWN, ipv6.UNSPECIFIED),
      told(
        {
          kind: 'neighbour-advertisement',
          target: OWN,
          isRouter: false,
          isSolicited: false,
          isOverride: false,
        },
        PEER,
        ipv6.ALL_NODES,
      ),
    ]
    for (const claim of claims) {
      const state = host({}, 500)
      const [event] = ndp.input(state, ...claim, 600, 0)
      assert.equal(event?.kind, 'duplicate')
      assert.deepEqual(state.addresses.list, [])
    }
  })

  it('tries another address where it has one', () => {
    const addressIn = (_prefix: ipv6.Ipv6, attempt: number): ipv6.Ipv6 | undefined =>
      attempt < 3 ? ipv6.of(0xfe80, 0, 0, 0, 0, 0, 0, 0x11 + attempt) : undefined
    const state = host({ addressIn }, 500)
    for (const next of ['fe80::12', 'fe80::13', undefined]) {
      ndp.input(state, ...asked(state.addresses.list[0]!.address, ipv6.UNSPECIFIED), 600, 0)
      const own = state.addresses.list[0]
      assert.equal(own && ipv6.format(own.address), next)
    }
  })

  it("is not asked while its address may be another's", () => {
    const state = host({}, 500)
    assert.deepEqual(ndp.input(state, ...asked(OWN, PEER), 600, 0), [])
  })
})

describe('a host', () => {
  it('answers who asks for it, and remembers who asked', () => {
    const state = host()
    const message: wire.Message = {
      kind: 'neighbour-advertisement',
      target: OWN,
      isRouter: false,
      isSolicited: true,
      isOverride: true,
      mac: MAC,
    }
    assert.deepEqual(ndp.input(state, ...asked(OWN, PEER), 2000, 0), [
      { kind: 'send', src: OWN, dst: PEER, to: PEER_MAC, message },
    ])
    assert.equal(state.neighbours.entries.get(PEER)?.state, 'stale')
    assert.deepEqual(ndp.input(state, ...asked(PEER, ROUTER), 2000, 0), [])
  })

  it('tells everyone that an address is taken, if somebody wants it', () => {
    const [action] = ndp.input(host(), ...asked(OWN, ipv6.UNSPECIFIED), 2000, 0)
    assert.ok(action?.kind === 'send' && action.message.kind === 'neighbour-advertisement')
    assert.deepEqual([action.dst, action.to, action.message.isSolicited], [ipv6.ALL_NODES, undefined, false])
  })

  it('tells that somebody answers for its address, and keeps it', () => {
    const state = host()
    const claim: wire.Message = {
      kind: 'neighbour-advertisement',
      target: OWN,
      isRouter: false,
      isSolicited: false,
      isOverride: true,
      mac: PEER_MAC,
    }
    assert.deepEqual(ndp.input(state, ...told(claim, OWN, ipv6.ALL_NODES), 2000, 0), [
      { kind: 'conflict', address: OWN, mac: PEER_MAC },
    ])
    assert.equal(state.addresses.list.length, 1)
    // What it said itself and hears again is no claim.
    assert.deepEqual(ndp.input(state, ...told({ ...claim, mac: MAC }, OWN, ipv6.ALL_NODES), 2000, 0), [])
  })

  it('is a member of the groups in which it is asked for', () => {
    const state = host()
    ndp.assign(state, { address: address('fd00::1:2:3'), prefixLength: 64 }, 2000, 2000)
    assert.deepEqual([...ndp.groups(state)].map(ipv6.format), ['ff02::1', 'ff02::1:ff00:1', 'ff02::1:ff02:3'])
  })

  it('asks a group for a neighbour, and tells when it answers', () => {
    const state = host()
    const message: wire.Message = { kind: 'neighbour-solicitation', target: PEER, mac: MAC }
    assert.deepEqual(ndp.resolve(state, PEER, 2000), [
      { kind: 'send', src: OWN, dst: address('ff02::1:ff00:2'), message },
    ])
    const answer: wire.Message = {
      kind: 'neighbour-advertisement',
      target: PEER,
      isRouter: false,
      isSolicited: true,
      isOverride: true,
      mac: PEER_MAC,
    }
    assert.deepEqual(ndp.input(state, ...told(answer, PEER, OWN), 2100, 0), [
      { kind: 'resolved', ip: PEER, mac: PEER_MAC },
    ])
  })
})

describe('a host that hears a router', () => {
  it('has a way out, an address of the prefix, and neighbours in it', () => {
    const state = host()
    const [event] = ndp.input(state, ...advertisement(), 2000, 0)
    assert.deepEqual(event, { kind: 'router', address: ROUTER })
    assert.equal(ndp.nextHop(state, FAR, 2000), ROUTER)
    assert.equal(ndp.nextHop(state, address('2001:db8:1::7'), 2000), address('2001:db8:1::7'))
    assert.equal(state.neighbours.entries.get(ROUTER)?.mac, ROUTER_MAC)
    ndp.tick(state, 2000, 0)
    assert.deepEqual(
      ndp.tick(state, 3000, 0).map((action) => action.kind === 'assigned' && action.own.address),
      [GLOBAL],
    )
    assert.equal(state.solicitation.deadline, Infinity)
  })

  it('loses the address when its time is over, and the way when that is', () => {
    const state = host()
    ndp.input(state, ...advertisement(), 2000, 0)
    const gone: string[] = []
    while (ndp.deadline(state) < Infinity) {
      const now = ndp.deadline(state)
      for (const action of ndp.tick(state, now, 0)) if (action.kind === 'expired') gone.push(`${now}`)
      if (now === 1_802_000) assert.equal(ndp.nextHop(state, FAR, now), undefined)
    }
    assert.deepEqual(gone, ['3602000'])
    assert.deepEqual(state.routers.prefixes.length, 1)
  })

  it('keeps an address for two hours, whatever is advertised later', () => {
    const state = host()
    const [message, travel] = advertisement()
    assert.ok(message.kind === 'router-advertisement')
    const [prefix] = message.prefixes
    const lasting = advertisement({ prefixes: [{ ...prefix!, validLifetime: 86_400 }] })
    ndp.input(state, ...lasting, 2000, 0)
    const short = advertisement({ prefixes: [{ ...prefix!, validLifetime: 0, preferredLifetime: 0 }] })
    ndp.input(state, ...short, 3000, 0)
    const own = state.addresses.list.find(({ origin }) => origin === 'router')
    assert.deepEqual([own?.validUntil, own?.preferredUntil], [7_203_000, 3000])
    assert.deepEqual(travel.src, ROUTER)
  })

  it('does as the router says, within reason', () => {
    const state = host()
    const sane = { hopLimit: 33, mtu: 1400, reachableTime: 10_000, retransTimer: 200 }
    ndp.input(state, ...advertisement(sane), 2000, 1)
    const { neighbours } = state
    assert.deepEqual([state.hopLimit, state.mtu, neighbours.reachableTime], [33, 1400, 15_000])
    assert.equal(neighbours.retransTimer, 200)
    const mad = { hopLimit: 0, mtu: 9000, reachableTime: 0xffff_ffff, retransTimer: 0xffff_ffff }
    ndp.input(state, ...advertisement(mad), 2000, 0)
    assert.deepEqual([state.hopLimit, state.mtu, neighbours.reachableTime], [33, 1400, 43_200_000])
    assert.equal(neighbours.retransTimer, 60_000)
    ndp.input(state, ...advertisement({ mtu: 1279 }), 2000, 0)
    assert.equal(state.mtu, 1400)
  })

  it('asks name servers for as long as the router says, and says when one is gone', () => {
    const state = host()
    const known = (): ipv6.Ipv6[] => state.nameServers.list.map(({ address: each }) => each)
    const tell = (server: ipv6.Ipv6, lifetime: number, now: number): void => {
      const message = { dnsServers: [{ address: server, lifetime }], prefixes: [], routerLifetime: 9000 }
      ndp.input(state, ...advertisement(message), now, 0)
    }
    const other = address('2001:db8:53::2')
    tell(FAR, 600, 2000)
    tell(other, Infinity, 3000)
    assert.deepEqual(known(), [FAR, other])
    tell(FAR, 700, 4000)
    const until = 704_000
    assert.ok(ndp.deadline(state) <= until)
    const actions: ndp.Action[] = []
    const pass = (end: number): void => {
      for (let at = ndp.deadline(state); at <= end; at = ndp.deadline(state))
        actions.push(...ndp.tick(state, at, 0))
    }
    pass(until - 1)
    assert.deepEqual([known(), actions.some(({ kind }) => kind === 'router')], [[FAR, other], false])
    pass(until)
    assert.deepEqual(known(), [other])
    assert.deepEqual(
      actions.filter(({ kind }) => kind === 'router'),
      [{ kind: 'router', address: ROUTER }],
    )
    tell(other, 0, until + 1)
    assert.deepEqual(known(), [])
  })

  const useless: [why: string, prefix: Partial<wire.Prefix>][] = [
    ['is not for that', { isAutonomous: false }],
    ['leaves no room for it', { prefix: { address: address('2001:db8:1::'), prefixLength: 65 } }],
    ['is over', { validLifetime: 0, preferredLifetime: 0 }],
    ['is preferred for longer than it is valid', { validLifetime: 1, preferredLifetime: 2 }],
    ["is the link's", { prefix: ipv6.LINK_LOCAL }],
    ["is a group's", { prefix: { address: address('ff02::'), prefixLength: 64 } }],
  ]
  for (const [why, changes] of useless) {
    it(`makes no address of a prefix that ${why}`, () => {
      const state = host()
      const [message] = advertisement()
      assert.ok(message.kind === 'router-advertisement')
      ndp.input(state, ...advertisement({ prefixes: [{ ...message.prefixes[0]!, ...changes }] }), 2000, 0)
      assert.equal(state.addresses.list.length, 1)
    })
  }

  it('believes nothing of it where it is told not to', () => {
    const state = host({ acceptsRouters: false })
    assert.deepEqual(ndp.input(state, ...advertisement(), 2000, 0), [])
    assert.deepEqual([ndp.nextHop(state, FAR, 2000), ndp.deadline(state)], [undefined, Infinity])
  })

  it('loses it when it says that it is no router', () => {
    const state = host()
    ndp.input(state, ...advertisement(), 2000, 0)
    const { version } = state.neighbours
    const answer: wire.Message = {
      kind: 'neighbour-advertisement',
      target: ROUTER,
      isRouter: false,
      isSolicited: true,
      isOverride: true,
    }
    const actions = ndp.input(state, ...told(answer, ROUTER, OWN), 2100, 0)
    assert.equal(ndp.nextHop(state, FAR, 2100), undefined)
    assert.ok(state.neighbours.version > version)
    assert.deepEqual(actions, [{ kind: 'router', address: ROUTER }])
  })

  it('says that it is lost when its time is over', () => {
    const state = host()
    ndp.input(state, ...advertisement({ prefixes: [], routerLifetime: 30 }), 2000, 0)
    const isTold = (now: number): boolean => ndp.tick(state, now, 0).some(({ kind }) => kind === 'router')
    assert.deepEqual([31_999, 32_000, 32_001].map(isTold), [false, true, false])
    assert.equal(ndp.nextHop(state, FAR, 32_000), undefined)
  })

  it('takes the way that the router of a destination names', () => {
    const state = host()
    ndp.input(state, ...advertisement(), 2000, 0)
    const redirect: wire.Message = { kind: 'redirect', target: PEER, destination: FAR, mac: PEER_MAC }
    ndp.input(state, ...told(redirect, PEER, OWN), 2100, 0)
    assert.equal(ndp.nextHop(state, FAR, 2100), ROUTER)
    ndp.input(state, ...told(redirect, ROUTER, OWN), 2100, 0)
    assert.equal(ndp.nextHop(state, FAR, 2100), PEER)
    assert.equal(state.neighbours.entries.get(PEER)?.isRouter, true)
  })

  it('turns to another one when it does not answer', () => {
    const state = host()
    const other = address('fe80::2')
    const { mac: _mac, ...silent } = advertisement({ prefixes: [] })[0] as wire.RouterAdvertisement
    for (const src of [ROUTER, other]) ndp.input(state, ...told(silent, src, ipv6.ALL_NODES), 2000, 0)
    ndp.resolve(state, ROUTER, 2000)
    for (const now of [3000, 4000, 5000]) ndp.tick(state, now, 0)
    assert.equal(ndp.nextHop(state, FAR, 5000), other)
  })
})

describe('whatever neighbours say', () => {
  it('throws nothing, keeps within its limits, and leaves a deadline that is later', () => {
    const random = seeded(6)
    const state = host()
    const names = [OWN, GLOBAL, PEER, ROUTER, FAR, ipv6.ALL_NODES, ipv6.UNSPECIFIED, ipv6.LOOPBACK]
    let now = 2000
    for (let i = 0; i < 20_000; i++) {
      const size = [8, 16, 24, 32, 40, 48, 64, 96][below(random, 8)]!
      const bytes = random.generate(size)
      bytes[0] = 133 + below(random, 5)
      bytes[1] = 0
      for (const at of [8, 24])
        if (size >= at + 16) ipv6.write(bytes, at, names[below(random, names.length)]!)
      for (const at of [8, 16, 24, 40]) if (size > at + 1) bytes.set([1 + below(random, 6), 1], at)
      const [src, dst] = [names[below(random, names.length)]!, names[below(random, names.length)]!]
      const parsed = wire.parse(bytes, 0, size, { src, dst, hopLimit: 255 })
      if (parsed.ok) ndp.input(state, parsed.value, { src, dst, hopLimit: 255 }, now, 0.5)
      if (below(random, 4) === 0) ndp.resolve(state, ipv6.of(0xfe80, below(random, 5000)), now)
      now += below(random, 3000)
      ndp.tick(state, now, 0.5)
      assert.ok(ndp.deadline(state) > now)
    }
    assert.ok(state.neighbours.entries.size <= 1024 && state.addresses.list.length <= 16)
    assert.ok(state.routers.list.length <= 8 && state.routers.redirects.size <= 64)
  })
})
