import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as ipv4 from '@mirage/address/ipv4'
import { type Result, err, ok } from '@mirage/result'
import { ACK, RST, SYN, URG, type Segment } from './segment.ts'
import type { ConnectError, Request, TcpFlow } from './tcp.ts'
import { type Fields, bytesOf, segmentOf } from './testing/raw.ts'
import { A, B, type RigOptions, type Wire, rig } from './testing/rig.ts'

const SERVER = { address: B, port: 80 }

function opened(result: Result<TcpFlow, ConnectError>): TcpFlow {
  assert.ok(result.ok, 'the connection is opened')
  return result.value
}

/** Both ends of a connection from `a` to `b`. */
async function connected(options: RigOptions = {}) {
  const world = rig(options)
  const flows: TcpFlow[] = []
  world.b.listen(80, (flow) => flows.push(flow))
  const client = opened(await world.run(world.a.connect(SERVER)))
  await world.pass(50)
  return { ...world, client, server: flows[0]! }
}

/** What `wire`'s stack answers to a segment from `A`. */
function ask(wire: Wire, fields: Fields, src: ipv4.Ipv4 = A, dst: ipv4.Ipv4 = B): Segment[] {
  const answers: Segment[] = []
  const { transmit } = wire
  wire.transmit = (bytes, to, from) => answers.push(segmentOf(bytes, from, to))
  wire.receive(bytesOf(fields, src, dst), src, dst)
  wire.transmit = transmit
  return answers
}

describe('connect', () => {
  it('opens a connection whose ends name each other', async () => {
    const { client, server } = await connected()
    assert.deepEqual(client.remote, SERVER)
    assert.deepEqual(server.remote, client.local)
    assert.deepEqual(server.local, client.remote)
    assert.equal(client.local.address, A)
  })

  it('is refused where nobody listens', async () => {
    const { a, run } = rig()
    assert.deepEqual(await run(a.connect(SERVER)), err('refused'))
  })

  it('is timed-out after three minutes of silence', async () => {
    const { a, run, clock } = rig({ fate: () => () => [] })
    assert.deepEqual(await run(a.connect(SERVER)), err('timed-out'))
    assert.equal(clock.now(), 183_000)
  })

  it('has no route where the next hop does not answer', async () => {
    const { a, pass, wireA } = rig({ fate: () => () => [] })
    const result = a.connect(SERVER)
    await pass(10)
    wireA.unreachable[0]!(B)
    assert.deepEqual(await result, err('no-route'))
  })

  it('has no route without one, and without an address', async () => {
    const world = rig()
    world.wireA.writeAt = () => err('no-route') as never
    assert.deepEqual(await world.run(world.a.connect(SERVER)), err('no-route'))
    world.wireA.src = () => ipv4.UNSPECIFIED
    assert.deepEqual(await world.run(world.a.connect(SERVER)), err('no-route'))
  })

  it('has no route to what is no host (RFC 1122 §4.2.3.10)', async () => {
    const { a, run } = rig()
    for (const address of [ipv4.BROADCAST, ipv4.of(10, 0, 0, 255), ipv4.of(224, 0, 0, 1), ipv4.UNSPECIFIED])
      assert.deepEqual(await run(a.connect({ address, port: 80 }), 0), err('no-route'))
  })

  it('has no port left when all to this peer are taken, and never waits for one', async () => {
    const { a, run } = rig({ fate: () => () => [], a: { connectionsMax: 1000 } })
    for (let i = 0; i < 1000; i++) void a.connect(SERVER)
    assert.deepEqual(await run(a.connect(SERVER)), err('no-port'))
  })

  it('throws on a port that cannot be', () => {
    const { a } = rig()
    for (const port of [0, -1, 65_536, 1.5]) {
      assert.throws(() => a.listen(port, () => {}), /a port is 1 to 65535/)
      assert.throws(() => void a.connect({ address: B, port }), /a port is 1 to 65535/)
    }
  })

  it('survives the loss of every tenth segment without text, a hundred times', async () => {
    const { a, b, run } = rig({
      fate: (random) => (packet) => (packet.length < 40 && random.generate(1)[0]! < 26 ? [] : [1]),
    })
    b.listen(80, (flow) => flow.close())
    for (let i = 0; i < 100; i++) opened(await run(a.connect(SERVER))).close()
  })
})

describe('listen', () => {
  it('takes a port once, and gives it back with unlisten', async () => {
    const { a, b, run } = rig()
    assert.deepEqual(
      b.listen(80, () => {}),
      ok(undefined),
    )
    assert.deepEqual(
      b.listen(80, () => {}),
      err('port-in-use'),
    )
    b.unlisten(80)
    assert.deepEqual(await run(a.connect(SERVER)), err('refused'))
    assert.deepEqual(
      b.listen(80, () => {}),
      ok(undefined),
    )
    opened(await run(a.connect(SERVER)))
  })

  it('leaves open connections alone when it ends', async () => {
    const { b, client, server, run } = await connected()
    b.unlisten(80)
    await run(client.write(Uint8Array.of(1)))
    assert.deepEqual(await run(server.read()), ok(Uint8Array.of(1)))
  })

  it('hands over a connection only when the handshake is over', async () => {
    const { b, wireB, pass } = rig()
    let count = 0
    b.listen(80, () => count++)
    const [synAck] = ask(wireB, { flags: SYN, seq: 100 })
    await pass(1)
    assert.equal(count, 0)
    ask(wireB, { flags: ACK, seq: 101, ack: synAck!.seq + 1 })
    await pass(1)
    assert.equal(count, 1)
  })

  it('keeps every connection of a burst whose handshakes end at once', async () => {
    const { b, wireB, pass } = rig()
    let count = 0
    b.listen(80, () => count++)
    wireB.transmit = () => {}
    for (let i = 0; i < 1000; i++) {
      const [synAck] = ask(wireB, { flags: SYN, seq: 100, srcPort: 2000 + i })
      ask(wireB, { flags: ACK, seq: 101, ack: synAck!.seq + 1, srcPort: 2000 + i })
    }
    await pass(1)
    assert.equal(count, 1000)
  })

  it('holds 256 half-open connections; of a flood it keeps no more, and a real peer gets through by a cookie', async () => {
    const { a, b, wireB, run, clock } = rig()
    b.listen(80, () => {})
    for (let i = 0; i < 1000; i++) {
      const answer = ask(wireB, { flags: SYN, seq: i, srcPort: 1000 + i }, ipv4.of(192, 0, 2, 1))
      assert.equal(answer[0]?.flags, SYN | ACK)
    }
    assert.equal(b.usage.connections, 256)
    assert.equal(b.counters.cookiesOut, 744)
    const client = opened(await run(a.connect(SERVER)))
    void client.write(Uint8Array.of(1, 2, 3))
    assert.equal(b.counters.cookiesIn, 1)
    assert.equal(b.usage.connections, 257)
    clock.advance(120_000)
    assert.equal(b.usage.connections, 1)
  })

  it('believes no acknowledgement of what it did not promise', async () => {
    const { b, wireB, pass } = rig()
    b.listen(80, () => assert.fail(), { backlogMax: 0 })
    const bare = { flags: ACK, seq: 101, srcPort: 2000 }
    assert.equal(ask(wireB, { ...bare, ack: 77 })[0]?.flags, RST)
    const [synAck] = ask(wireB, { flags: SYN, seq: 100, srcPort: 2000 })
    const ack = synAck!.seq + 1
    assert.equal(ask(wireB, { ...bare, ack: ack + 1 })[0]?.flags, RST)
    assert.equal(ask(wireB, { ...bare, seq: 102, ack })[0]?.flags, RST)
    assert.equal(ask(wireB, { ...bare, flags: ACK | SYN, ack })[0]?.flags, RST)
    await pass(200_000)
    assert.equal(ask(wireB, { ...bare, ack })[0]?.flags, RST)
    assert.equal(b.usage.connections, 0)
  })

  it('holds as many connections of one listener as that may have', async () => {
    const { a, b, run } = rig()
    b.listen(80, () => {}, { connectionsMax: 2 })
    b.listen(81, () => {})
    const first = opened(await run(a.connect(SERVER)))
    opened(await run(a.connect(SERVER)))
    const third = a.connect(SERVER)
    opened(await run(a.connect({ ...SERVER, port: 81 })))
    assert.equal(b.counters.synsIgnored, 1)
    first.abort()
    opened(await run(third))
  })
})

describe('segments that belong to no connection (RFC 9293 §3.10.7.1)', () => {
  const rows: [what: string, fields: Fields, answer: Pick<Segment, 'flags' | 'seq' | 'ack'> | undefined][] = [
    ['a SYN', { flags: SYN, seq: 100 }, { flags: RST | ACK, seq: 0, ack: 101 }],
    ['an acknowledgement', { flags: ACK, seq: 100, ack: 77 }, { flags: RST, seq: 77, ack: 0 }],
    ['a SYN-ACK', { flags: SYN | ACK, seq: 100, ack: 77 }, { flags: RST, seq: 77, ack: 0 }],
    ['a reset', { flags: RST, seq: 100 }, undefined],
  ]
  for (const [what, fields, answer] of rows) {
    it(`answers ${what} with ${answer === undefined ? 'nothing' : 'a reset'}`, () => {
      const [sent] = ask(rig().wireB, fields)
      assert.deepEqual(sent && { flags: sent.flags, seq: sent.seq, ack: sent.ack }, answer)
      assert.equal(sent?.dstPort ?? 4000, 4000)
    })
  }

  it('answers nothing that is for many, or from nobody (RFC 1122 §4.2.3.10)', () => {
    const { wireB } = rig()
    for (const dst of [ipv4.BROADCAST, ipv4.of(10, 0, 0, 255), ipv4.of(224, 0, 0, 1)])
      assert.deepEqual(ask(wireB, { flags: SYN }, A, dst), [])
    for (const src of [ipv4.UNSPECIFIED, ipv4.BROADCAST, ipv4.of(224, 0, 0, 1)])
      assert.deepEqual(ask(wireB, { flags: SYN }, src), [])
  })

  it('counts and drops what is broken', () => {
    const { b, wireB } = rig()
    const bytes = bytesOf({ flags: SYN }, A, B)
    bytes[4]! ^= 1
    wireB.receive(bytes, A, B)
    wireB.receive(bytes.subarray(0, 10), A, B)
    assert.equal(b.counters.drops['bad-checksum'], 1)
    assert.equal(b.counters.drops['too-short'], 1)
    assert.equal(b.counters.segmentsOut, 0)
  })
})

describe('forward', () => {
  /** A peer asks for a connection to an address that is not `b`'s. */
  function asked() {
    const world = rig()
    const requests: Request[] = []
    world.b.forward((request) => requests.push(request))
    const far = ipv4.of(198, 51, 100, 7)
    return {
      ...world,
      requests,
      far,
      syn: () => ask(world.wireB, { flags: SYN, seq: 100, dstPort: 443 }, A, far),
    }
  }

  it('asks once for each connection, and says nothing before the answer', () => {
    const { requests, far, syn } = asked()
    assert.deepEqual([...syn(), ...syn(), ...syn()], [])
    assert.equal(requests.length, 1)
    assert.deepEqual(requests[0]!.local, { address: far, port: 443 })
    assert.deepEqual(requests[0]!.remote, { address: A, port: 4000 })
  })

  it('answers the SYN when the request is accepted, in the name of who was asked', async () => {
    const { requests, far, syn, wireB, pass } = asked()
    syn()
    const sent: Segment[] = []
    wireB.transmit = (bytes, dst, src) => {
      assert.equal(src, far)
      sent.push(segmentOf(bytes, src, dst))
    }
    const result = requests[0]!.accept()
    assert.equal(sent[0]!.flags, SYN | ACK)
    wireB.receive(bytesOf({ flags: ACK, seq: 101, ack: sent[0]!.seq + 1, dstPort: 443 }, A, far), A, far)
    await pass(1)
    assert.deepEqual(opened(await result).local, { address: far, port: 443 })
  })

  it('resets the peer when the request is refused, whatever is said after', async () => {
    const { requests, syn, wireB, pass } = asked()
    syn()
    const sent: number[] = []
    wireB.transmit = (bytes) => sent.push(bytes[13]!)
    requests[0]!.refuse()
    requests[0]!.refuse()
    assert.deepEqual(sent, [RST | ACK])
    const late = requests[0]!.accept()
    await pass(1)
    assert.deepEqual(await late, err('refused'))
  })

  it('lets the peer take its SYN back', async () => {
    const { requests, syn, wireB, far, pass } = asked()
    syn()
    wireB.receive(bytesOf({ flags: RST, seq: 101, dstPort: 443 }, A, far), A, far)
    const late = requests[0]!.accept()
    await pass(1)
    assert.deepEqual(await late, err('refused'))
    syn()
    assert.equal(requests.length, 2)
  })

  it('holds 256 requests; then the oldest goes', async () => {
    const { requests, wireB, pass } = asked()
    for (let i = 0; i < 300; i++) ask(wireB, { flags: SYN, srcPort: 1000 + i })
    const first = requests[0]!.accept()
    await pass(1)
    assert.deepEqual(await first, err('refused'))
    let answers = 0
    wireB.transmit = () => answers++
    for (const request of requests.slice(1)) void request.accept()
    assert.equal(answers, 256)
  })

  it('is not asked about ports that have a listener', () => {
    const { requests, b, wireB } = asked()
    b.listen(80, () => {})
    assert.equal(ask(wireB, { flags: SYN })[0]!.flags, SYN | ACK)
    assert.equal(requests.length, 0)
  })
})

describe('urgent data (RFC 6093)', () => {
  it('is counted, and otherwise a segment like any other', async () => {
    const { client, a, b, wireB } = await connected()
    assert.equal(b.counters.urgentsIn, 0)
    ask(wireB, { srcPort: client.local.port, dstPort: 80, flags: ACK | URG })
    ask(wireB, { srcPort: 9, dstPort: 9, flags: SYN | URG })
    assert.deepEqual([b.counters.urgentsIn, a.counters.urgentsIn], [2, 0])
  })
})

describe('the end of connections', () => {
  it('forgets them, and all they held, once both have closed', async () => {
    const { client, server, clock, pass } = await connected()
    client.close()
    server.close()
    await pass(60_100)
    assert.equal(clock.deadline, undefined)
  })

  it('keeps no timer for connections that are idle', async () => {
    const { clock, pass } = await connected()
    await pass(3000)
    assert.equal(clock.deadline, undefined)
  })

  it('keeps one timer for all connections', async () => {
    const { a, clock, run } = rig({ fate: () => () => [] })
    const results = Array.from({ length: 500 }, () => a.connect(SERVER))
    assert.equal(clock.pending, 1)
    for (const result of await run(Promise.all(results))) assert.deepEqual(result, err('timed-out'))
  })

  it('accepts a new connection between the ends of one in TIME-WAIT, if its SYN is newer', async () => {
    const { b, wireB, pass } = rig()
    const flows: TcpFlow[] = []
    b.listen(80, (flow) => flows.push(flow))
    wireB.transmit = () => {}
    const [synAck] = ask(wireB, { flags: SYN, seq: 100 })
    ask(wireB, { flags: ACK, seq: 101, ack: synAck!.seq + 1 })
    await pass(1)
    flows[0]!.close()
    await pass(1)
    ask(wireB, { flags: ACK | 1, seq: 101, ack: synAck!.seq + 2 })
    assert.equal(ask(wireB, { flags: SYN, seq: 50 })[0]!.flags, ACK)
    const [again] = ask(wireB, { flags: SYN, seq: 500 })
    assert.equal(again!.flags, SYN | ACK)
    assert.equal(again!.ack, 501)
    assert.ok(((again!.seq - synAck!.seq) | 0) > 0)
  })

  it('keeps no more than it may in TIME-WAIT', async () => {
    const { a, b, run, clock } = rig({ a: { timeWaitMax: 10, connectionsMax: 20 } })
    b.listen(80, (flow) => flow.close())
    for (let i = 0; i < 100; i++) {
      const flow = opened(await run(a.connect(SERVER)))
      flow.close()
      assert.deepEqual(await run(flow.read()), ok('eof'))
    }
    assert.ok(clock.now() < 60_000)
  })

  it('ends a read that waits for a peer that is gone, by keep-alive', async () => {
    let isOn = true
    const { a, b, run, clock } = rig({ fate: () => () => (isOn ? [0] : []) })
    b.listen(80, () => {})
    const keepAlive = { after: 0, interval: 1000, probes: 3 }
    const flow = opened(await run(a.connect(SERVER, { keepAlive })))
    isOn = false
    assert.deepEqual(await run(flow.read()), err('timed-out'))
    assert.ok(clock.now() < 15_000)
  })

  it('resets every connection when the stack is disconnected, and opens no more', async () => {
    const { a, b, client, server, run, clock } = await connected()
    b.disconnect()
    assert.deepEqual(await run(client.read()), err('reset'))
    assert.deepEqual(await run(server.read()), err('reset'))
    assert.deepEqual(await run(b.connect({ address: A, port: 1 })), err('no-route'))
    const result = a.connect(SERVER)
    clock.advance(200_000)
    assert.deepEqual(await result, err('timed-out'))
    b.disconnect()
  })
})
