/** The gateway on real sockets of the loopback interface, with the unikernel on the other end of a stream. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect as connectSocket, createServer } from 'node:net'
import { duplexPair } from 'node:stream'
import { afterEach, describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import * as mac from '@mirage/address/mac'
import * as arpOf from '@mirage/arp'
import * as ethernetOf from '@mirage/ethernet'
import type { Flow } from '@mirage/flow'
import { connect as connectIp } from '@mirage/ip/ipv4'
import { connect as connectStream } from '@mirage/net/stream'
import { err } from '@mirage/result'
import type { Tcp } from '@mirage/tcp'
import { connect as connectTcp } from '@mirage/tcp/connect'
import * as udpOf from '@mirage/udp'
import type { Udp } from '@mirage/udp'
import { freePort } from '../../target-node/src/testing/free-port.ts'
import { nodeClock, nodeRandom } from './node-clock.ts'
import * as dns from './node-dns.ts'
import { nodeHost } from './node-host.ts'
import { DuplexStream } from './node-stream.ts'
import { type Options, type RunningGateway, startGateway } from './node.ts'

const GATEWAY = ipv4.of(10, 0, 0, 1)
const cleanup: (() => void)[] = []
afterEach(() => cleanup.splice(0).forEach((each) => each()))

/** A unikernel's stack on `stream`, at 10.0.0.2. */
function guestOn(stream: DuplexStream): { tcp: Tcp; udp: Udp } {
  const net = connectStream(stream, { mac: mac.local(2), mtu: 1500 })
  const clock = nodeClock()
  const ethernet = ethernetOf.connect(net)
  const arp = arpOf.connect({ ethernet, clock })
  const cidr = { address: ipv4.of(10, 0, 0, 2), prefixLength: 24 }
  const ip = connectIp({ ethernet, arp, clock, random: nodeRandom }, { config: { cidr, gateway: GATEWAY } })
  const tcp = connectTcp({ ip, clock, random: nodeRandom })
  cleanup.push(() => {
    tcp.disconnect()
    arp.disconnect()
    net.disconnect()
  })
  return { tcp, udp: udpOf.connect({ ip, random: nodeRandom }) }
}

async function start(
  options: Options = {},
): Promise<{ running: RunningGateway; tcp: Tcp; udp: Udp; unplug: () => void }> {
  const [near, far] = duplexPair()
  const started = await startGateway({ stream: near, ...options })
  assert.ok(started.ok)
  const running = started.value
  cleanup.push(() => running.close())
  const stream = new DuplexStream()
  stream.attach(far, () => {})
  return { running, ...guestOn(stream), unplug: () => far.destroy() }
}

const publishTo80 = [{ hostPort: 0, guestPort: 80 }]

async function server(serve: (socket: Socket) => void): Promise<{ port: number }> {
  const server = createServer({ allowHalfOpen: true }, serve)
  server.listen(0, '127.0.0.1')
  cleanup.push(() => server.close())
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port }
}

function client(port: number): Socket {
  const socket = connectSocket({ host: '127.0.0.1', port, allowHalfOpen: true })
  cleanup.push(() => socket.destroy())
  return socket
}

/** Sends back what comes first, and no more. */
async function echo(flow: Flow): Promise<void> {
  const read = await flow.read()
  if (read.ok && read.value !== 'eof') await flow.write(read.value)
  flow.close()
}

async function textOf(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

describe('a gateway on Node', () => {
  it('leads a client of a published port to the unikernel and back', async () => {
    const { running, tcp } = await start({ publish: publishTo80 })
    tcp.listen(80, (flow) => void echo(flow))
    const [{ hostPort, url }] = running.published as [RunningGateway['published'][0]]
    assert.equal(url, `http://127.0.0.1:${hostPort}/`)
    const socket = client(hostPort)
    socket.end('hello')
    assert.equal(await textOf(socket), 'hello')
    assert.equal(await running.ready, ipv4.of(10, 0, 0, 2))
  })

  it('makes a client wait for a unikernel that is attached later', async () => {
    const started = await startGateway({ publish: publishTo80 })
    assert.ok(started.ok)
    cleanup.push(() => started.value.close())
    const socket = client(started.value.published[0]!.hostPort)
    await once(socket, 'connect')
    const [near, far] = duplexPair()
    started.value.attach(near)
    const stream = new DuplexStream()
    stream.attach(far, () => {})
    const { tcp } = guestOn(stream)
    tcp.listen(80, (flow) => {
      void flow.write(Uint8Array.of(104, 105))
      flow.shutdown()
    })
    assert.equal(await textOf(socket), 'hi')
  })

  it('says which port is in use, and holds none of the others', async () => {
    const { port } = await server(() => {})
    const free = await freePort()
    const publish = [
      { hostPort: free, guestPort: 80 },
      { hostPort: port, guestPort: 81 },
    ]
    assert.deepEqual(
      await startGateway({ publish }),
      err({ kind: 'port-in-use', protocol: 'tcp', hostAddress: ipv4.LOOPBACK, port }),
    )
    const again = await startGateway({ publish: publish.slice(0, 1) })
    assert.ok(again.ok)
    again.value.close()
  })

  it('says which UDP port is in use, and which address the host does not have', async () => {
    const socket = createSocket('udp4')
    cleanup.push(() => socket.close())
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { port } = socket.address()
    const busy = await startGateway({ publish: [{ protocol: 'udp', hostPort: port, guestPort: 53 }] })
    assert.ok(!busy.ok && busy.error.kind === 'port-in-use')
    const hostAddress = ipv4.of(192, 0, 2, 1)
    const absent = await startGateway({ publish: [{ hostAddress, hostPort: 0, guestPort: 80 }] })
    assert.ok(!absent.ok && absent.error.kind === 'no-address')
  })

  it('connects the unikernel to servers of this machine, in order or by reset', async () => {
    const { port } = await server((socket) => {
      socket.once('data', (chunk) => {
        if (String(chunk) === 'reset') socket.resetAndDestroy()
        else socket.end('bye')
      })
    })
    const { tcp } = await start()
    const endpoint = { address: GATEWAY, port }
    for (const [word, answers] of [
      ['end', [Uint8Array.from('bye', (each) => each.charCodeAt(0)), 'eof']],
      ['reset', ['reset']],
    ] as const) {
      const flow = await tcp.connect(endpoint)
      assert.ok(flow.ok)
      await flow.value.write(Uint8Array.from(word, (each) => each.charCodeAt(0)))
      for (const expected of answers) {
        const read = await flow.value.read()
        assert.deepEqual(read.ok ? read.value : read.error, expected)
      }
      flow.value.close()
    }
  })

  it('refuses what this machine refuses', async () => {
    const { tcp } = await start()
    assert.deepEqual(await tcp.connect({ address: GATEWAY, port: await freePort() }), err('refused'))
  })

  it('carries datagrams to this machine and back, and to a published port and back', async () => {
    const { running, udp } = await start({ publish: [{ protocol: 'udp', hostPort: 0, guestPort: 53 }] })
    const outside = createSocket('udp4')
    cleanup.push(() => outside.close())
    outside.bind(0, '127.0.0.1')
    await once(outside, 'listening')
    outside.on('message', (message, from) => outside.send(message, from.port, from.address))
    const echoed = new Promise<number>((resolve) => {
      udp.listen(4000, ({ src, payload }) => resolve(src.port + payload.length))
    })
    udp.write({ address: GATEWAY, port: outside.address().port }, new Uint8Array(5), { srcPort: 4000 })
    assert.equal(await echoed, outside.address().port + 5)

    udp.listen(53, ({ src, payload }) => void udp.write(src, payload, { srcPort: 53 }))
    const asking = createSocket('udp4')
    cleanup.push(() => asking.close())
    asking.send('question', running.published[0]!.hostPort, '127.0.0.1')
    const [answer] = (await once(asking, 'message')) as [Buffer]
    assert.equal(String(answer), 'question')
  })

  it('disconnects when the unikernel is gone', async () => {
    const { running, unplug } = await start({ publish: publishTo80 })
    await running.ready
    unplug()
    await running.closed
    const socket = client(running.published[0]!.hostPort)
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ECONNREFUSED')
  })
})

describe('name servers', () => {
  async function nameServer(answer: (query: Buffer) => Buffer[]): Promise<dns.NameServer> {
    const socket = createSocket('udp4')
    cleanup.push(() => socket.close())
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    socket.on('message', (query, from) => {
      for (const each of answer(query)) socket.send(each, from.port, from.address)
    })
    return { address: '127.0.0.1', port: socket.address().port }
  }
  const QUERY = new Uint8Array(12).fill(7)

  it('are asked one after the other, past one that is not there', async () => {
    const port = await freePort()
    const other = await nameServer((query) => [Buffer.concat([query, Buffer.of(1)])])
    const answer = await dns.resolve(QUERY, [{ address: '127.0.0.1', port }, other])
    assert.ok(answer.ok && answer.value.length === 13)
  })

  it('are not believed when they answer another question', async () => {
    const server = await nameServer((query) => [Buffer.alloc(12), Buffer.concat([query, Buffer.of(1)])])
    const answer = await nodeHost(() => [server]).resolve(QUERY)
    assert.ok(answer.ok && answer.value[12] === 1)
  })

  it('that are none at all are said to be none', async () => {
    assert.deepEqual(await dns.resolve(QUERY, []), err('no-server'))
  })
})
