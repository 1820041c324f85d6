/** TCP through the gateway, both ways. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import type { Flow } from '@mirage/flow'
import { err, ok } from '@mirage/result'
import type { TcpFlow } from '@mirage/tcp'
import { FLOWS_MAX } from './flows.ts'
import { GATEWAY, OUTSIDE, type Rig, rig } from './testing/rig.ts'

const text = (ascii: string): Uint8Array => Uint8Array.from(ascii, (each) => each.charCodeAt(0))

async function accepted(
  work: Promise<{ ok: true; value: TcpFlow } | { ok: false; error: string }>,
): Promise<TcpFlow> {
  const result = await work
  assert.ok(result.ok, result.ok ? '' : result.error)
  return result.value
}

/** A connection of the unikernel to a server outside, and the server's end of it. */
async function connected(to = '192.0.2.7:80', remote = OUTSIDE): Promise<Rig & { inner: Flow; outer: Flow }> {
  const all = rig()
  let outer: Flow | undefined
  all.host.servers.set(to, (flow) => {
    outer = flow
    return undefined
  })
  const inner = await all.run(accepted(all.guest.tcp.connect(remote)))
  assert.ok(outer !== undefined)
  return { ...all, inner, outer }
}

/** Reads `length` bytes, all of them `value`. */
async function readAll(flow: Flow, length: number, value: number): Promise<void> {
  for (let left = length; left > 0; ) {
    const read = await flow.read()
    assert.ok(read.ok && read.value !== 'eof' && read.value.every((each) => each === value))
    left -= read.value.length
  }
}

describe('a connection out of the unikernel', () => {
  it('is joined to one of the host', async () => {
    const { inner, outer, run, gateway } = await connected()
    await run(inner.write(text('to outside')))
    assert.deepEqual(await run(outer.read()), ok(text('to outside')))
    await run(outer.write(text('to inside')))
    assert.deepEqual(await run(inner.read()), ok(text('to inside')))
    assert.equal(gateway.counters.tcpOut, 1)
    assert.equal(gateway.inUse.flows, 1)
  })

  it('to the gateway reaches the loopback of the host', async () => {
    const { inner, outer, run } = await connected('127.0.0.1:9000', { address: GATEWAY, port: 9000 })
    await run(inner.write(text('hello')))
    assert.deepEqual(await run(outer.read()), ok(text('hello')))
  })

  for (const [why, is] of [
    ['refuses', 'refused'],
    ['cannot be reached', 'unreachable'],
    ['does not answer', 'timed-out'],
  ] as const) {
    it(`is refused when the outside ${why}`, async () => {
      const { host, guest, run, gateway } = rig()
      host.servers.set('192.0.2.7:80', () => is)
      assert.deepEqual(await run(guest.tcp.connect(OUTSIDE)), err('refused'))
      assert.deepEqual([gateway.counters.tcpOutFailed, gateway.inUse.flows], [1, 0])
    })
  }

  const nowhere: [what: string, address: ipv4.Ipv4][] = [
    ['the loopback network', ipv4.of(127, 0, 0, 1)],
    ['an address of the link that nobody has', ipv4.of(10, 0, 0, 99)],
  ]
  for (const [what, address] of nowhere) {
    it(`to ${what} is refused without asking the host`, async () => {
      const { host, guest, run, gateway } = rig()
      host.connect = () => assert.fail('the host was asked')
      const result = await run(guest.tcp.connect({ address, port: 80 }))
      assert.equal(result.ok, false)
      assert.equal(gateway.counters.tcpOut, 0)
    })
  }

  it('waits for the host, and is not asked for twice while the SYN is repeated', async () => {
    const { host, guest, run, pass } = rig()
    let count = 0
    let open = (): void => {}
    const connect = host.connect.bind(host)
    host.servers.set('192.0.2.7:80', () => undefined)
    host.connect = async (remote) => {
      count += 1
      await new Promise<void>((resolve) => (open = resolve))
      return connect(remote)
    }
    const connecting = guest.tcp.connect(OUTSIDE)
    await pass(4000)
    assert.equal(count, 1)
    open()
    assert.equal((await run(connecting)).ok, true)
    assert.equal(count, 1)
  })

  it('that the host opens after disconnect is reset', async () => {
    const { host, gateway, guest, run, pass } = rig()
    let outer: Flow | undefined
    let open = (): void => {}
    host.servers.set('192.0.2.7:80', (flow) => {
      outer = flow
      return undefined
    })
    const connect = host.connect.bind(host)
    host.connect = async (remote) => {
      await new Promise<void>((resolve) => (open = resolve))
      return connect(remote)
    }
    void guest.tcp.connect(OUTSIDE)
    await pass(100)
    gateway.disconnect()
    open()
    await pass(1)
    assert.deepEqual(await run(outer!.read()), err('reset'))
    assert.equal(gateway.inUse.flows, 0)
  })

  it('ends in one direction and goes on in the other', async () => {
    const { inner, outer, run } = await connected()
    inner.shutdown()
    assert.deepEqual(await run(outer.read()), ok('eof'))
    await run(outer.write(text('still')))
    assert.deepEqual(await run(inner.read()), ok(text('still')))
    outer.shutdown()
    assert.deepEqual(await run(inner.read()), ok('eof'))
  })

  it('leaves nothing behind when both ends have closed', async () => {
    const { inner, outer, run, pass, gateway } = await connected()
    outer.shutdown()
    assert.deepEqual(await run(inner.read()), ok('eof'))
    inner.close()
    assert.deepEqual(await run(outer.read()), ok('eof'))
    await pass(10)
    assert.equal(gateway.inUse.flows, 0)
  })

  it('is reset when the outside resets', async () => {
    const { inner, outer, run, gateway } = await connected()
    const read = inner.read()
    outer.abort()
    assert.deepEqual(await run(read), err('reset'))
    assert.equal(gateway.inUse.flows, 0)
  })

  it('resets the outside when the unikernel resets', async () => {
    const { inner, outer, run, gateway } = await connected()
    const read = outer.read()
    inner.abort()
    assert.deepEqual(await run(read), err('reset'))
    assert.equal(gateway.inUse.flows, 0)
  })

  const LARGE = 2 * 1024 * 1024
  it('holds the unikernel back while the outside does not read', async () => {
    const { inner, outer, run, pass } = await connected()
    let isWritten = false
    const write = inner.write(new Uint8Array(LARGE).fill(3)).then(() => (isWritten = true))
    await pass(3000)
    assert.equal(isWritten, false)
    await run(readAll(outer, LARGE, 3))
    await run(write)
  })

  it('holds the outside back while the unikernel does not read', async () => {
    const { inner, outer, run, pass } = await connected()
    let isWritten = false
    const write = outer.write(new Uint8Array(LARGE).fill(4)).then(() => (isWritten = true))
    await pass(3000)
    assert.equal(isWritten, false)
    await run(readAll(inner, LARGE, 4))
    await run(write)
  })

  it('to port 53 of the gateway reaches a name server', async () => {
    const { host, guest, run } = rig()
    let outer: Flow | undefined
    host.nameServer = (flow) => {
      outer = flow
      return undefined
    }
    await run(accepted(guest.tcp.connect({ address: GATEWAY, port: 53 })))
    assert.ok(outer !== undefined)
  })
})

describe('a published port', () => {
  const local = { address: ipv4.LOOPBACK, port: 8080 }
  const publish = { protocol: 'tcp', hostAddress: local.address, hostPort: 8080, guestPort: 80 } as const

  it('leads to the unikernel, to which the gateway is the client', async () => {
    const { host, gateway, guest, run } = rig()
    const accepting = new Promise<TcpFlow>((resolve) => guest.tcp.listen(80, resolve))
    assert.ok((await gateway.publish(publish)).ok)
    const outer = host.dial(local)!
    await run(outer.write(text('GET')))
    const inner = await run(accepting)
    assert.equal(inner.remote.address, GATEWAY)
    assert.deepEqual(await run(inner.read()), ok(text('GET')))
    assert.equal(gateway.counters.tcpIn, 1)
  })

  it('of which the host has none left is an error', async () => {
    const { gateway } = rig()
    assert.ok((await gateway.publish(publish)).ok)
    assert.deepEqual(await gateway.publish(publish), err('port-in-use'))
  })

  it('waits for a unikernel that boots, and for its listener', async () => {
    const { host, gateway, guest, run, pass, boot } = rig({ isUp: false })
    await gateway.publish(publish)
    const outer = host.dial(local)!
    const read = outer.read()
    await pass(2000)
    boot()
    await pass(500)
    guest.tcp.listen(80, (flow) => void flow.write(text('hello')))
    assert.deepEqual(await run(read, 600), ok(text('hello')))
  })

  it('follows the unikernel to the address that it announces', async () => {
    const { host, gateway, guest, run, boot } = rig({ isUp: false })
    guest.tcp.listen(80, (flow) => void flow.write(text('hello')))
    await gateway.publish(publish)
    const read = host.dial(local)!.read()
    boot(ipv4.of(10, 0, 0, 77))
    assert.deepEqual(await run(read), ok(text('hello')))
    assert.equal(gateway.guest, ipv4.of(10, 0, 0, 77))
  })

  it('finds a unikernel that is at the first address and has not said so', async () => {
    const { host, gateway, guest, run, boot, lose } = rig({ isUp: false })
    guest.tcp.listen(80, (flow) => void flow.write(text('hello')))
    await gateway.publish(publish)
    boot()
    lose()
    assert.deepEqual(await run(host.dial(local)!.read()), ok(text('hello')))
  })

  it('gives up on a unikernel that never comes', async () => {
    const { host, gateway, run } = rig({ isUp: false })
    await gateway.publish(publish)
    assert.deepEqual(await run(host.dial(local)!.read(), 10_010), err('reset'))
    assert.deepEqual([gateway.counters.tcpInFailed, gateway.inUse.flows], [1, 0])
  })

  it('gives up on a listener that never comes', async () => {
    const { host, gateway, run } = rig()
    await gateway.publish(publish)
    assert.deepEqual(await run(host.dial(local)!.read(), 10_010), err('reset'))
  })

  it('passes a refusal on at once, when it was served before', async () => {
    const { host, gateway, guest, run } = rig()
    guest.tcp.listen(80, (flow) => void flow.write(text('hello')))
    await gateway.publish(publish)
    await run(host.dial(local)!.read())
    guest.tcp.unlisten(80)
    assert.deepEqual(await run(host.dial(local)!.read(), 20), err('reset'))
  })

  it('resets what is above the limit of connections, and takes others when there is room', async () => {
    const { host, gateway, guest, run, pass } = rig()
    guest.tcp.listen(80, (flow) => void flow.write(text('hello')))
    await gateway.publish(publish)
    const first = host.dial(local)!
    for (let i = 1; i < FLOWS_MAX; i += 1) host.dial(local)
    assert.deepEqual(await run(host.dial(local)!.read()), err('reset'))
    assert.equal(gateway.counters.tcpInRefused, 1)
    first.abort()
    await pass(100)
    assert.deepEqual(await run(host.dial(local)!.read()), ok(text('hello')))
  })

  it('resets a client that waits for the unikernel on disconnect', async () => {
    const { host, gateway, run } = rig({ isUp: false })
    await gateway.publish(publish)
    const outer = host.dial(local)!
    gateway.disconnect()
    assert.deepEqual(await run(outer.read(), 1), err('reset'))
  })

  it('is given back, and its connections reset, on disconnect', async () => {
    const { host, gateway, guest, run } = rig()
    guest.tcp.listen(80, (flow) => void flow.write(text('hello')))
    await gateway.publish(publish)
    const outer = host.dial(local)!
    await run(outer.read())
    gateway.disconnect()
    gateway.disconnect()
    assert.equal(host.dial(local), undefined)
    assert.deepEqual(await run(outer.read()), err('reset'))
    assert.equal(gateway.inUse.flows, 0)
  })
})
