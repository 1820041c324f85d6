import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { done } from '@mirage/result'
import type { TcpFlow } from './tcp.ts'
import { B, rig } from './testing/rig.ts'

const MEMORY_MAX = 100_000
const CONNECTIONS = 20
const TEXT = new Uint8Array(20_000).fill(7)

/** Connections to `b`, which may hold `MEMORY_MAX` bytes in all. */
async function connected(receiveSize: number = 65_536, count: number = CONNECTIONS) {
  const world = rig({ b: { memoryMax: MEMORY_MAX, receiveSize } })
  const servers: TcpFlow[] = []
  world.b.listen(80, (flow) => servers.push(flow))
  const clients: TcpFlow[] = []
  for (let i = 0; i < count; i++) {
    const client = await world.run(world.a.connect({ address: B, port: 80 }))
    if (!client.ok) throw new Error(client.error)
    clients.push(client.value)
  }
  await world.pass(100)
  return { ...world, clients, servers }
}

describe('the memory of all connections', () => {
  it('has a limit, however much is sent to who does not read, and comes free when it is read', async () => {
    const { b, clients, servers, pass } = await connected()
    for (const client of clients) void client.write(TEXT)
    await pass(5000)
    assert.ok(b.usage.memory >= MEMORY_MAX / 2, `${b.usage.memory} bytes`)
    // Each may hold a little more.
    assert.ok(b.usage.memory <= MEMORY_MAX + CONNECTIONS * (4096 + 1460), `${b.usage.memory} bytes`)
    assert.equal(b.counters.exhaustions, 1)
    assert.ok(b.counters.textsDropped > 0)

    const lengths = servers.map(() => 0)
    servers.forEach((server, i) =>
      server.listen(
        (_, offset, end) => void (lengths[i] = lengths[i]! + end - offset),
        () => {},
      ),
    )
    await pass(200_000)
    assert.deepEqual(
      lengths,
      lengths.map(() => TEXT.length),
    )
    assert.equal(b.usage.memory, 0)
  })

  it('is that of the chunks which hold what is sent, however little is in each', async () => {
    const { b, servers, pass } = await connected(65_536, Math.ceil(MEMORY_MAX / 4096))
    for (const server of servers) void server.write(Uint8Array.of(1))
    await pass(0)
    assert.deepEqual([b.usage.memory, b.counters.exhaustions], [4096 * servers.length, 1])
    await pass(1000)
    assert.equal(b.usage.memory, 0)
  })

  it('begins no new connection while there is too much', async () => {
    const { a, b, clients, servers, pass, run } = await connected()
    for (const server of servers) void server.write(TEXT)
    for (const client of clients) void client.write(TEXT)
    await pass(5000)
    assert.ok(b.usage.memory > 0.75 * MEMORY_MAX, `${b.usage.memory} bytes`)
    const more = a.connect({ address: B, port: 80 })
    await pass(2000)
    assert.ok(b.counters.synsIgnored > 0)
    for (const flow of [...clients, ...servers])
      flow.listen(
        () => {},
        () => {},
      )
    assert.ok((await run(more, 100_000)).ok)
  })

  it('makes the writes of those wait who hold more than a share, without a busy turn, until it is free', async () => {
    const { b, clients, servers, pass } = await connected()
    for (const client of clients) void client.write(TEXT)
    await pass(5000)
    assert.ok(b.usage.memory > 0.75 * MEMORY_MAX)
    let written = 0
    for (const server of servers) void server.write(TEXT.slice()).then(() => written++)
    await pass(5000)
    const waiting = servers.length - written
    assert.ok(waiting > 0)
    for (const flow of [...clients, ...servers])
      flow.listen(
        () => {},
        () => {},
      )
    await pass(200_000)
    assert.equal(written, servers.length)
  })

  it('costs no connection whose window is closed, however long nobody reads: probes are answered', async () => {
    const { b, clients, servers, pass } = await connected(14_480, 7)
    let failed = 0
    for (const client of clients) void client.write(TEXT).then((result) => void (failed += result.ok ? 0 : 1))
    for (const client of clients) client.shutdown()
    await pass(1_800_000)
    assert.ok(b.counters.textsDropped > 0)
    assert.deepEqual(b.usage, { connections: 7, memory: 7 * 14_480 })
    const lengths = servers.map(() => 0)
    servers.forEach((server, i) =>
      server.listen(
        (_, offset, end) => void (lengths[i] = lengths[i]! + end - offset),
        () => {},
      ),
    )
    await pass(200_000)
    assert.equal(failed, 0)
    assert.deepEqual(
      lengths,
      lengths.map(() => TEXT.length),
    )
  })

  it('wakes writes that wait for a share as soon as others have given theirs back', async () => {
    const { clients, servers, pass } = await connected()
    for (const client of clients) void client.write(TEXT)
    await pass(5000)
    let isWritten = false
    // It does not read, and its peer has nothing more to say: only others can make room.
    void servers[0]!.write(TEXT.slice()).then(() => (isWritten = true))
    await pass(5000)
    assert.ok(!isWritten)
    for (const server of servers.slice(1)) server.abort()
    await pass(10)
    assert.ok(isWritten)
  })

  it('is given back by connections that end', async () => {
    const { b, clients, servers, pass } = await connected()
    for (const client of clients) void client.write(TEXT)
    await pass(5000)
    assert.ok(b.usage.memory > 0)
    for (const server of servers) server.abort()
    assert.deepEqual(b.usage, { connections: 0, memory: 0 })
    assert.deepEqual(
      b.listen(81, () => {}),
      done,
    )
  })
})
