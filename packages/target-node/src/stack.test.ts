import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import { manual } from '@mirage/clock/manual'
import type { Flow } from '@mirage/flow'
import { seeded } from '@mirage/random/seeded'
import { err, ok } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import type { Datagram } from '@mirage/udp'
import { connect } from './stack.ts'
import { freePort } from './testing/free-port.ts'

const LOOPBACK = ipv4.of(127, 0, 0, 1)

async function made(): Promise<Stack> {
  const stack = await connect({ clock: manual(), random: seeded(1) })
  assert.ok(stack.ok)
  return stack.value
}

async function text(flow: Flow): Promise<string> {
  let all = ''
  for (;;) {
    const read = await flow.read()
    assert.ok(read.ok)
    if (read.value === 'eof') return all
    all += new TextDecoder().decode(read.value)
  }
}

describe("the host's network as a stack", () => {
  let a: Stack
  let b: Stack
  before(async () => {
    a = await made()
    b = await made()
  })
  after(() => {
    a.disconnect()
    b.disconnect()
  })

  it('carries connections both ways', async () => {
    const port = await freePort()
    const accepted = new Promise<TcpFlow>((resolve) => assert.ok(a.tcp.listen(port, resolve).ok))
    const opened = await b.tcp.connect({ address: LOOPBACK, port })
    assert.ok(opened.ok)
    const [there, here] = [opened.value, await accepted]
    assert.deepEqual(there.remote, { address: LOOPBACK, port })
    assert.deepEqual(here.local, there.remote)
    assert.deepEqual(here.remote, there.local)
    await there.write(new TextEncoder().encode('to a'))
    await here.writeNodelay(new TextEncoder().encode('to b'))
    there.shutdown()
    here.shutdown()
    assert.deepEqual(await Promise.all([text(here), text(there)]), ['to a', 'to b'])
    here.close()
    there.close()
  })

  it('hands what arrives to who listens, and then the end', async () => {
    const port = await freePort()
    const heard: string[] = []
    const ended = new Promise((resolve) => {
      a.tcp.listen(port, (flow) => {
        flow.listen(
          (frame, from, to) => heard.push(new TextDecoder().decode(frame.subarray(from, to))),
          resolve,
        )
      })
    })
    const opened = await b.tcp.connect({ address: LOOPBACK, port })
    assert.ok(opened.ok)
    await opened.value.write(new TextEncoder().encode('hello'))
    opened.value.close()
    assert.equal(await ended, 'eof')
    assert.equal(heard.join(''), 'hello')
  })

  it('refuses where nobody listens, or nobody does any more', async () => {
    const port = await freePort()
    assert.deepEqual(await b.tcp.connect({ address: LOOPBACK, port }), err('refused'))
    assert.ok(a.tcp.listen(port, () => {}).ok)
    a.tcp.unlisten(port)
    assert.deepEqual(await b.tcp.connect({ address: LOOPBACK, port }), err('refused'))
  })

  it('has one listener for a port, of TCP and of UDP', async () => {
    const port = await freePort()
    assert.deepEqual(
      [a, a, b].map((each) => each.tcp.listen(port, () => {})),
      [ok(undefined), err('port-in-use'), err('port-in-use')],
    )
    assert.deepEqual(
      [a, a, b].map((each) => each.udp.listen(port, () => {})),
      [ok(undefined), err('port-in-use'), err('port-in-use')],
    )
    a.udp.unlisten(port)
    assert.deepEqual(
      b.udp.listen(port, () => {}),
      ok(undefined),
    )
  })

  it('carries datagrams, and tells where they came from', async () => {
    const [port, other] = [await freePort(), await freePort()]
    const arrived = new Promise<Datagram>((resolve) => a.udp.listen(port, resolve))
    const answered = new Promise<Datagram>((resolve) => b.udp.listen(other, resolve))
    const payload = Uint8Array.of(1, 2, 3)
    assert.deepEqual(
      b.udp.write({ address: LOOPBACK, port }, payload, { srcPort: other, ttl: 3 }),
      ok(undefined),
    )
    payload.fill(0)
    const first = await arrived
    assert.deepEqual(first.src, { address: LOOPBACK, port: other })
    assert.equal(first.dst.port, port)
    assert.deepEqual(first.payload, Uint8Array.of(1, 2, 3))
    a.udp.write(first.src, first.payload)
    assert.deepEqual((await answered).payload, Uint8Array.of(1, 2, 3))
  })

  it('sends many datagrams of one size in one write', async () => {
    const [port, from] = [await freePort(), await freePort()]
    const payload = new Uint8Array(2500).map((_, i) => i * 7)
    const heard: Uint8Array[] = []
    const arrived = new Promise<void>((resolve) => {
      a.udp.listen(port, ({ payload }) => {
        if (heard.push(payload) === 3) resolve()
      })
    })
    const to = { address: LOOPBACK, port }
    assert.ok(b.udp.write(to, payload, { srcPort: from, segmentSize: 1000 }).ok)
    await arrived
    assert.deepEqual(heard, [payload.slice(0, 1000), payload.slice(1000, 2000), payload.slice(2000)])
    assert.deepEqual(b.udp.write(to, payload, { segmentSize: 39 }), err('too-long'))
  })

  it('sends from a port that nobody listens to', async () => {
    const [port, from] = [await freePort(), await freePort()]
    const arrived = new Promise<Datagram>((resolve) => a.udp.listen(port, resolve))
    b.udp.write({ address: LOOPBACK, port }, new Uint8Array(1), { srcPort: from })
    assert.equal((await arrived).src.port, from)
  })

  it('refuses datagrams that cannot be', () => {
    const here = { address: LOOPBACK, port: 9 }
    assert.deepEqual(a.udp.write(here, new Uint8Array(65_508)), err('too-long'))
    assert.deepEqual(a.udp.write({ ...here, port: 0 }, new Uint8Array(1)), err('no-port'))
    assert.throws(() => a.udp.listen(0, () => {}), /broken invariant/)
    assert.throws(() => a.tcp.listen(65_536, () => {}), /broken invariant/)
  })

  it('speaks IPv6 where the host does', async (test) => {
    const address = ipv6.parse('::1')
    assert.ok(address.ok)
    const port = await freePort()
    a.tcp.listen(port, (flow) => flow.close())
    const opened = await b.tcp.connect({ address: address.value, port })
    if (!opened.ok) return test.skip('this host has no IPv6')
    assert.deepEqual(opened.value.remote, { address: address.value, port })
    opened.value.close()
  })

  it('sends no packets of its own', () => {
    const sent = a.icmp.echo(LOOPBACK, { id: 1, sequence: 1, payload: new Uint8Array(8) })
    assert.equal(sent.ok, false)
  })

  it('ends its connections and its listeners when it is disconnected', async () => {
    const port = await freePort()
    const own = await made()
    const accepted = new Promise<TcpFlow>((resolve) => assert.ok(own.tcp.listen(port, resolve).ok))
    const opened = await b.tcp.connect({ address: LOOPBACK, port })
    assert.ok(opened.ok)
    await accepted
    const read = opened.value.read()
    own.disconnect()
    own.disconnect()
    assert.deepEqual(await read, err('reset'))
    await setTimeout(1)
    assert.deepEqual(await b.tcp.connect({ address: LOOPBACK, port }), err('refused'))
  })
})
