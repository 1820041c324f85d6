import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import { type Config, type Reply, type Server, createServer } from './server.ts'
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
