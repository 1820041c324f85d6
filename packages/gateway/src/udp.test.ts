/** Datagrams, names, leases and echoes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import type { Endpoint } from '@mirage/address/endpoint'
import { hex } from '@mirage/bytes/hex'
import * as dhcp from '@mirage/dhcp/client'
import * as dhcpWire from '@mirage/dhcp/wire'
import * as mac from '@mirage/address/mac'
import { ICMP } from '@mirage/ip'
import { err, ok } from '@mirage/result'
import type { Datagram, Udp } from '@mirage/udp'
import { GATEWAY, GUEST, OUTSIDE, rig } from './testing/rig.ts'
import { IDLE, SOCKETS_MAX } from './udp-out.ts'
import { CLIENTS_MAX, PORT_FIRST } from './udp-in.ts'

const HELLO = Uint8Array.of(1, 2, 3)
const OTHER: Endpoint = { address: ipv4.of(198, 51, 100, 9), port: 5000 }

function heard(udp: Udp, port: number): Datagram[] {
  const all: Datagram[] = []
  udp.listen(port, (datagram) => all.push(datagram))
  return all
}

describe('datagrams out of the unikernel', () => {
  it('leave through a socket of the host, and any peer may answer', async () => {
    const { host, guest, pass, gateway } = rig()
    const received = heard(guest.udp, 4000)
    guest.udp.write(OUTSIDE, HELLO, { srcPort: 4000 })
    guest.udp.write(OTHER, HELLO, { srcPort: 4000 })
    await pass(10)
    const [first, second] = host.sent
    assert.deepEqual([first?.dst, first?.payload], [OUTSIDE, HELLO])
    assert.equal(second?.from, first?.from)
    first?.from.receive(OTHER, Uint8Array.of(9))
    first?.from.receive(OUTSIDE, Uint8Array.of(8))
    await pass(10)
    assert.deepEqual(
      received.map(({ src, dst, payload }) => [src, dst.address, payload[0]]),
      [
        [OTHER, GUEST, 9],
        [OUTSIDE, GUEST, 8],
      ],
    )
    assert.deepEqual([gateway.counters.udpOut, gateway.counters.udpIn], [2, 2])
  })

  it('of another port leave through another socket', async () => {
    const { host, guest, pass, gateway } = rig()
    guest.udp.write(OUTSIDE, HELLO, { srcPort: 4000 })
    guest.udp.write(OUTSIDE, HELLO, { srcPort: 4001 })
    await pass(10)
    assert.notEqual(host.sent[0]?.from, host.sent[1]?.from)
    assert.equal(gateway.inUse.sockets, 2)
  })

  it('to the gateway reach the loopback of the host, and answers seem to come from the gateway', async () => {
    const { host, guest, pass } = rig()
    const received = heard(guest.udp, 4000)
    guest.udp.write({ address: GATEWAY, port: 7000 }, HELLO, { srcPort: 4000 })
    await pass(10)
    const loopback = { address: ipv4.LOOPBACK, port: 7000 }
    assert.deepEqual(host.sent[0]?.dst, loopback)
    host.sent[0]?.from.receive(loopback, HELLO)
    await pass(10)
    assert.deepEqual(received[0]?.src, { address: GATEWAY, port: 7000 })
  })

  it('to another name or lease server are nothing special', async () => {
    const { host, guest, pass } = rig()
    for (const port of [53, 67]) guest.udp.write({ ...OUTSIDE, port }, HELLO)
    await pass(10)
    assert.deepEqual(
      host.sent.map(({ dst }) => dst.port),
      [53, 67],
    )
  })

  const lost: [what: string, address: ipv4.Ipv4][] = [
    ['everyone on the link', ipv4.BROADCAST],
    ['a group', ipv4.of(224, 0, 0, 251)],
    ['the loopback network', ipv4.of(127, 0, 0, 1)],
  ]
  for (const [what, address] of lost) {
    it(`to ${what} stay on the link`, async () => {
      const { host, guest, pass } = rig()
      guest.udp.write({ address, port: 5353 }, HELLO)
      await pass(10)
      assert.deepEqual([host.sent.length, host.sockets.size], [0, 0])
    })
  }

  it('are lost, and counted, when the host is busy or has no socket', async () => {
    const { host, guest, pass, gateway } = rig()
    host.isBusy = true
    guest.udp.write(OUTSIDE, HELLO, { srcPort: 4000 })
    await pass(10)
    host.socketsLeft = 0
    guest.udp.write(OUTSIDE, HELLO, { srcPort: 4001 })
    await pass(10)
    assert.deepEqual([gateway.counters.udpDropped, gateway.counters.udpOut], [2, 0])
  })

  it('may be answered by a peer that has no port, and have none themselves', async () => {
    const { host, guest, pass } = rig()
    const received = heard(guest.udp, 4000)
    for (const srcPort of [4000, 0]) guest.udp.write(OUTSIDE, HELLO, { srcPort })
    await pass(10)
    const nobody = { ...OUTSIDE, port: 0 }
    for (const { from } of host.sent) from.receive(nobody, HELLO)
    await pass(10)
    assert.deepEqual(
      received.map(({ src }) => src),
      [nobody],
    )
  })

  it('that stop give their socket back after two minutes of silence in both directions', async () => {
    const { host, guest, pass, gateway } = rig()
    guest.udp.write(OUTSIDE, HELLO, { srcPort: 4000 })
    guest.udp.write(OUTSIDE, HELLO, { srcPort: 4001 })
    await pass(IDLE - 10)
    host.sent[0]!.from.receive(OUTSIDE, HELLO)
    await pass(10_000)
    assert.equal(gateway.inUse.sockets, 1)
    assert.equal(host.sent[1]!.from.isOpen, false)
    await pass(IDLE + 10_000)
    assert.deepEqual([gateway.inUse.sockets, host.sockets.size], [0, 0])
  })

  it('above the limit of sockets take the one that was silent for longest', async () => {
    const { host, guest, pass, gateway } = rig()
    for (let i = 0; i < SOCKETS_MAX; i += 1) {
      guest.udp.write(OUTSIDE, HELLO, { srcPort: 10_000 + i })
      await pass(1)
    }
    guest.udp.write(OUTSIDE, HELLO, { srcPort: 10_000 })
    guest.udp.write(OUTSIDE, HELLO, { srcPort: 20_000 })
    await pass(10)
    assert.deepEqual([gateway.inUse.sockets, gateway.counters.udpEvicted], [SOCKETS_MAX, 1])
    assert.deepEqual([host.sent[0]!.from.isOpen, host.sent[1]!.from.isOpen], [true, false])
  })

  it('have no sockets left after disconnect', async () => {
    const { host, guest, pass, gateway } = rig()
    guest.udp.write(OUTSIDE, HELLO)
    await pass(10)
    gateway.disconnect()
    assert.equal(host.sockets.size, 0)
  })
})

describe('a published UDP port', () => {
  const publish = { protocol: 'udp', hostAddress: ipv4.LOOPBACK, hostPort: 5300, guestPort: 53 } as const
  const client = (last: number): Endpoint => ({ address: ipv4.LOOPBACK, port: 30_000 + last })

  it('leads to the unikernel, whose answers go to the client that asked', async () => {
    const { host, guest, gateway, pass } = rig()
    guest.udp.listen(53, ({ src, payload }) => void guest.udp.write(src, payload, { srcPort: 53 }))
    assert.ok((await gateway.publish(publish)).ok)
    const [socket] = host.sockets
    for (const last of [1, 2, 1]) socket!.receive(client(last), Uint8Array.of(last))
    await pass(10)
    assert.deepEqual(
      host.sent.map(({ from, dst, payload }) => [from === socket, dst.port, payload[0]]),
      [
        [true, 30_001, 1],
        [true, 30_002, 2],
        [true, 30_001, 1],
      ],
    )
    assert.equal(gateway.inUse.clients, 2)
  })

  it('leads there also for a client that has no port, whose answers are lost', async () => {
    const { host, guest, gateway, pass } = rig()
    guest.udp.listen(53, ({ src, payload }) => guest.udp.write(src, payload, { srcPort: 53 }))
    await gateway.publish(publish)
    const [socket] = host.sockets
    socket!.receive({ ...client(1), port: 0 }, HELLO)
    await pass(10)
    assert.deepEqual([gateway.counters.udpIn, gateway.counters.udpDropped, host.sent.length], [1, 1, 0])
  })

  it('loses what comes before the unikernel is known, and looks for it', async () => {
    const { host, guest, gateway, boot, lose, pass } = rig({ isUp: false })
    const received = heard(guest.udp, 53)
    await gateway.publish(publish)
    const [socket] = host.sockets
    boot()
    lose()
    socket!.receive(client(1), HELLO)
    assert.equal(gateway.counters.udpDropped, 1)
    await pass(10)
    socket!.receive(client(1), HELLO)
    await pass(10)
    assert.equal(received.length, 1)
  })

  it('forgets a client after two minutes of silence', async () => {
    const { host, guest, gateway, pass } = rig()
    guest.udp.listen(53, () => {})
    await gateway.publish(publish)
    const [socket] = host.sockets
    socket!.receive(client(1), HELLO)
    await pass(IDLE - 10)
    socket!.receive(client(1), HELLO)
    await pass(20)
    assert.equal(gateway.inUse.clients, 1)
    await pass(2 * IDLE)
    assert.equal(gateway.inUse.clients, 0)
  })

  it('keeps to its limit of clients, and forgets the one that was silent for longest', async () => {
    const { host, guest, gateway, pass } = rig()
    const received = heard(guest.udp, 53)
    await gateway.publish(publish)
    const [socket] = host.sockets
    for (let i = 0; i <= CLIENTS_MAX; i += 1) {
      socket!.receive(client(i), HELLO)
      if (i % 64 === 0) await pass(1)
    }
    await pass(1)
    assert.deepEqual([gateway.inUse.clients, gateway.counters.udpEvicted], [CLIENTS_MAX, 1])
    guest.udp.write(received[0]!.src, HELLO, { srcPort: 53 })
    guest.udp.write(received[1]!.src, HELLO, { srcPort: 53 })
    await pass(10)
    assert.ok(host.sent.some(({ dst }) => dst.port === client(1).port))
    assert.ok(!host.sent.some(({ dst }) => dst.port === client(0).port))
  })

  it('shows its clients as ports of the gateway, used in turn', async () => {
    const { host, guest, gateway, pass } = rig()
    const received = heard(guest.udp, 53)
    await gateway.publish(publish)
    const [socket] = host.sockets
    for (let i = 0; i < 3 * CLIENTS_MAX; i += 1) {
      socket!.receive(client(i), HELLO)
      if (i % 64 === 0) await pass(1)
    }
    await pass(1)
    const ports = received.map(({ src }) => src.port)
    assert.equal(ports.length, 3 * CLIENTS_MAX)
    assert.equal(new Set(ports.slice(0, 2 * CLIENTS_MAX)).size, 2 * CLIENTS_MAX)
    assert.ok(ports.every((port) => port >= PORT_FIRST && port <= PORT_FIRST + 2 * CLIENTS_MAX))
    assert.ok(received.every(({ src }) => src.address === GATEWAY))
  })

  it('of which the host has none left is an error', async () => {
    const { gateway } = rig()
    assert.ok((await gateway.publish(publish)).ok)
    assert.deepEqual(await gateway.publish(publish), err('port-in-use'))
  })
})

describe('a question to the gateway', () => {
  const QUERY = hex('abcd 0100 0001 0000 0000 0000 076578616d706c65 00 0001 0001')
  const dns = { address: GATEWAY, port: 53 }

  it('is answered by the name servers of the host', async () => {
    const { host, guest, pass, gateway } = rig()
    const received = heard(guest.udp, 4000)
    const asked: Uint8Array[] = []
    host.answer = async (query) => {
      asked.push(query)
      return ok(Uint8Array.of(1, 2, 3))
    }
    guest.udp.write(dns, QUERY, { srcPort: 4000 })
    await pass(10)
    assert.deepEqual(asked, [QUERY])
    assert.deepEqual([received[0]?.src, received[0]?.payload], [dns, Uint8Array.of(1, 2, 3)])
    assert.equal(gateway.counters.dnsQueries, 1)
  })

  it('is answered with a failure when the host has no name server', async () => {
    const { guest, pass } = rig()
    const received = heard(guest.udp, 4000)
    guest.udp.write(dns, QUERY, { srcPort: 4000 })
    await pass(10)
    const failure = QUERY.slice()
    failure.set([0xab, 0xcd, 0x81, 0x82])
    assert.deepEqual(received[0]?.payload, failure)
  })

  it('is not answered when they did not answer in time, nor when it is none', async () => {
    const { host, guest, pass, gateway } = rig()
    const received = heard(guest.udp, 4000)
    host.answer = async () => err('timed-out')
    guest.udp.write(dns, QUERY, { srcPort: 4000 })
    guest.udp.write(dns, QUERY.subarray(0, 11), { srcPort: 4000 })
    await pass(10)
    assert.deepEqual([received.length, gateway.counters.dnsFailed], [0, 2])
  })

  it('is not answered where it came from no port', async () => {
    const { host, guest, gateway, pass } = rig()
    host.answer = async (query) => ok(query)
    guest.udp.write({ address: GATEWAY, port: 53 }, new Uint8Array(12), { srcPort: 0 })
    await pass(10)
    assert.equal(gateway.counters.dnsQueries, 1)
  })

  it('is lost while too many others wait', async () => {
    const { host, guest, pass } = rig()
    let asked = 0
    host.answer = () => {
      asked += 1
      return new Promise(() => {})
    }
    for (let i = 0; i < 300; i += 1) {
      guest.udp.write(dns, QUERY, { srcPort: 4000 })
      await pass(1)
    }
    assert.equal(asked, 256)
  })
})

describe('a lease', () => {
  it('is 10.0.0.2 for the first unikernel, with the gateway as its router and name server', async () => {
    const { guest, pass, gateway } = rig({ isUp: false })
    const config = { mac: mac.local(2) }
    let output = dhcp.start(config, 0, 1)
    guest.udp.listen(68, ({ payload }) => {
      const message = dhcpWire.parse(payload)
      assert.ok(message.ok)
      output = dhcp.input(config, output.state, message.value, 0, 2)
      send()
    })
    function send(): void {
      if (output.send === undefined) return
      const { dst, src, message } = output.send
      guest.udp.write({ address: dst, port: 67 }, dhcpWire.emit(message), { src, srcPort: 68 })
    }
    send()
    await pass(20)
    assert.equal(output.event?.kind, 'bound')
    const { address, prefixLength, gateway: router, dnsServers } = output.event.lease
    assert.deepEqual([address, prefixLength, router, dnsServers], [GUEST, 24, GATEWAY, [GATEWAY]])
    assert.equal(gateway.counters.dhcpReplies, 2)
  })

  it('is not given for a datagram that asks for none', async () => {
    const { guest, pass, gateway } = rig()
    guest.udp.write({ address: GATEWAY, port: 67 }, HELLO)
    await pass(10)
    assert.deepEqual([gateway.counters.dhcpMalformed, gateway.counters.dhcpReplies], [1, 0])
  })
})

describe('an echo', () => {
  const echo = { id: 1, sequence: 2, payload: HELLO }

  it('to the gateway is answered', async () => {
    const { guest, pass } = rig()
    const replies: unknown[] = []
    guest.icmp.onReply(({ src, sequence }) => replies.push([src, sequence]))
    guest.icmp.echo(GATEWAY, echo)
    await pass(10)
    assert.deepEqual(replies, [[GATEWAY, 2]])
  })

  it('to the outside is told that it does not get there', async () => {
    const { guest, pass } = rig()
    const errors: unknown[] = []
    guest.icmp.onReply(() => assert.fail('answered'))
    guest.icmp.onError(ICMP, ({ kind, reporter }) => errors.push([kind, reporter]))
    guest.icmp.echo(OUTSIDE.address, echo)
    await pass(10)
    assert.deepEqual(errors, [['host-unreachable', GATEWAY]])
  })
})
