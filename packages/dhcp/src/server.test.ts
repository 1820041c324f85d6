import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import * as fc from 'fast-check'
import { OFFERS_MAX } from './bindings.ts'
import { INFINITE } from './options.ts'
import type { Config } from './server-config.ts'
import { NEW_CLIENTS_MAX, type Reply, type Server, createServer } from './server.ts'
import type { Message, MessageType } from './wire.ts'

const address = (last: number): Ipv4 => ipv4.of(10, 0, 0, last)
const config: Config = {
  cidr: { address: address(1), prefixLength: 24 },
  ranges: [{ first: address(2), last: address(4) }],
  gateway: address(1),
  dnsServers: [address(1)],
  leaseTime: 100,
}

function message(type: MessageType, client: number, change: Partial<Message> = {}): Message {
  return {
    type,
    xid: 0xabcd,
    secs: 0,
    broadcast: true,
    ciaddr: ipv4.UNSPECIFIED,
    yiaddr: ipv4.UNSPECIFIED,
    siaddr: ipv4.UNSPECIFIED,
    giaddr: ipv4.UNSPECIFIED,
    chaddr: mac.local(client),
    options: {},
    ...change,
  }
}

/** The reply to `message`, if there is one. */
function ask(server: Server, message: Message, now = 0): Reply | undefined {
  const output = server.input(message, now)
  return 'reply' in output ? output.reply : undefined
}

const discover = (
  server: Server,
  client: number,
  now = 0,
  options: Message['options'] = {},
): Reply | undefined => ask(server, message('discover', client, { options }), now)
const select = (server: Server, client: number, last: number, now = 0): Reply | undefined =>
  ask(
    server,
    message('request', client, { options: { requestedAddress: address(last), serverId: address(1) } }),
    now,
  )
const renew = (server: Server, client: number, last: number, now = 0): Reply | undefined =>
  ask(server, message('request', client, { ciaddr: address(last) }), now)

/** `ack 10.0.0.2`, or `silence`. */
function said(reply: Reply | undefined): string {
  if (reply === undefined) return 'silence'
  const { type, yiaddr } = reply.message
  return type === 'nak' ? type : `${type} ${ipv4.format(yiaddr)}`
}

describe('a server that is asked for an address', () => {
  it('offers the first one of its pool, with everything the client needs', () => {
    const reply = discover(createServer({ ...config, domainName: 'example.org', mtu: 1400 }), 1)
    assert.equal(said(reply), 'offer 10.0.0.2')
    assert.deepEqual([reply?.dst, reply?.dstPort], [ipv4.BROADCAST, 68])
    assert.equal(reply?.message.xid, 0xabcd)
    assert.equal(reply.message.chaddr, mac.local(1))
    assert.deepEqual(reply.message.options, {
      serverId: address(1),
      leaseTime: 100,
      renewalTime: 50,
      rebindingTime: 87,
      subnetMask: ipv4.of(255, 255, 255, 0),
      broadcastAddress: address(255),
      routers: [address(1)],
      dnsServers: [address(1)],
      domainName: 'example.org',
      interfaceMtu: 1400,
    })
  })

  it('offers the same again, and another one to another client', () => {
    const server = createServer(config)
    assert.deepEqual(
      [discover(server, 1), discover(server, 1), discover(server, 2), discover(server, 1)].map(said),
      ['offer 10.0.0.2', 'offer 10.0.0.2', 'offer 10.0.0.3', 'offer 10.0.0.2'],
    )
  })

  it('offers the one that the client asks for, if it is free', () => {
    const server = createServer(config)
    assert.equal(said(discover(server, 1, 0, { requestedAddress: address(4) })), 'offer 10.0.0.4')
    assert.equal(said(discover(server, 2, 0, { requestedAddress: address(4) })), 'offer 10.0.0.2')
    assert.equal(said(discover(server, 3, 0, { requestedAddress: address(9) })), 'offer 10.0.0.3')
  })

  it('is silent when every address is taken, until a lease or an offer has ended', () => {
    const server = createServer(config)
    for (const client of [1, 2, 3]) discover(server, client)
    select(server, 1, 2)
    assert.equal(said(discover(server, 4)), 'silence')
    assert.equal(said(discover(server, 4, 59_999)), 'silence')
    assert.equal(said(discover(server, 4, 60_000)), 'offer 10.0.0.3')
    assert.equal(said(discover(server, 5, 100_000)), 'offer 10.0.0.4')
    assert.equal(said(discover(server, 6, 100_000)), 'offer 10.0.0.2')
  })

  it('gives an address that was never used before one that was', () => {
    const server = createServer(config)
    select(server, 1, 2)
    assert.equal(said(discover(server, 2, 1_000_000)), 'offer 10.0.0.3')
  })

  it('remembers whose an address was when its lease has ended', () => {
    const server = createServer(config)
    select(server, 1, 3)
    assert.equal(said(discover(server, 1, 1_000_000)), 'offer 10.0.0.3')
  })

  it('knows a client by its identifier, whatever its hardware', () => {
    const server = createServer(config)
    const options = { clientId: Uint8Array.of(0, 1, 2) }
    assert.equal(said(discover(server, 1, 0, options)), 'offer 10.0.0.2')
    assert.equal(said(discover(server, 2, 0, options)), 'offer 10.0.0.2')
    assert.equal(said(discover(server, 1)), 'offer 10.0.0.3')
  })

  it('never offers its own address, the gateway, or the ends of the network', () => {
    const server = createServer({
      ...config,
      cidr: { address: address(2), prefixLength: 29 },
      ranges: [{ first: address(0), last: address(7) }],
      gateway: address(5),
    })
    const offers = [1, 2, 3, 4, 5].map((client) => said(discover(server, client)))
    assert.deepEqual(offers, ['1', '3', '4', '6'].map((last) => `offer 10.0.0.${last}`).concat('silence'))
  })

  it('has at most 4096 addresses, in its network, or is a bug', () => {
    const cidr = { address: ipv4.of(10, 0, 0, 1), prefixLength: 16 }
    const pool = (first: Ipv4, last: Ipv4): Config => ({ ...config, cidr, ranges: [{ first, last }] })
    createServer(pool(ipv4.of(10, 0, 1, 0), ipv4.of(10, 0, 16, 255)))
    for (const [first, last] of [
      [ipv4.of(10, 0, 1, 0), ipv4.of(10, 0, 17, 0)],
      [ipv4.of(10, 0, 1, 1), ipv4.of(10, 0, 1, 0)],
      [ipv4.of(10, 1, 0, 0), ipv4.of(10, 1, 0, 9)],
      [ipv4.of(10, 0, 255, 255), ipv4.of(10, 1, 0, 0)],
    ] as const) {
      assert.throws(() => createServer(pool(first, last)), /broken invariant/)
    }
  })

  it('does not grow beyond its pool, however many clients ask', () => {
    const server = createServer(config)
    for (let client = 0; client < 1000; client += 1) discover(server, client, client * 1000)
    assert.equal(server.entries.size, 3)
  })
})

describe('a server that is asked for a lease', () => {
  it('grants what it offered', () => {
    const server = createServer(config)
    discover(server, 1)
    assert.equal(said(select(server, 1, 2)), 'ack 10.0.0.2')
    assert.deepEqual(server.entries.get(address(2)), {
      kind: 'leased',
      client: 'mac:025000000001',
      mac: mac.local(1),
      until: 100_000,
    })
  })

  it('keeps a lease through a new DISCOVER of its client', () => {
    const server = createServer(config)
    select(server, 1, 2)
    discover(server, 1, 50_000)
    assert.equal(server.entries.get(address(2))?.until, 100_000)
  })

  it('frees its offer when the client chooses another server', () => {
    const server = createServer(config)
    discover(server, 1)
    const options = { requestedAddress: address(9), serverId: address(99) }
    assert.equal(said(ask(server, message('request', 1, { options }), 5)), 'silence')
    assert.equal(server.entries.get(address(2))?.until, 5)
  })

  const refused: [what: string, last: number][] = [
    ['of another client', 2],
    ['outside its pool', 9],
    ['of its own', 1],
  ]
  for (const [what, last] of refused) {
    it(`refuses an address ${what}, by broadcast`, () => {
      const server = createServer(config)
      select(server, 2, 2)
      for (const reply of [select(server, 1, last), renew(server, 1, last)]) {
        assert.equal(said(reply), 'nak')
        assert.equal(reply?.dst, ipv4.BROADCAST)
        assert.ok(!('leaseTime' in reply.message.options))
      }
    })
  }

  it('does not answer a request for nothing, or for two things', () => {
    const both = { ciaddr: address(2), options: { requestedAddress: address(2) } }
    for (const change of [{}, both]) {
      assert.deepEqual(createServer(config).input(message('request', 1, change), 0), {
        ignored: 'malformed',
        changed: [],
      })
    }
  })

  it('renews by unicast, from the time of the request', () => {
    const server = createServer(config)
    select(server, 1, 2)
    const reply = renew(server, 1, 2, 50_000)
    assert.equal(said(reply), 'ack 10.0.0.2')
    assert.deepEqual([reply?.dst, reply?.message.ciaddr], [address(2), address(2)])
    assert.equal(server.entries.get(address(2))?.until, 150_000)
  })

  it('renews a lease that it has forgotten, if the address is free', () => {
    assert.equal(said(renew(createServer(config), 1, 3)), 'ack 10.0.0.3')
  })

  it('leaves a client with one address only', () => {
    const server = createServer(config)
    select(server, 1, 2)
    select(server, 1, 3)
    assert.deepEqual([...server.entries.keys()], [address(3)])
  })

  it('answers through the relay that it was asked by', () => {
    const reply = ask(createServer(config), message('discover', 1, { giaddr: address(200) }))
    assert.deepEqual([reply?.dst, reply?.dstPort], [address(200), 67])
  })
})

describe('a fixed address', () => {
  const hosts = [{ mac: mac.local(7), address: address(3) }]
  it('is offered and granted to its client alone', () => {
    const server = createServer({ ...config, hosts })
    assert.equal(said(discover(server, 7)), 'offer 10.0.0.3')
    assert.equal(said(select(server, 7, 3)), 'ack 10.0.0.3')
    assert.equal(said(select(server, 7, 2)), 'nak')
    assert.equal(said(select(server, 1, 3)), 'nak')
    assert.deepEqual(
      [1, 2, 3].map((client) => said(discover(server, client))),
      ['offer 10.0.0.2', 'offer 10.0.0.4', 'silence'],
    )
  })

  it('may lie beside the pool', () => {
    const server = createServer({ ...config, hosts: [{ mac: mac.local(7), address: address(80) }] })
    assert.equal(said(discover(server, 7)), 'offer 10.0.0.80')
    assert.equal(said(renew(server, 7, 80)), 'ack 10.0.0.80')
  })
})

describe('a client that', () => {
  it('releases its lease frees the address, which stays its first choice', () => {
    const server = createServer(config)
    for (const client of [1, 2, 3]) select(server, client, client + 1)
    assert.equal(ask(server, message('release', 2, { ciaddr: address(3) }), 10), undefined)
    assert.equal(said(discover(server, 2, 10)), 'offer 10.0.0.3')
    ask(server, message('release', 2, { ciaddr: address(3) }), 20)
    assert.equal(said(discover(server, 4, 20)), 'offer 10.0.0.3')
  })

  it('declines an address takes it out of use for ten minutes', () => {
    const server = createServer({ ...config, ranges: [{ first: address(2), last: address(2) }] })
    select(server, 1, 2)
    const declined = message('decline', 1, {
      options: { requestedAddress: address(2), serverId: address(1) },
    })
    assert.equal(ask(server, declined), undefined)
    assert.equal(said(discover(server, 1, 599_999)), 'silence')
    assert.equal(said(renew(server, 1, 2, 599_999)), 'nak')
    assert.equal(said(discover(server, 1, 600_000)), 'offer 10.0.0.2')
  })

  it('declines the address of another changes nothing', () => {
    const server = createServer(config)
    select(server, 1, 2)
    server.input(
      message('decline', 2, { options: { requestedAddress: address(2), serverId: address(1) } }),
      0,
    )
    assert.equal(server.entries.get(address(2))?.kind, 'leased')
  })

  it('informs itself gets everything but a lease', () => {
    const server = createServer(config)
    const reply = ask(server, message('inform', 1, { ciaddr: address(50) }))
    assert.equal(said(reply), 'ack 0.0.0.0')
    assert.equal(reply?.dst, address(50))
    assert.deepEqual(reply?.message.options.dnsServers, [address(1)])
    assert.ok(!('leaseTime' in reply.message.options))
    assert.equal(server.entries.size, 0)
  })

  it('talks like a server is ignored', () => {
    for (const type of ['offer', 'ack', 'nak'] as const) {
      assert.deepEqual(createServer(config).input(message(type, 1), 0), {
        ignored: 'not-a-question',
        changed: [],
      })
    }
  })
})

/** What `message` leads to, in one word. */
function became(server: Server, asked: Message, now = 0): string {
  const output = server.input(asked, now)
  return 'ignored' in output ? output.ignored : said(output.reply)
}

describe('a server among others', () => {
  const server = (): Server => createServer({ ...config, isAlone: false })
  const reboot = (client: number, wanted: Ipv4): Message =>
    message('request', client, { options: { requestedAddress: wanted } })

  it('is silent about clients that may be theirs (RFC 2131 §4.3.2)', () => {
    assert.equal(became(server(), reboot(1, address(3))), 'unknown-client')
    assert.equal(became(server(), message('request', 1, { ciaddr: address(3) })), 'unknown-client')
    assert.equal(became(server(), reboot(1, address(99))), 'unknown-client')
  })

  it('refuses an address of another network, whoever asks', () => {
    assert.equal(became(server(), reboot(1, ipv4.of(192, 168, 0, 7))), 'nak')
  })

  it('answers clients of its own', () => {
    const own = server()
    select(own, 1, 2)
    assert.equal(became(own, reboot(1, address(2))), 'ack 10.0.0.2')
    assert.equal(became(own, reboot(1, address(3))), 'ack 10.0.0.3')
    assert.equal(became(own, reboot(1, address(99))), 'nak')
  })
})

describe('a relay', () => {
  it('of another network is not answered: there is no address for its clients', () => {
    const relayed = message('discover', 1, { giaddr: ipv4.of(10, 9, 0, 1) })
    assert.equal(became(createServer(config), relayed), 'other-network')
  })

  it('has back what it added, and a NAK that is to be broadcast (RFC 3046 §2.2, RFC 2131 §4.3.2)', () => {
    const relayAgent = Uint8Array.of(1, 2, 0, 9)
    const options = { relayAgent, requestedAddress: address(99) }
    const change = { giaddr: address(200), broadcast: false }
    const offer = ask(createServer(config), message('discover', 1, { ...change, options: { relayAgent } }))
    assert.deepEqual(offer?.message.options.relayAgent, relayAgent)
    const nak = ask(createServer(config), message('request', 1, { ...change, options }))
    assert.deepEqual([nak?.message.type, nak?.message.broadcast, nak?.dst], ['nak', true, address(200)])
  })
})

describe('a reply', () => {
  it('gives the identifier back (RFC 6842)', () => {
    const clientId = Uint8Array.of(0, 1)
    assert.deepEqual(discover(createServer(config), 1, 0, { clientId })?.message.options.clientId, clientId)
  })

  it('is as large as its reader takes, and no larger than a frame', () => {
    const sizeMax = (messageSizeMax?: number): number | undefined =>
      discover(createServer(config), 1, 0, messageSizeMax === undefined ? {} : { messageSizeMax })?.sizeMax
    assert.deepEqual([sizeMax(), sizeMax(300), sizeMax(1000), sizeMax(9000)], [548, 548, 972, 1472])
  })

  it('goes to an address of the network only, or to everyone', () => {
    const server = createServer(config)
    assert.equal(became(server, message('inform', 1, { ciaddr: ipv4.of(192, 0, 2, 1) })), 'malformed')
    assert.equal(became(server, message('discover', 1, { ciaddr: ipv4.of(192, 0, 2, 1) })), 'malformed')
    assert.equal(became(server, message('inform', 1)), 'malformed')
  })

  it('says that a lease has no end, and nothing of halves of it', () => {
    const { options } = discover(createServer({ ...config, leaseTime: INFINITE }), 1)!.message
    assert.deepEqual([options.leaseTime, options.renewalTime], [INFINITE, undefined])
  })
})

describe('a fixed host', () => {
  it('is known by its identifier before its hardware', () => {
    const clientId = Uint8Array.of(0, 9)
    const hosts = [
      { mac: mac.local(7), address: address(3) },
      { clientId, address: address(80), hostname: 'bob' },
    ]
    const server = createServer({ ...config, hosts })
    const reply = discover(server, 7, 0, { clientId })
    assert.equal(said(reply), 'offer 10.0.0.80')
    assert.equal(reply?.message.options.hostname, 'bob')
  })
})

describe('who asks in many names', () => {
  const large: Config = {
    ...config,
    cidr: { address: address(1), prefixLength: 16 },
    ranges: [{ first: ipv4.of(10, 0, 1, 0), last: ipv4.of(10, 0, 4, 255) }],
    leaseTime: 3600,
  }

  it('is served no faster than the limit, while clients that have an address are', () => {
    const server = createServer(large)
    const first = discover(server, 0)!.message.yiaddr
    for (let client = 1; client < NEW_CLIENTS_MAX; client++) discover(server, client)
    assert.equal(became(server, message('discover', 5000)), 'too-many-clients')
    assert.equal(became(server, message('request', 0, { ciaddr: first })), `ack ${ipv4.format(first)}`)
    assert.equal(became(server, message('discover', 5000), 999), 'offer 10.0.1.128')
  })

  it('keeps no more than some addresses from others by offers that it does not take', () => {
    const server = createServer(large)
    let now = 0
    for (let client = 0; client < 900; client++) discover(server, client, (now += 63))
    const open = [...server.entries.values()].filter(({ until }) => until > now)
    assert.equal(open.length, OFFERS_MAX)
  })

  it('keeps no more than a quarter of the addresses by saying that they are used', () => {
    const server = createServer(large)
    let now = 0
    for (let client = 0; client < 600; client++) {
      const offered = discover(server, client, (now += 63))!.message.yiaddr
      const options = { requestedAddress: offered, serverId: address(1) }
      server.input(message('decline', client, { options }), now)
    }
    const resting = [...server.entries.values()].filter(
      ({ kind, until }) => kind === 'declined' && until > now,
    )
    assert.equal(resting.length, 256)
  })

  it('has the last quarter of the addresses for five minutes only, and clients of before for the whole time', () => {
    const server = createServer(large)
    let now = 0
    const take = (client: number): number => {
      const { yiaddr } = discover(server, client, (now += 63))!.message
      const options = { requestedAddress: yiaddr, serverId: address(1) }
      return ask(server, message('request', client, { options }), now)!.message.options.leaseTime!
    }
    const times = Array.from({ length: 1000 }, (_, client) => take(client))
    assert.deepEqual([times[0], times[700], times[800]], [3600, 3600, 300])
    assert.equal(take(0), 3600)
  })
})

it('a server that is told anything, in any order, keeps one entry for an address at most, and one for a client', () => {
  const type = fc.constantFrom<MessageType>('discover', 'request', 'request', 'decline', 'release', 'inform')
  const some = fc.option(fc.integer({ min: 0, max: 12 }).map(address), { nil: undefined })
  const step = fc.record({
    type,
    client: fc.integer({ min: 0, max: 6 }),
    ciaddr: some,
    requestedAddress: some,
    serverId: fc.constantFrom(address(1), address(1), address(9), undefined),
    after: fc.constantFrom(0, 1, 60_000, 700_000),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const server = createServer({ ...config, hosts: [{ mac: mac.local(6), address: address(4) }] })
      const granted = new Map<Ipv4, { mac: number; until: number }>()
      let now = 0
      for (const { type, client, ciaddr, requestedAddress, serverId, after } of steps) {
        now += after
        const options = {
          ...(requestedAddress === undefined ? {} : { requestedAddress }),
          ...(serverId === undefined ? {} : { serverId }),
        }
        const asked = message(type, client, { ciaddr: ciaddr ?? ipv4.UNSPECIFIED, options })
        const output = server.input(asked, now)
        // Whoever is acknowledged an address has it alone until its time is over, or it gives it back.
        if ('reply' in output && output.reply.message.type === 'ack' && type === 'request') {
          const { yiaddr } = output.reply.message
          const other = granted.get(yiaddr)
          assert.ok(other === undefined || other.mac === client || other.until <= now)
          granted.set(yiaddr, { mac: client, until: now + 100_000 })
        }
        for (const [held, { mac: holder }] of granted) {
          const entry = server.entries.get(held)
          const isKept = client !== 6 && entry?.kind === 'leased' && entry.mac === mac.local(holder)
          if (holder === client && (!isKept || entry.until <= now) && holder !== 6) granted.delete(held)
        }
        const clients = [...server.entries.values()]
          .map((entry) => entry.client)
          .filter((name) => name !== '')
        assert.equal(new Set(clients).size, clients.length)
        assert.ok(server.entries.size <= 2)
      }
    }),
  )
})
