import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Random, below } from '@mirage/random'
import type { TcpFlow } from './tcp.ts'
import { B, type Fate, type RigOptions, rig } from './testing/rig.ts'

/** Sends `length` bytes each way at once, and closes; both must arrive, bit for bit. Returns how long it took. */
async function exchange(length: number, options: RigOptions, pause?: () => Promise<void>): Promise<number> {
  const { a, b, run, clock } = rig(options)
  const accepted = new Promise<TcpFlow>((resolve) => void b.listen(80, resolve))
  const both = async (): Promise<void> => {
    const opened = await a.connect({ address: B, port: 80 })
    assert.ok(opened.ok)
    const [client, server] = [opened.value, await accepted]
    await Promise.all([
      send(client, length, 3),
      send(server, length, 5),
      receive(client, length, 5),
      receive(server, length, 3, pause),
    ])
    client.close()
    server.close()
  }
  await run(both(), 7_200_000)
  return clock.now()
}

function byteAt(position: number, salt: number): number {
  return ((position * salt) ^ (position >>> 8) ^ (position >>> 15)) & 0xff
}

async function send(flow: TcpFlow, length: number, salt: number): Promise<void> {
  for (let at = 0; at < length; at += 30_000) {
    const bytes = Uint8Array.from({ length: Math.min(30_000, length - at) }, (_, i) => byteAt(at + i, salt))
    assert.ok((await flow.write(bytes)).ok)
  }
  flow.shutdown()
}

async function receive(
  flow: TcpFlow,
  length: number,
  salt: number,
  pause?: () => Promise<void>,
): Promise<void> {
  let at = 0
  for (;;) {
    const result = await flow.read()
    assert.ok(result.ok, `read fails at ${at}`)
    if (result.value === 'eof') break
    for (const byte of result.value) if (byte !== byteAt(at++, salt)) assert.fail(`byte ${at - 1} is wrong`)
    await pause?.()
  }
  assert.equal(at, length)
}

/** Loses, repeats and reorders, in shares of a thousand, on top of a delay with jitter. */
function faulty(lost: number, repeated: number, reordered: number, jitter: number): (random: Random) => Fate {
  return (random) => () => {
    const delay = 5 + below(random, jitter + 1)
    const draw = below(random, 1000)
    if (draw < lost) return []
    if (draw < lost + repeated) return [delay, delay + below(random, 20)]
    return [draw < lost + repeated + reordered ? delay + below(random, 60) : delay]
  }
}

describe('two stacks on a link', () => {
  for (let seed = 1; seed <= 20; seed++) {
    it(`exchange 200 kB each way through loss, repetition, reordering and jitter (seed ${seed})`, async () => {
      await exchange(200_000, { seed, fate: faulty(10, 20, 50, 20) })
    })
  }

  for (let seed = 1; seed <= 5; seed++) {
    it(`exchange 30 kB each way where every fifth packet is lost (seed ${seed})`, async () => {
      await exchange(30_000, { seed, fate: faulty(200, 0, 0, 0) })
    })
  }

  it('exchange megabytes at once on a link without faults', async () => {
    const elapsed = await exchange(3_000_000, { fate: () => () => [1] })
    assert.ok(elapsed < 1000, `it took ${elapsed} ms`)
  })

  it('exchange segments as small as a link may demand', async () => {
    await exchange(20_000, { mtu: 128, fate: faulty(10, 10, 10, 5) })
  })

  it('exchange through windows smaller than a segment', async () => {
    await exchange(20_000, {
      a: { receiveSize: 700, sendSize: 300 },
      b: { receiveSize: 1000, sendSize: 50 },
      fate: faulty(20, 10, 10, 5),
    })
  })

  it('recover when everything is lost for a second', async () => {
    let dark = false
    const fate = (): Fate => {
      let bytes = 0
      let until = 0
      return (packet) => {
        bytes += packet.length
        if (bytes < 400_000) return [2]
        dark = true
        return until++ < 40 ? [] : [2]
      }
    }
    await exchange(300_000, { fate })
    assert.ok(dark)
  })

  it('lose nothing of what a slow reader is sent', async () => {
    let reads = 0
    // A window that does not grow: the reader pauses in the time of the machine, while that of the clock goes on.
    const of = { receiveSize: 262_144 }
    await exchange(2_000_000, { fate: () => () => [1], a: of, b: of }, async () => {
      if (++reads % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    })
  })
})
