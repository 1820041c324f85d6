/**
 * What many, or few that behave badly, may take from the others: nothing. `MIRAGE_LIMITS=full` runs the floods at full
 * length, a million SYNs and 100,000 connections; without it a fiftieth of that.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { TcpFlow } from '@mirage/tcp'
import { ACK, type Lan, RST, SERVER, SYN, lan, opened } from './lan.ts'

const SCALE = process.env['MIRAGE_LIMITS'] === 'full' ? 1 : 0.02
const PORT = 80
const PORTS = [PORT, 81]
/** Bytes of a connection of which one end has closed, at both ends, with what this test keeps of it. */
const KEPT_MAX = 2500
/** Beside that, what has been compiled meanwhile. */
const COMPILED_MAX = 4_000_000
/** Conversations that are looked at together, and how often. */
const ROUNDS = 31
const TRIES = 5
const TEXT = new Uint8Array(50_000).map((_, i) => i * 7)

/** A server that sends back what it gets. */
function echo({ server }: Lan): void {
  server.listen(PORT, (flow) =>
    flow.listen(
      (frame, offset, end) => void flow.offer(frame, offset, end),
      () => flow.close(),
    ),
  )
}

/** Sends `TEXT` over `flow`, gets it back, and says how much virtual time that took. `meanwhile` runs all the time. */
async function conversation(net: Lan, flow: TcpFlow, meanwhile: () => void = () => {}): Promise<number> {
  const start = net.clock.now()
  void flow.write(TEXT)
  for (let length = 0; length < TEXT.length; ) {
    const reading = flow.read()
    let result = await sofar(reading)
    for (; result === undefined; result = await sofar(reading)) {
      meanwhile()
      await net.pass(10)
      assert.ok(net.clock.now() - start < 60_000, 'the conversation ends')
    }
    assert.ok(result.ok && result.value !== 'eof', 'the connection lives')
    for (const [i, byte] of result.value.entries())
      if (byte !== TEXT[length + i]) assert.fail('it is the text')
    length += result.value.length
  }
  return net.clock.now() - start
}

interface Cost {
  /** Of this thread, and of the link, in milliseconds. */
  readonly cpu: number
  readonly time: number
}

/**
 * What a conversation takes. Where others work on the machine most of them lose the processor in between, and take
 * several times as long; a tenth of them never do.
 */
async function costs(net: Lan, flow: TcpFlow): Promise<Cost> {
  const seen: Cost[] = []
  for (let tries = 0; tries < TRIES; tries++) {
    const [cpu, time]: [number[], number[]] = [[], []]
    for (let i = 0; i < ROUNDS; i++) {
      const begun = performance.now()
      time.push(await conversation(net, flow))
      cpu.push(performance.now() - begun)
    }
    seen.push({ cpu: quantile(cpu, 0.1), time: quantile(time, 0.5) })
  }
  return seen.reduce((least, each) => (each.cpu < least.cpu ? each : least))
}

/** The value below which `share` of all are. */
function quantile(values: readonly number[], share: number): number {
  return values.slice().sort((a, b) => a - b)[Math.floor(values.length * share)]!
}

/** Opens 200 connections to `port`, and closes the half of who opened them. */
async function closeHalf({ villain, pass }: Lan, port: number): Promise<void> {
  const opening = Array.from({ length: 200 }, () => villain.tcp.connect({ address: SERVER, port }))
  await pass(50)
  for (const each of opening) {
    const flow = await sofar(each)
    assert.ok(flow?.ok, 'it is connected')
    flow.value.shutdown()
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function memory(): number {
  // Buffers that are garbage are taken back beside the program, at the latest when it is collected again.
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** What `promise` has come to, if it has. */
function sofar<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([promise, Promise.resolve(undefined)])
}

/** At no less than half the speed that they had alone: of the link's time, which is virtual. */
async function assertUndisturbed(net: Lan, flow: TcpFlow, meanwhile?: () => void): Promise<void> {
  const alone = await conversation(net, flow)
  const disturbed = await conversation(net, flow, meanwhile)
  assert.ok(disturbed <= 2 * alone + 20, `${disturbed} ms, and ${alone} alone`)
}

describe('connections of others', () => {
  it('go on, and begin, during a flood of SYNs, of which nothing is kept beyond the backlog', async () => {
    const net = lan()
    echo(net)
    const honest = await opened(net, net.client)
    let count = 0
    const flood = (): void => {
      for (let i = 0; i < 500; i++, count++) net.forge(count & 0xffff, 1024 + (count >>> 16), SYN, count, 0)
    }
    await assertUndisturbed(net, honest, flood)
    for (let i = 0; i < 2000 * SCALE; i++) {
      flood()
      await net.pass(10)
      assert.ok(net.server.usage.connections <= 256 + 2)
    }
    const { cookiesOut, cookiesIn } = net.server.counters
    assert.ok(cookiesOut > 0.9 * count, `${cookiesOut} of ${count}`)
    const late = await opened(net, net.client)
    assert.equal(net.server.counters.cookiesIn, cookiesIn + 1)
    await conversation(net, late)
  })

  it('go on during a flood of acknowledgements and resets that belong to nothing', async () => {
    const net = lan()
    echo(net)
    const honest = await opened(net, net.client)
    let count = 0
    const flood = (): void => {
      for (let i = 0; i < 500; i++, count++)
        net.forge(count & 0xffff, 2000, count % 2 === 0 ? ACK : RST, Math.imul(count, 0x9e37_79b1), count)
    }
    const { resetsOut } = net.server.counters
    await assertUndisturbed(net, honest, flood)
    await net.pass(100)
    assert.equal(net.server.usage.connections, 1)
    // An acknowledgement is answered with a reset; a reset never is.
    assert.equal(net.server.counters.resetsOut - resetsOut, count / 2)
  })

  it('go on beside very many that are closed by one end only, of which no more is kept than their state', async (context) => {
    const net = lan()
    const left: TcpFlow[] = []
    // One host has not ports enough for as many connections to one.
    for (const port of PORTS)
      net.server.listen(port, (flow) =>
        flow.listen(
          (frame, offset, end) => void flow.offer(frame, offset, end),
          // The server never closes its own half.
          () => left.push(flow),
        ),
      )
    const honest = await opened(net, net.client)
    await opened(net, net.villain)
    await costs(net, honest)
    const before = memory()
    const closed = Math.round(100_000 * SCALE)
    for (let i = 0; i < closed; i += 200) await closeHalf(net, PORTS[(i / 200) % PORTS.length]!)
    await net.pass(100)
    assert.equal(left.length, closed)
    assert.equal(net.server.usage.connections, closed + 2)
    assert.equal(net.server.usage.memory, 0)
    const kept = memory() - before
    const beside = await costs(net, honest)
    for (const flow of left) flow.abort()
    await net.pass(100)
    assert.equal(net.server.usage.connections, 2)
    // Last, since what is compiled gets faster all the time.
    const alone = await costs(net, honest)
    const slowness = beside.cpu / alone.cpu
    context.diagnostic(`${slowness.toFixed(2)} times as long, ${(kept / closed).toFixed(0)} bytes for each`)
    assert.ok(beside.time <= 2 * alone.time + 20, `${beside.time} ms, and ${alone.time} alone`)
    assert.ok(slowness <= 2, `${beside.cpu} ms of the processor, and ${alone.cpu} alone`)
    assert.ok(kept <= KEPT_MAX * closed + COMPILED_MAX, `${kept} bytes are kept`)
  })

  it('go on beside those who do not read, and those who write a byte at a time', async () => {
    const net = lan()
    echo(net)
    const honest = await opened(net, net.client)
    const alone = await conversation(net, honest)
    const lazy: TcpFlow[] = []
    for (let i = 0; i < 20; i++) lazy.push(await opened(net, net.villain))
    for (const flow of lazy) void flow.write(new Uint8Array(1_000_000))
    const slow = await opened(net, net.villain)
    const beside = await conversation(net, honest, () => void slow.offer(Uint8Array.of(1), 0, 1))
    assert.ok(beside <= 2 * alone + 20, `${beside} ms, and ${alone} alone`)
    // What is not read is acknowledged by nobody, and held by the server: a queue for each, and no more.
    assert.ok(net.server.usage.memory <= 22 * (262_144 + 262_144), `${net.server.usage.memory} bytes`)
  })
})
