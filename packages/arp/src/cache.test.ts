import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Ipv4, of } from '@mirage/address/ipv4'
import { BROADCAST, type Mac, ZERO, local } from '@mirage/address/mac'
import * as arp from './cache.ts'
import type { Arp } from './wire.ts'

const OWN_MAC = local(1)
const OWN = of(10, 0, 0, 1)
const OTHER_MAC = local(2)
const OTHER = of(10, 0, 0, 2)
const THIRD_MAC = local(3)
const THIRD = of(10, 0, 0, 3)

const NOTHING: arp.Output = { packets: [], events: [] }

function cache(options?: arp.Options): arp.Cache {
  return arp.create(OWN_MAC, options)
}

/** A cache that answers for `OWN`. */
function host(options?: arp.Options): arp.Cache {
  const own = cache(options)
  arp.alias(own, OWN)
  return own
}

/** A host that has learnt `OTHER`. */
function acquainted(options?: arp.Options): arp.Cache {
  const own = host(options)
  arp.query(own, OTHER)
  arp.input(own, reply(OTHER, OTHER_MAC))
  return own
}

function request(srcIp: Ipv4, dstIp: Ipv4, srcMac: Mac = OTHER_MAC): Arp {
  return { operation: 'request', srcMac, srcIp, dstMac: BROADCAST, dstIp }
}

function reply(srcIp: Ipv4, srcMac: Mac): Arp {
  return { operation: 'reply', srcMac, srcIp, dstMac: OWN_MAC, dstIp: OWN }
}

/** What everyone hears who is told that `srcIp` is at `srcMac`: RFC 5227 §3. */
function announcement(srcIp: Ipv4, srcMac: Mac): Arp {
  return { operation: 'request', srcMac, srcIp, dstMac: ZERO, dstIp: srcIp }
}

const OUR_REQUEST: Arp = {
  operation: 'request',
  srcMac: OWN_MAC,
  srcIp: OWN,
  dstMac: BROADCAST,
  dstIp: OTHER,
}

describe('the addresses of an arp cache', () => {
  it('need a timeout above zero, retries of zero or more, and room', () => {
    assert.throws(() => cache({ timeout: 0 }), /strictly positive/)
    assert.throws(() => cache({ timeout: -1 }), /strictly positive/)
    assert.throws(() => cache({ retries: -1 }), /not negative/)
    assert.throws(() => cache({ size: 0 }))
    assert.doesNotThrow(() => cache({ timeout: 1, retries: 0, size: 1 }))
  })

  it('are none at first', () => {
    assert.deepEqual(arp.addresses(cache()), [])
    assert.equal(arp.lookup(cache(), OWN), undefined)
  })

  it('are announced to everyone when they are added', () => {
    const own = cache()
    assert.deepEqual(arp.alias(own, OWN), { packets: [announcement(OWN, OWN_MAC)], events: [] })
    assert.deepEqual(arp.addresses(own), [OWN])
    assert.equal(arp.lookup(own, OWN), OWN_MAC)
  })

  it('are several, in the order they were added', () => {
    const own = host()
    arp.alias(own, THIRD)
    arp.alias(own, OTHER)
    assert.deepEqual(arp.addresses(own), [OWN, THIRD, OTHER])
  })

  it('are forgotten when they are removed', () => {
    const own = host()
    arp.alias(own, OTHER)
    assert.deepEqual(arp.remove(own, OWN), NOTHING)
    assert.deepEqual(arp.addresses(own), [OTHER])
    assert.equal(arp.lookup(own, OWN), undefined)
    assert.deepEqual(arp.input(own, request(THIRD, OWN)), NOTHING)
  })

  it('stay when another is removed', () => {
    const own = host()
    assert.deepEqual(arp.remove(own, OTHER), NOTHING)
    assert.deepEqual(arp.addresses(own), [OWN])
  })

  it('are not those that were given for others', () => {
    const own = cache()
    assert.deepEqual(arp.assign(own, OTHER, OTHER_MAC), NOTHING)
    assert.deepEqual(arp.addresses(own), [])
    assert.equal(arp.lookup(own, OTHER), OTHER_MAC)
  })

  it('may be given for another after they were ours, and the other way round', () => {
    const own = host()
    arp.assign(own, OWN, OTHER_MAC)
    assert.deepEqual(arp.addresses(own), [])
    assert.equal(arp.lookup(own, OWN), OTHER_MAC)
    arp.alias(own, OWN)
    assert.equal(arp.lookup(own, OWN), OWN_MAC)
    assert.deepEqual(arp.addresses(own), [OWN])
  })
})

describe('a query', () => {
  it('for what is ours or given is answered without a packet', () => {
    const own = host()
    arp.assign(own, OTHER, OTHER_MAC)
    assert.deepEqual(arp.query(own, OWN), NOTHING)
    assert.deepEqual(arp.query(own, OTHER), NOTHING)
    assert.equal(own.pendings.size, 0)
  })

  it('for what is unknown is sent to everyone', () => {
    assert.deepEqual(arp.query(host(), OTHER), { packets: [OUR_REQUEST], events: [] })
  })

  it('is sent from the first address, or from none', () => {
    const own = host()
    arp.alias(own, THIRD)
    assert.equal(arp.query(own, OTHER).packets[0]?.srcIp, OWN)
    assert.equal(arp.query(cache(), OTHER).packets[0]?.srcIp, of(0, 0, 0, 0))
  })

  it('for what is asked for already is not sent again', () => {
    const own = host()
    arp.query(own, OTHER)
    assert.deepEqual(arp.query(own, OTHER), NOTHING)
  })

  it('for another address is', () => {
    const own = host()
    arp.query(own, OTHER)
    assert.deepEqual(arp.query(own, THIRD).packets, [{ ...OUR_REQUEST, dstIp: THIRD }])
  })

  it('ends when the address becomes ours, is given, or is removed', () => {
    const own = host()
    for (const ip of [OTHER, THIRD]) arp.query(own, ip)
    assert.deepEqual(arp.alias(own, OTHER), {
      packets: [announcement(OTHER, OWN_MAC)],
      events: [{ kind: 'resolved', ip: OTHER, mac: OWN_MAC }],
    })
    assert.deepEqual(arp.assign(own, THIRD, THIRD_MAC).events, [
      { kind: 'resolved', ip: THIRD, mac: THIRD_MAC },
    ])
    assert.equal(own.pendings.size, 0)
    const asking = host()
    arp.query(asking, OTHER)
    assert.deepEqual(arp.remove(asking, OTHER).events, [{ kind: 'unresolved', ip: OTHER }])
  })

  it('is repeated at each tick and then given up', () => {
    const own = host({ retries: 2 })
    arp.query(own, OTHER)
    assert.deepEqual(arp.tick(own), { packets: [OUR_REQUEST], events: [] })
    assert.deepEqual(arp.tick(own), { packets: [OUR_REQUEST], events: [] })
    assert.deepEqual(arp.tick(own), { packets: [], events: [{ kind: 'unresolved', ip: OTHER }] })
    assert.deepEqual(arp.tick(own), NOTHING)
  })

  it('is given up at the first tick without retries', () => {
    const own = host({ retries: 0 })
    arp.query(own, OTHER)
    assert.deepEqual(arp.tick(own), { packets: [], events: [{ kind: 'unresolved', ip: OTHER }] })
  })

  it('is five times repeated unless told', () => {
    const own = host()
    arp.query(own, OTHER)
    let requests = 0
    for (let i = 0; i < 5; i++) requests += arp.tick(own).packets.length
    assert.equal(requests, 5)
    assert.equal(arp.tick(own).events.length, 1)
  })

  it('that comes later is given up later', () => {
    const own = host({ retries: 1 })
    arp.query(own, OTHER)
    arp.tick(own)
    arp.query(own, THIRD)
    const second = arp.tick(own)
    assert.deepEqual(second.events, [{ kind: 'unresolved', ip: OTHER }])
    assert.deepEqual(
      second.packets.map(({ dstIp }) => dstIp),
      [THIRD],
    )
    assert.deepEqual(arp.tick(own).events, [{ kind: 'unresolved', ip: THIRD }])
  })

  it('may be asked again after it was given up', () => {
    const own = host({ retries: 0 })
    arp.query(own, OTHER)
    arp.tick(own)
    assert.deepEqual(arp.query(own, OTHER).packets, [OUR_REQUEST])
  })

  it('beyond the limit of pending ones has the one given up that was begun first', () => {
    const own = host()
    for (let i = 0; i < arp.PENDING_MAX; i++) arp.query(own, (THIRD + i) as Ipv4)
    const { packets, events } = arp.query(own, OTHER)
    assert.deepEqual(
      [packets.map(({ dstIp }) => dstIp), events],
      [[OTHER], [{ kind: 'unresolved', ip: THIRD }]],
    )
    assert.equal(own.pendings.size, arp.PENDING_MAX)
  })
})

describe('a packet that arrives', () => {
  it('tells the address that was asked for', () => {
    const own = host()
    arp.query(own, OTHER)
    const output = arp.input(own, reply(OTHER, OTHER_MAC))
    assert.deepEqual(output, { packets: [], events: [{ kind: 'resolved', ip: OTHER, mac: OTHER_MAC }] })
    assert.equal(arp.lookup(own, OTHER), OTHER_MAC)
    assert.deepEqual(arp.query(own, OTHER), NOTHING)
  })

  it('tells it as an announcement too', () => {
    const own = host()
    arp.query(own, OTHER)
    const output = arp.input(own, announcement(OTHER, OTHER_MAC))
    assert.deepEqual(output.events, [{ kind: 'resolved', ip: OTHER, mac: OTHER_MAC }])
  })

  it('is not believed if nobody asked', () => {
    const own = host()
    for (const packet of [reply(OTHER, OTHER_MAC), announcement(OTHER, OTHER_MAC)]) {
      assert.deepEqual(arp.input(own, packet), NOTHING)
      assert.equal(arp.lookup(own, OTHER), undefined)
    }
  })

  it('is not believed about another address than was asked for', () => {
    const own = host()
    arp.query(own, OTHER)
    assert.deepEqual(arp.input(own, reply(THIRD, THIRD_MAC)), NOTHING)
    assert.equal(arp.lookup(own, THIRD), undefined)
  })

  it('is not believed if it gives a group for the address of a host', () => {
    const own = host()
    arp.query(own, OTHER)
    assert.deepEqual(arp.input(own, reply(OTHER, BROADCAST)), NOTHING)
    assert.equal(arp.lookup(own, OTHER), undefined)
  })

  it('is not answered if a group asks', () => {
    assert.deepEqual(arp.input(host(), request(OTHER, OWN, BROADCAST)), NOTHING)
  })

  it('that asks in the name of an address of ours is a conflict as well (RFC 5227 §2.4)', () => {
    const conflict = { kind: 'conflict', ip: OWN, mac: THIRD_MAC }
    assert.deepEqual(arp.input(host(), request(OWN, OTHER, THIRD_MAC)), { packets: [], events: [conflict] })
    assert.deepEqual(arp.input(host(), request(OWN, OTHER, OWN_MAC)), NOTHING)
    const own = host()
    arp.assign(own, OTHER, OTHER_MAC)
    assert.equal(arp.input(own, request(OTHER, OWN, THIRD_MAC)).packets[0]?.dstMac, THIRD_MAC)
  })

  it('that asks for an address of ours is answered to who asks, whoever it was sent to', () => {
    const own = host()
    const answer: Arp = { operation: 'reply', srcMac: OWN_MAC, srcIp: OWN, dstMac: OTHER_MAC, dstIp: OTHER }
    assert.deepEqual(arp.input(own, request(OTHER, OWN)), { packets: [answer], events: [] })
    const unicast = { ...request(OTHER, OWN), dstMac: OWN_MAC }
    assert.deepEqual(arp.input(own, unicast).packets, [answer])
  })

  it('that asks is not learnt from, even if it was asked for', () => {
    const own = host()
    arp.query(own, OTHER)
    arp.input(own, request(OTHER, OWN))
    assert.equal(arp.lookup(own, OTHER), undefined)
  })

  it('that asks tells where it is now, if that was known (RFC 826)', () => {
    const own = host()
    arp.query(own, OTHER)
    arp.input(own, reply(OTHER, OTHER_MAC))
    const { version } = own
    assert.deepEqual(arp.input(own, request(OTHER, of(10, 0, 0, 77), THIRD_MAC)), {
      packets: [],
      events: [{ kind: 'moved', ip: OTHER, from: OTHER_MAC, mac: THIRD_MAC }],
    })
    assert.deepEqual([arp.lookup(own, OTHER), own.version > version], [THIRD_MAC, true])
    assert.equal(arp.input(own, request(OTHER, OWN, OTHER_MAC)).packets.length, 1)
    assert.equal(arp.lookup(own, OTHER), OTHER_MAC)
  })

  it('that asks for what is not ours is not answered, known or not', () => {
    const own = acquainted()
    arp.assign(own, THIRD, THIRD_MAC)
    for (const ip of [OTHER, THIRD, of(10, 0, 0, 9)]) {
      assert.deepEqual(arp.input(own, request(of(10, 0, 0, 8), ip)), NOTHING)
    }
  })

  it('does no harm to what is ours or given, and is told', () => {
    const own = host()
    arp.assign(own, OTHER, OTHER_MAC)
    for (const packet of [reply(OWN, THIRD_MAC), announcement(OWN, THIRD_MAC)]) {
      assert.deepEqual(arp.input(own, packet).events, [{ kind: 'conflict', ip: OWN, mac: THIRD_MAC }])
    }
    arp.input(own, reply(OTHER, THIRD_MAC))
    assert.equal(arp.lookup(own, OWN), OWN_MAC)
    assert.equal(arp.lookup(own, OTHER), OTHER_MAC)
  })

  it('is no conflict if it is our own announcement', () => {
    assert.deepEqual(arp.input(host(), announcement(OWN, OWN_MAC)), NOTHING)
  })
})

describe('an address that is probed', () => {
  const probe: Arp = {
    operation: 'request',
    srcMac: OWN_MAC,
    srcIp: of(0, 0, 0, 0),
    dstMac: ZERO,
    dstIp: OTHER,
  }
  function probing(): arp.Cache {
    const own = host()
    assert.deepEqual(arp.probe(own, OTHER), { packets: [probe], events: [] })
    return own
  }
  const conflict = { kind: 'conflict', ip: OTHER, mac: OTHER_MAC }

  it('is a conflict when somebody claims it, however, and is not learnt', () => {
    for (const claim of [reply(OTHER, OTHER_MAC), announcement(OTHER, OTHER_MAC), request(OTHER, THIRD)]) {
      const own = probing()
      assert.deepEqual(arp.input(own, claim).events, [conflict])
      assert.equal(arp.lookup(own, OTHER), undefined)
    }
  })

  it('is a conflict when somebody else probes it at the same time (RFC 5227 §2.1.1)', () => {
    assert.deepEqual(arp.input(probing(), { ...probe, srcMac: OTHER_MAC }).events, [conflict])
    assert.deepEqual(arp.input(probing(), probe).events, [])
  })

  it('is looked for until it is added or removed', () => {
    const removed = probing()
    arp.remove(removed, OTHER)
    assert.deepEqual(arp.input(removed, reply(OTHER, OTHER_MAC)), NOTHING)
    const added = probing()
    arp.alias(added, OTHER)
    assert.deepEqual(arp.input(added, { ...probe, srcMac: OTHER_MAC }).events, [])
    assert.deepEqual(arp.input(added, reply(OTHER, OTHER_MAC)).events, [conflict])
  })

  it('is not one of ours, nor one more than there may be', () => {
    const own = host()
    assert.deepEqual(arp.probe(own, OWN), NOTHING)
    for (let i = 0; i < arp.PROBED_MAX; i++) arp.probe(own, (OTHER + i) as Ipv4)
    assert.deepEqual(arp.probe(own, THIRD), { packets: [{ ...probe, dstIp: THIRD }], events: [] })
    assert.deepEqual(arp.probe(own, of(10, 9, 9, 9)), NOTHING)
  })
})

describe('a learnt address', () => {
  it('is asked for one tick before it is forgotten', () => {
    const own = acquainted({ timeout: 2 })
    assert.deepEqual(arp.tick(own), NOTHING)
    assert.deepEqual(arp.tick(own), { packets: [OUR_REQUEST], events: [] })
    assert.equal(arp.lookup(own, OTHER), OTHER_MAC)
    assert.deepEqual(arp.tick(own), NOTHING)
    assert.equal(arp.lookup(own, OTHER), undefined)
  })

  it('lives for 800 ticks unless told', () => {
    const own = acquainted()
    for (let i = 0; i < 800; i++) arp.tick(own)
    assert.equal(arp.lookup(own, OTHER), OTHER_MAC)
    arp.tick(own)
    assert.equal(arp.lookup(own, OTHER), undefined)
  })

  for (const [how, packet] of [
    ['the same answer', reply(OTHER, OTHER_MAC)],
    ['the same announcement', announcement(OTHER, OTHER_MAC)],
  ] as const) {
    it(`lives on with ${how}`, () => {
      const own = acquainted({ timeout: 1 })
      arp.tick(own)
      assert.deepEqual(arp.input(own, packet), NOTHING)
      arp.tick(own)
      assert.equal(arp.lookup(own, OTHER), OTHER_MAC)
      arp.tick(own)
      assert.equal(arp.lookup(own, OTHER), undefined)
    })
  }

  it('is replaced when its host has another one, and that is told', () => {
    const own = acquainted()
    const before = own.version
    const output = arp.input(own, reply(OTHER, THIRD_MAC))
    assert.deepEqual(output.events, [{ kind: 'moved', ip: OTHER, from: OTHER_MAC, mac: THIRD_MAC }])
    assert.equal(arp.lookup(own, OTHER), THIRD_MAC)
    assert.notEqual(own.version, before)
  })

  it('is not ours to answer for', () => {
    const own = acquainted()
    assert.deepEqual(arp.addresses(own), [OWN])
    assert.deepEqual(arp.input(own, request(THIRD, OTHER)), NOTHING)
  })

  it('gives way to the most recently used when there are too many', () => {
    const own = host({ size: 2 })
    const learn = (ip: Ipv4): void => {
      arp.query(own, ip)
      arp.input(own, reply(ip, local(ip)))
    }
    learn(OTHER)
    learn(THIRD)
    assert.equal(arp.lookup(own, OTHER), local(OTHER))
    const before = own.version
    learn(of(10, 0, 0, 4))
    assert.equal(arp.lookup(own, THIRD), undefined)
    assert.equal(arp.lookup(own, OTHER), local(OTHER))
    assert.notEqual(own.version, before)
  })

  it('keeps the version unless an answer could be wrong now', () => {
    const own = acquainted({ timeout: 1 })
    const before = own.version
    arp.input(own, reply(OTHER, OTHER_MAC))
    arp.query(own, THIRD)
    arp.input(own, reply(THIRD, THIRD_MAC))
    arp.tick(own)
    assert.equal(own.version, before)
    arp.tick(own)
    assert.notEqual(own.version, before)
  })

  it('keeps a clock busy, as a query does, and nothing else does', () => {
    const own = host({ timeout: 1 })
    assert.ok(!arp.isBusy(own))
    arp.query(own, OTHER)
    assert.ok(arp.isBusy(own))
    arp.input(own, reply(OTHER, OTHER_MAC))
    assert.ok(arp.isBusy(own))
    arp.tick(own)
    arp.tick(own)
    assert.ok(!arp.isBusy(own))
  })
})
