import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TcpFlow } from './tcp.ts'
import { B, type Fate, rig } from './testing/rig.ts'

/** What a listener was handed, as copies, and how it ended. */
class Record {
  readonly bytes: number[] = []
  readonly ended: string[] = []

  constructor(flow: TcpFlow, each: () => void = () => {}) {
    flow.listen(
      (frame, offset, end) => {
        assert.ok(end > offset)
        this.bytes.push(...frame.subarray(offset, end))
        each()
      },
      (how) => this.ended.push(how),
    )
  }
}

async function connected(fate?: () => Fate) {
  const world = rig(fate === undefined ? {} : { fate })
  let server: TcpFlow | undefined
  world.b.listen(80, (flow) => (server = flow))
  const client = await world.run(world.a.connect({ address: B, port: 80 }))
  await world.pass(1500)
  if (!client.ok || server === undefined) throw new Error('not connected')
  return { ...world, client: client.value, server }
}

const bytes = Uint8Array.from({ length: 50_000 }, (_, i) => (i * 7) ^ (i >> 8))

describe('a flow that is listened to', () => {
  it('hands over what had arrived, what arrives, and the end', async () => {
    const { client, server, pass } = await connected()
    void client.write(bytes.subarray(0, 10))
    await pass(100)
    const { bytes: taken, ended } = new Record(server)
    assert.deepEqual(taken, [], 'nothing is handed over inside of listen')
    void client.write(bytes.subarray(10))
    await pass(2000)
    assert.deepEqual(Uint8Array.from(taken), bytes)
    assert.deepEqual(ended, [])
    client.close()
    await pass(100)
    assert.deepEqual(ended, ['eof'])
  })

  for (const left of [0, 1, 500]) {
    it(`leaves ${left} bytes of what it handed over, and all that follows, to who reads`, async () => {
      const { client, server, pass, run } = await connected()
      let taken = 0
      server.listen(
        (_, offset, end) => {
          taken += end - offset - left
          server.unlisten(end - left)
        },
        () => assert.fail('nobody listens any more'),
      )
      void client.write(bytes)
      client.close()
      await pass(2000)
      const read: number[] = []
      for (
        let next = await run(server.read());
        next.ok && next.value !== 'eof';
        next = await run(server.read())
      )
        read.push(...next.value)
      assert.ok(taken > 0)
      assert.deepEqual(Uint8Array.from(read), bytes.subarray(taken))
    })
  }

  it('may be listened to again, and hands over what was left first', async () => {
    const { client, server, pass } = await connected()
    server.listen(
      (_, offset) => server.unlisten(offset),
      () => {},
    )
    void client.write(bytes)
    await pass(2000)
    const { bytes: taken, ended } = new Record(server)
    client.close()
    await pass(2000)
    assert.deepEqual(Uint8Array.from(taken), bytes)
    assert.deepEqual(ended, ['eof'])
    assert.throws(() => server.unlisten(0), /broken invariant/)
  })

  for (const end of ['close', 'abort'] as const) {
    it(`leaves nothing to anybody else when who listens no more says ${end}`, async () => {
      for (const isLast of [true, false]) {
        const { a, b, run, client, server, pass } = await connected()
        server.listen(
          (_, offset) => {
            if (isLast) server[end]()
            server.unlisten(offset)
            if (!isLast) server[end]()
          },
          () => assert.fail('nobody listens any more'),
        )
        void client.write(bytes.subarray(0, 3000))
        await pass(500)
        b.listen(81, (flow) => flow.shutdown())
        const other = await run(a.connect({ address: B, port: 81 }))
        assert.ok(other.ok)
        assert.deepEqual(await run(other.value.read()), { ok: true, value: 'eof' })
      }
    })
  }

  it('is read by nobody else before who listens has returned', async () => {
    const { client, server, pass } = await connected()
    let count = 0
    server.listen(
      (_, offset) => {
        count += 1
        server.unlisten(offset)
        assert.throws(() => server.poll(() => {}), /broken invariant/)
        assert.throws(() => new Record(server), /broken invariant/)
      },
      () => assert.fail('nobody listens any more'),
    )
    void client.write(bytes)
    await pass(500)
    assert.equal(count, 1)
    assert.ok(server.poll(() => {})?.ok)
  })

  it('offers nothing of what is not there', async () => {
    const { client } = await connected()
    for (const [from, to] of [
      [0, 4],
      [-1, 2],
      [2, 1],
      [0, NaN],
    ] as const)
      assert.throws(() => client.offer(new Uint8Array(3), from, to), /broken invariant/)
  })

  it('hands over in order what did not arrive in order', async () => {
    let count = 0
    const { client, server, pass } = await connected(() => () => (++count % 7 === 0 ? [] : [count % 3]))
    const { bytes: taken, ended } = new Record(server)
    void client.write(bytes)
    client.close()
    await pass(60_000)
    assert.deepEqual(Uint8Array.from(taken), bytes)
    assert.deepEqual(ended, ['eof'])
  })

  it('says how it broke', async () => {
    const { client, server, pass } = await connected()
    const { ended } = new Record(server)
    client.abort()
    await pass(100)
    assert.deepEqual(ended, ['reset'])
  })

  it('is told once, and nothing more, when who listens ends it', async () => {
    for (const [end, how] of [
      ['close', 'eof'],
      ['abort', 'reset'],
    ] as const) {
      const { client, server, pass } = await connected()
      const { bytes: taken, ended } = new Record(server, () => server[end]())
      void client.write(bytes.subarray(0, 3000))
      await pass(500)
      assert.deepEqual(ended, [how])
      assert.ok(taken.length < 3000, end)
    }
  })

  it('is handed nothing more, and told once it has returned, when it ends it with more there', async () => {
    for (const end of ['close', 'abort'] as const) {
      const { client, server, pass } = await connected()
      void client.write(bytes)
      await pass(500)
      const said: string[] = []
      server.listen(
        () => {
          said.push('begins')
          server[end]()
          said.push('returns')
        },
        () => said.push('ended'),
      )
      await pass(500)
      assert.deepEqual(said, ['begins', 'returns', 'ended'], end)
    }
  })

  it('keeps the window open, whatever arrives', async () => {
    const { client, server, pass, run } = await connected()
    const { bytes: taken } = new Record(server)
    for (let i = 0; i < 20; i++) assert.ok((await run(client.write(bytes), 10_000)).ok)
    await pass(2000)
    assert.equal(taken.length, 20 * bytes.length)
  })

  it('has no other reader', async () => {
    const { server } = await connected()
    assert.deepEqual(new Record(server).ended, [])
    assert.throws(() => server.poll(() => {}), /broken invariant/)
    assert.throws(() => new Record(server), /broken invariant/)
  })
})
