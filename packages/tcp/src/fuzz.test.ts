import { describe, it } from 'node:test'
import assert from 'node:assert/strict'
import * as checksum from '@mirage/bytes/checksum'
import { setU16 } from '@mirage/bytes'
import { type Random, below } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'
import type { TcpFlow } from './tcp.ts'
import { attack } from './testing/hostile.ts'
import { A, B, rig } from './testing/rig.ts'

/** Changes a few bytes, or the length, and sums it anew, so that more than the checksum is tried. */
function mutate(packet: Uint8Array, random: Random): Uint8Array {
  const length = below(random, 4) === 0 ? below(random, packet.length + 30) : packet.length
  const changed = new Uint8Array(length)
  changed.set(packet.subarray(0, length))
  for (let i = length === 0 ? 0 : below(random, 6); i > 0; i--) {
    // The header is where most depends on.
    const at = below(random, below(random, 3) === 0 ? length : Math.min(length, 28))
    changed[at] = below(random, 256)
  }
  if (length >= 18 && below(random, 8) !== 0) {
    setU16(changed, 16, 0)
    setU16(changed, 16, checksum.of(changed, 0, length, checksum.pseudo(A, B, 6, length)))
  }
  return changed
}

describe('whatever a peer sends', () => {
  it('throws nothing, and harms no other connection (20 000 segments)', async () => {
    const random = seeded(7)
    const { a, b, wireA, wireB, run, pass, clock } = rig({ seed: 3, fate: () => () => [1] })
    const victims = new Set<TcpFlow>()
    b.listen(80, (flow) => {
      victims.add(flow)
      void echo(flow).then(() => victims.delete(flow))
    })
    const seen: Uint8Array[] = []
    const { transmit } = wireA
    wireA.transmit = (packet, dst, src) => {
      if (seen.length < 500) seen.push(packet.slice())
      transmit(packet, dst, src)
    }
    let sent = 0
    while (sent < 20_000) {
      const opened = await run(a.connect({ address: B, port: 80 }))
      assert.ok(opened.ok)
      void opened.value.write(new Uint8Array(below(random, 5000)))
      void echo(opened.value)
      await pass(3)
      for (let i = 0; i < 500; i++, sent++) {
        const packet = seen[Math.max(0, seen.length - 1 - below(random, 40))]!
        wireB.receive(mutate(packet, random), A, B)
        if (i % 50 === 0) await pass(10)
      }
      if (below(random, 2) === 0) opened.value.close()
      else opened.value.abort()
      seen.length = 0
    }
    await pass(7_200_000)
    assert.equal(clock.deadline, undefined, 'no connection is left that waits for something')
  })
})

describe('a peer that knows the protocol and breaks it, and an application that does everything in any order', () => {
  it('find nothing: streams are exact, memory is bounded, and in the end nothing is left (24 000 events)', async () => {
    for (const each of [1, 2, 3, 4, 5, 6, 7, 8]) {
      try {
        await attack(each, 3000)
      } catch (error) {
        throw new Error(`with the seed ${each}`, { cause: error })
      }
    }
  })
})

/** Reads and answers until it ends, one way or other. */
async function echo(flow: TcpFlow): Promise<void> {
  for (;;) {
    const read = await flow.read()
    if (!read.ok || read.value === 'eof') break
    if (!(await flow.write(read.value.subarray(0, 10))).ok) break
  }
  flow.close()
}
