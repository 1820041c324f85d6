import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import * as fc from 'fast-check'
import * as client from './client.ts'
import { INFINITE } from './options.ts'
import * as wire from './wire.ts'

const config: client.Config = { mac: mac.local(1), hostname: 'web' }
const SERVER = ipv4.of(10, 0, 0, 1)
const OTHER_SERVER = ipv4.of(10, 0, 0, 9)
const ADDRESS = ipv4.of(10, 0, 0, 2)
/** The middle of 32 bits: no jitter. */
const MIDDLE = 0x8000_0000

/** What a server says to `asked`. */
function answer(
  asked: client.Output,
  type: wire.MessageType,
  options: wire.Message['options'] = {},
  yiaddr: Ipv4 = type === 'nak' ? ipv4.UNSPECIFIED : ADDRESS,
): wire.Message {
  assert.ok(asked.send !== undefined)
  const lease = { leaseTime: 1000, subnetMask: ipv4.netmask(24), routers: [SERVER], dnsServers: [SERVER] }
  return {
    ...asked.send.message,
    type,
    yiaddr,
    options: { serverId: SERVER, ...(type === 'nak' ? {} : lease), ...options },
  }
}

const input = (from: client.Output, message: wire.Message, now: number): client.Output =>
  client.input(config, from.state, message, now, MIDDLE)
const tick = (from: client.Output, now = from.state.deadline): client.Output =>
  client.tick(config, from.state, now, MIDDLE)

const selecting = (): client.Output => client.start(config, 0, MIDDLE)
function requesting(): client.Output {
  const asked = selecting()
  return input(asked, answer(asked, 'offer'), 0)
}
function bound(options: wire.Message['options'] = {}): client.Output {
  const asked = requesting()
  return input(asked, answer(asked, 'ack', options), 0)
}
function leaseAfter(
  options: wire.Message['options'],
  yiaddr: Ipv4 = ADDRESS,
): NonNullable<client.Event>['lease'] {
  const asked = requesting()
  const { event } = input(asked, answer(asked, 'ack', options, yiaddr), 0)
  assert.equal(event?.kind, 'bound')
  return event.lease
}

describe('a client that starts', () => {
  it('broadcasts a DISCOVER without an address, with its name and what it asks for', () => {
    const { send, state, event } = client.start(config, 0, 0xfeed_f00d)
    assert.equal(state.kind, 'selecting')
    assert.equal(event, undefined)
    assert.deepEqual([send?.src, send?.dst], [ipv4.UNSPECIFIED, ipv4.BROADCAST])
    assert.equal(send?.message.type, 'discover')
    assert.equal(send.message.xid, 0xfeed_f00d)
    assert.equal(send.message.broadcast, true)
    assert.equal(send.message.chaddr, config.mac)
    assert.equal(send.message.options.hostname, 'web')
    for (const code of [1, 3, 6, 51, 58, 59]) {
      assert.ok(send.message.options.parameterRequests?.includes(code), `option ${code}`)
    }
  })

  it('says nothing about a name that it does not have', () => {
    const { send } = client.start({ mac: config.mac }, 0, MIDDLE)
    assert.ok(send !== undefined && !('hostname' in send.message.options))
  })

  it('asks again after 4, 8, 16, 32 and 64 s, and then every 64 s, in the same transaction', () => {
    let output = selecting()
    const waits: number[] = []
    for (let now = 0; waits.length < 7; ) {
      const { deadline } = output.state
      waits.push(deadline - now)
      now = deadline
      output = tick(output)
      assert.equal(output.send?.message.xid, MIDDLE)
    }
    assert.deepEqual(waits, [4000, 8000, 16_000, 32_000, 64_000, 64_000, 64_000])
    assert.equal(output.send?.message.secs, 252)
  })

  it('counts the seconds from its own beginning', () => {
    const output = client.start(config, 9000, MIDDLE)
    assert.equal(client.tick(config, output.state, 13_999, MIDDLE).send?.message.secs, 4)
  })

  it('spreads its retransmissions by up to a second to either side', () => {
    assert.equal(client.start(config, 0, 0).state.deadline, 3000)
    assert.equal(Math.round(client.start(config, 0, 0xffff_ffff).state.deadline), 5000)
  })

  it('does nothing before its deadline', () => {
    const output = selecting()
    assert.deepEqual(tick(output, 3999), { state: output.state })
  })

  it('requests the first offer by broadcast, naming address and server', () => {
    const { send, state } = requesting()
    assert.equal(state.kind, 'requesting')
    assert.deepEqual([send?.src, send?.dst], [ipv4.UNSPECIFIED, ipv4.BROADCAST])
    assert.equal(send?.message.type, 'request')
    assert.equal(send.message.ciaddr, ipv4.UNSPECIFIED)
    assert.equal(send.message.options.requestedAddress, ADDRESS)
    assert.equal(send.message.options.serverId, SERVER)
    assert.equal(send.message.options.hostname, 'web')
  })

  it('says in its request, and whenever it repeats it, the seconds of its DISCOVER (RFC 2131 §3.1)', () => {
    const asked = tick(selecting())
    const first = input(asked, answer(asked, 'offer'), 9500)
    const again = tick(first)
    assert.deepEqual(
      [asked, first, again].map(({ send }) => send?.message.secs),
      [4, 4, 4],
    )
  })

  it('keeps to the first offer when a second comes', () => {
    const output = requesting()
    assert.deepEqual(input(output, answer(output, 'offer'), 1), { state: output.state })
  })

  it('repeats its request four times, then begins again with a DISCOVER', () => {
    let output = requesting()
    const sent: unknown[] = []
    for (let i = 0; i < 4; i += 1) {
      output = tick(output)
      sent.push([output.state.deadline, output.send?.message.type])
    }
    assert.deepEqual(sent, [
      [12_000, 'request'],
      [28_000, 'request'],
      [60_000, 'request'],
      [64_000, 'discover'],
    ])
    assert.equal(output.state.kind, 'selecting')
  })

  it('begins again a second after a NAK, in a new transaction', () => {
    const asked = requesting()
    const refused = input(asked, answer(asked, 'nak'), 10)
    assert.deepEqual(refused, { state: { kind: 'init', deadline: 1010 } })
    assert.equal(client.tick(config, refused.state, 1010, 77).send?.message.xid, 77)
  })
})

describe('a client ignores', () => {
  const asked = selecting()
  const ignored: [what: string, at: client.Output, message: (at: client.Output) => wire.Message][] = [
    ['another transaction', asked, (at) => ({ ...answer(at, 'offer'), xid: 1 })],
    ['an answer to another client', asked, (at) => ({ ...answer(at, 'offer'), chaddr: mac.local(2) })],
    [
      'an offer without a server',
      asked,
      (at) => {
        const { serverId: _, ...options } = answer(at, 'offer').options
        return { ...answer(at, 'offer'), options }
      },
    ],
    ['an offer of no address', asked, (at) => answer(at, 'offer', {}, ipv4.UNSPECIFIED)],
    ['an offer of the loopback address', asked, (at) => answer(at, 'offer', {}, ipv4.LOOPBACK)],
    ['an offer of a multicast address', asked, (at) => answer(at, 'offer', {}, ipv4.of(224, 0, 0, 1))],
    ['an ACK that it did not ask for', asked, (at) => answer(at, 'ack')],
    ['a NAK before it requested', asked, (at) => answer(at, 'nak')],
    ['its own kind of message', asked, (at) => answer(at, 'discover')],
    ['an ACK of another server', requesting(), (at) => answer(at, 'ack', { serverId: OTHER_SERVER })],
    ['a NAK of another server', requesting(), (at) => answer(at, 'nak', { serverId: OTHER_SERVER })],
    ['an ACK of no address', requesting(), (at) => answer(at, 'ack', {}, ipv4.UNSPECIFIED)],
  ]
  for (const [what, at, message] of ignored) {
    it(what, () => assert.deepEqual(input(at, message(at), 1), { state: at.state }))
  }

  it('everything while it is bound', () => {
    const output = bound()
    for (const type of wire.TYPES) {
      assert.deepEqual(input(output, { ...answer(requesting(), type) }, 1), { state: output.state })
    }
  })
})

describe('a lease', () => {
  it('has the address, network, gateway, name servers and times that the server gave', () => {
    const lease = leaseAfter({ domainName: 'example.org', renewalTime: 100, rebindingTime: 900 })
    assert.deepEqual(lease, {
      address: ADDRESS,
      prefixLength: 24,
      gateway: SERVER,
      dnsServers: [SERVER],
      ntpServers: [],
      domainName: 'example.org',
      searchList: ['example.org'],
      server: SERVER,
      renew: 100_000,
      rebind: 900_000,
      expires: 1_000_000,
    })
  })

  it('has the names, the time servers and the packet size that the server gave', () => {
    const { hostname, ntpServers, searchList, mtu } = leaseAfter({
      hostname: 'given',
      domainName: 'example.org',
      searchList: ['a.example', 'b.example'],
      ntpServers: [OTHER_SERVER],
      interfaceMtu: 1400,
    })
    assert.deepEqual(
      { hostname, ntpServers, searchList, mtu },
      { hostname: 'given', ntpServers: [OTHER_SERVER], searchList: ['a.example', 'b.example'], mtu: 1400 },
    )
  })

  it('has no packet size that no network has (RFC 791 §3.1)', () => {
    assert.equal(leaseAfter({ interfaceMtu: 575 }).mtu, undefined)
    assert.equal(leaseAfter({ interfaceMtu: 576 }).mtu, 576)
  })

  it('keeps eight servers of a kind, and none that is no host', () => {
    const many = Array.from({ length: 20 }, (_, index) => ipv4.of(10, 0, 1, index))
    const { dnsServers } = leaseAfter({ dnsServers: [ipv4.UNSPECIFIED, ipv4.BROADCAST, ...many] })
    assert.deepEqual(dnsServers, many.slice(0, 8))
  })

  it('counts from when it was asked for, not from when the answer came', () => {
    const asked = requesting()
    const { event } = input(asked, answer(asked, 'ack'), 3000)
    assert.equal(event?.lease.expires, 1_000_000)
  })

  it('is renewed after half and rebound after seven eighths unless the server says when', () => {
    const { renew, rebind } = leaseAfter({})
    assert.deepEqual([renew, rebind], [500_000, 875_000])
  })

  const senseless: [what: string, t1: number, t2: number][] = [
    ['T1 after T2', 900, 800],
    ['T1 at T2', 800, 800],
    ['T2 at the end', 500, 1000],
    ['T1 at once', 1, 900],
  ]
  for (const [what, renewalTime, rebindingTime] of senseless) {
    it(`has the usual times where the server's make no sense: ${what}`, () => {
      const { renew, rebind } = leaseAfter({ renewalTime, rebindingTime })
      assert.deepEqual([renew, rebind], [500_000, 875_000])
    })
  }

  it('without end asks for nothing any more', () => {
    const { renew, rebind, expires } = leaseAfter({ leaseTime: INFINITE })
    assert.deepEqual([renew, rebind, expires], [Infinity, Infinity, Infinity])
    assert.equal(bound({ leaseTime: INFINITE }).state.deadline, Infinity)
  })

  it('of no time lasts ten seconds, so that nobody is kept busy', () => {
    const { renew, expires } = leaseAfter({ leaseTime: 0 })
    assert.deepEqual([renew, expires], [5000, 10_000])
  })

  it('without a time lasts an hour', () => {
    const asked = requesting()
    const { leaseTime: _, ...options } = answer(asked, 'ack').options
    assert.equal(input(asked, { ...answer(asked, 'ack'), options }, 0).event?.lease.expires, 3_600_000)
  })

  it('without a router has no gateway', () => {
    const asked = requesting()
    const { routers: _, ...options } = answer(asked, 'ack').options
    const { event } = input(asked, { ...answer(asked, 'ack'), options }, 0)
    assert.ok(event !== undefined && !('gateway' in event.lease))
    assert.ok(!('gateway' in leaseAfter({ routers: [ipv4.UNSPECIFIED] })))
  })

  const classes: [address: Ipv4, mask: Ipv4, prefixLength: number][] = [
    [ipv4.of(10, 1, 2, 3), ipv4.UNSPECIFIED, 8],
    [ipv4.of(172, 16, 2, 3), ipv4.UNSPECIFIED, 16],
    [ipv4.of(192, 168, 2, 3), ipv4.UNSPECIFIED, 24],
    [ipv4.of(192, 168, 2, 3), ipv4.of(255, 0, 255, 0), 24],
    [ipv4.of(192, 168, 2, 3), ipv4.netmask(30), 30],
  ]
  for (const [address, subnetMask, prefixLength] of classes) {
    it(`${ipv4.format(address)} with mask ${ipv4.format(subnetMask)} is of a /${prefixLength}`, () => {
      assert.equal(leaseAfter({ subnetMask }, address).prefixLength, prefixLength)
    })
  }
})

describe('a bound client', () => {
  it('asks its server by unicast at T1, from its address', () => {
    const output = bound()
    assert.equal(output.state.deadline, 500_000)
    const { send, state, event } = tick(output)
    assert.deepEqual([state.kind, event], ['renewing', undefined])
    assert.deepEqual([send?.src, send?.dst], [ADDRESS, SERVER])
    const { ciaddr, broadcast, options } = send!.message
    assert.deepEqual([ciaddr, broadcast], [ADDRESS, false])
    assert.ok(!('requestedAddress' in options) && !('serverId' in options))
  })

  it('has its lease renewed from the time it asked', () => {
    const asked = tick(bound())
    const { state, event } = input(asked, answer(asked, 'ack', { serverId: OTHER_SERVER }), 500_100)
    assert.equal(state.kind, 'bound')
    assert.equal(event?.kind, 'renewed')
    assert.equal(event.lease.expires, 1_500_000)
    assert.equal(event.lease.server, OTHER_SERVER)
  })

  it('is bound anew when the renewal gives it another address', () => {
    const asked = tick(bound())
    const other = ipv4.of(10, 0, 0, 77)
    const { event } = input(asked, answer(asked, 'ack', {}, other), 500_100)
    assert.deepEqual([event?.kind, event?.lease.address], ['bound', other])
  })

  it('repeats at half of the time that is left, at most once a minute, and broadcasts from T2 on', () => {
    let output = bound()
    const sent: unknown[] = []
    while (output.event?.kind !== 'lost') {
      const now = output.state.deadline
      output = tick(output)
      sent.push([now / 1000, output.state.kind, ipv4.format(output.send!.dst)])
    }
    assert.deepEqual(sent, [
      [500, 'renewing', '10.0.0.1'],
      [687.5, 'renewing', '10.0.0.1'],
      [781.25, 'renewing', '10.0.0.1'],
      [841.25, 'renewing', '10.0.0.1'],
      [875, 'rebinding', '255.255.255.255'],
      [937.5, 'rebinding', '255.255.255.255'],
      [997.5, 'rebinding', '255.255.255.255'],
      [1000, 'selecting', '255.255.255.255'],
    ])
    assert.equal(output.send?.message.type, 'discover')
    assert.equal(output.send.src, ipv4.UNSPECIFIED)
  })

  it('goes to rebinding at once when it was asleep past T2, and loses a lease that it slept through', () => {
    const rebinding = tick(bound(), 900_000)
    assert.deepEqual([rebinding.state.kind, rebinding.send?.dst], ['rebinding', ipv4.BROADCAST])
    const lost = tick(bound(), 2_000_000)
    assert.deepEqual([lost.state.kind, lost.event?.kind], ['selecting', 'lost'])
  })

  it('loses its lease to a NAK', () => {
    const asked = tick(bound())
    const { state, event } = input(asked, answer(asked, 'nak'), 500_100)
    assert.deepEqual([state.kind, event?.kind], ['init', 'lost'])
  })
})

describe('a client that had an address before', () => {
  const rebooting = (): client.Output => client.start(config, 0, MIDDLE, ADDRESS)

  it('asks every server whether it may still have it, naming none (RFC 2131 §4.3.2)', () => {
    const { send, state } = rebooting()
    assert.equal(state.kind, 'rebooting')
    assert.deepEqual([send?.src, send?.dst], [ipv4.UNSPECIFIED, ipv4.BROADCAST])
    const { type, ciaddr, options } = send!.message
    assert.deepEqual([type, ciaddr, options.requestedAddress], ['request', ipv4.UNSPECIFIED, ADDRESS])
    assert.ok(!('serverId' in options))
  })

  it('is bound by one exchange, to whichever server answers', () => {
    const asked = rebooting()
    const { event, state } = input(asked, answer(asked, 'ack', { serverId: OTHER_SERVER }), 5)
    assert.deepEqual([state.kind, event?.kind, event?.lease.server], ['bound', 'bound', OTHER_SERVER])
  })

  it('begins anew after a NAK', () => {
    const asked = rebooting()
    const refused = input(asked, answer(asked, 'nak'), 10)
    assert.deepEqual(refused, { state: { kind: 'init', deadline: 1010 } })
    const { send } = tick(refused)
    assert.equal(send?.message.type, 'discover')
    assert.ok(!('requestedAddress' in send.message.options))
  })

  it('asks twice, and then for any address, but would like the same', () => {
    const again = tick(rebooting())
    assert.deepEqual([again.state.kind, again.state.deadline], ['rebooting', 12_000])
    const { state, send } = tick(again)
    assert.equal(state.kind, 'selecting')
    assert.equal(send?.message.type, 'discover')
    assert.equal(send.message.options.requestedAddress, ADDRESS)
  })

  it('asks for no address that no host has', () => {
    assert.equal(client.start(config, 0, MIDDLE, ipv4.LOOPBACK).state.kind, 'selecting')
  })

  it('asks for the same again when its lease has ended', () => {
    const { send } = tick(bound(), 2_000_000)
    assert.equal(send?.message.options.requestedAddress, ADDRESS)
  })
})

describe('a client whose address somebody else has', () => {
  const conflict = (at: client.Output, now: number): client.Output =>
    client.conflict(config, at.state, now, MIDDLE)

  it('probes the address as soon as it has it, declines it at the first answer, and waits ten seconds', () => {
    const fresh = bound()
    assert.equal(fresh.probe, ADDRESS)
    const { state, event, send } = conflict(fresh, 3)
    assert.deepEqual(state, { kind: 'init', deadline: 10_003 })
    assert.equal(event?.kind, 'lost')
    assert.deepEqual([send?.src, send?.dst], [ipv4.UNSPECIFIED, ipv4.BROADCAST])
    const { type, ciaddr, options } = send!.message
    assert.deepEqual([type, ciaddr], ['decline', ipv4.UNSPECIFIED])
    assert.deepEqual([options.requestedAddress, options.serverId], [ADDRESS, SERVER])
    assert.ok(!('parameterRequests' in options), 'RFC 2131 table 5')
  })

  it('defends an address that it used for a while, once in ten seconds', () => {
    const defended = conflict(bound(), 20_000)
    assert.deepEqual([defended.announce, defended.event, defended.send], [ADDRESS, undefined, undefined])
    assert.equal(defended.state.kind, 'bound')
    assert.equal(conflict(defended, 29_999).event?.kind, 'lost')
    assert.equal(conflict(defended, 30_000).announce, ADDRESS)
  })

  it('defends it while it renews, too', () => {
    const renewing = tick(bound())
    const defended = conflict(renewing, 500_001)
    assert.deepEqual(defended.state, { ...renewing.state, guard: { yieldUntil: 510_001 } })
  })

  it('is no client without an address', () => {
    for (const at of [selecting(), requesting()]) assert.deepEqual(conflict(at, 1), { state: at.state })
  })
})

describe('a cautious client', () => {
  const cautious = { ...config, isCautious: true }
  const acknowledged = (): client.Output => {
    const asked = requesting()
    return client.input(cautious, asked.state, answer(asked, 'ack'), 0, MIDDLE)
  }
  const next = (from: client.Output): client.Output =>
    client.tick(cautious, from.state, from.state.deadline, MIDDLE)

  it('probes three times, a second or two apart, and waits two before it uses the address (RFC 5227 §1.1)', () => {
    const seen: unknown[] = []
    for (let output = acknowledged(); ; output = next(output)) {
      seen.push([output.state.kind, output.state.deadline, output.probe, output.event?.kind])
      if (output.event !== undefined) break
    }
    assert.deepEqual(seen, [
      ['probing', 500, undefined, undefined],
      ['probing', 2000, ADDRESS, undefined],
      ['probing', 3500, ADDRESS, undefined],
      ['probing', 5500, ADDRESS, undefined],
      ['bound', 500_000, undefined, 'bound'],
    ])
  })

  it('declines an address that is claimed while it probes, without having used it', () => {
    const { state, event, send } = client.conflict(cautious, next(acknowledged()).state, 700, MIDDLE)
    assert.deepEqual([state.kind, event, send?.message.type], ['init', undefined, 'decline'])
  })

  it('gives the former address up before it probes another', () => {
    const asked = tick(bound())
    const ack = answer(asked, 'ack', {}, ipv4.of(10, 0, 0, 77))
    const { state, event } = client.input(cautious, asked.state, ack, 500_100, MIDDLE)
    assert.deepEqual([state.kind, event?.kind, event?.lease.address], ['probing', 'lost', ADDRESS])
  })
})

describe('a client that ends', () => {
  it('gives its lease back to its server, from its address (RFC 2131 table 5)', () => {
    const sent = client.release(config, tick(bound()).state, 77)
    assert.deepEqual([sent?.src, sent?.dst], [ADDRESS, SERVER])
    const { type, xid, ciaddr, options } = sent!.message
    assert.deepEqual([type, xid, ciaddr], ['release', 77, ADDRESS])
    assert.deepEqual(options, { serverId: SERVER })
  })

  it('says nothing without a lease', () => {
    for (const { state } of [selecting(), requesting()]) {
      assert.equal(client.release(config, state, 77), undefined)
    }
  })
})

describe('a client with an identifier', () => {
  const named = { ...config, clientId: Uint8Array.of(0, 7, 7) }

  it('says it in every message', () => {
    const asked = client.start(named, 0, MIDDLE)
    const chosen = client.input(named, asked.state, answer(asked, 'offer'), 0, MIDDLE)
    const leased = client.input(named, chosen.state, answer(chosen, 'ack'), 0, MIDDLE)
    const declined = client.conflict(named, leased.state, 1, MIDDLE)
    const released = client.release(named, leased.state, 1)
    for (const sent of [asked.send, chosen.send, declined.send, released]) {
      assert.deepEqual(sent?.message.options.clientId, named.clientId)
    }
  })

  it('takes no answer to another identifier (RFC 6842 §3)', () => {
    const asked = client.start(named, 0, MIDDLE)
    const other = answer(asked, 'offer', { clientId: Uint8Array.of(0, 7, 8) })
    assert.deepEqual(client.input(named, asked.state, other, 1, MIDDLE), { state: asked.state })
  })
})

it('a client in any state survives any bytes that are a message, and keeps a deadline ahead', () => {
  const header = wire.emit({ ...answer(requesting(), 'ack'), options: {} }).subarray(0, 240)
  const states = [
    selecting(),
    requesting(),
    client.start(config, 0, MIDDLE, ADDRESS),
    bound(),
    tick(bound()),
    tick(bound(), 900_000),
  ]
  const options = fc.uint8Array({ maxLength: 100 })
  const type = fc.integer({ min: 0, max: 9 })
  fc.assert(
    fc.property(fc.constantFrom(...states), type, options, ({ state }, type, options) => {
      const message = wire.parse(Uint8Array.of(...header, 53, 1, type, 54, 4, 10, 0, 0, 1, ...options))
      if (!message.ok) return
      const output = client.input(config, state, message.value, 1, MIDDLE)
      assert.ok(output.state.deadline > 1)
    }),
  )
})
