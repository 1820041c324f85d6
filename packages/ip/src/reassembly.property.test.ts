import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Random, below } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'
import * as fc from 'fast-check'
import { type Fragment, PACKETS_MAX, Reassembly, SIZE_MAX, TIMEOUT_MS } from './reassembly.ts'

const SIZE_LIMIT = 65_515

function fragmentOf(whole: Uint8Array, from: number, to: number): Fragment {
  return {
    frame: whole,
    header: 0,
    headerEnd: 0,
    offset: from,
    end: to,
    position: from,
    hasMore: to < whole.length,
    sizeMax: SIZE_LIMIT,
  }
}

/** A payload, and where it is cut: into at most 16 pieces of any size, or any number that are not small. */
const cuts: fc.Arbitrary<{ length: number; at: number[] }> = fc
  .record({
    length: fc.integer({ min: 1, max: SIZE_LIMIT }),
    places: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 15 }),
    even: fc.option(fc.integer({ min: 64, max: 1120 }), { nil: undefined }),
  })
  .map(({ length, places, even }) => {
    const at = new Set(places.map((place) => Math.floor((place * length) / 8) * 8))
    if (even !== undefined) {
      at.clear()
      for (let i = even * 8; i < length; i += even * 8) at.add(i)
    }
    at.delete(0)
    return { length, at: [...at].sort((a, b) => a - b) }
  })

const shuffled = cuts.chain(({ length, at }) => {
  const bounds = [0, ...at, length]
  const parts = at.concat(0).map((_, i): [number, number] => [bounds[i]!, bounds[i + 1]!])
  const order = fc.shuffledSubarray(parts, { minLength: parts.length, maxLength: parts.length })
  return fc.record({ length: fc.constant(length), order })
})

function payload(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8)) & 0xff)
}

describe('whatever a packet is cut into', () => {
  it('it is whole with the last piece and not before, in any order', () => {
    fc.assert(
      fc.property(shuffled, ({ length, order }) => {
        const whole = payload(length)
        const reassembly = new Reassembly()
        for (const [i, [from, to]] of order.entries()) {
          const outcome = reassembly.input('key', fragmentOf(whole, from, to), i)
          assert.ok(outcome.ok)
          if (i < order.length - 1) assert.equal(outcome.value, undefined)
          else assert.deepEqual(outcome.value, { bytes: whole, offset: 0 })
        }
        assert.deepEqual([reassembly.size, reassembly.count], [0, 0])
      }),
      { numRuns: 300 },
    )
  })

  it('it is never whole if one more piece holds a byte of another', () => {
    const extra = fc.record({ shuffled, piece: fc.nat(), from: fc.nat(), to: fc.nat(), when: fc.nat() })
    fc.assert(
      fc.property(extra, ({ shuffled: { length, order }, piece, from, to, when }) => {
        fc.pre(order.length > 1)
        const whole = payload(length)
        // It begins within a piece that came before it, and comes before the last one.
        const index = piece % (order.length - 1)
        const [begin, end] = order[index]!
        const start = begin + Math.floor((from % (end - begin)) / 8) * 8
        const stop = Math.min(length, start + 8 + Math.floor((to % (length - start)) / 8) * 8)
        const all = [...order]
        all.splice(index + 1 + (when % (order.length - 1 - index)), 0, [start, stop])
        const reassembly = new Reassembly()
        for (const part of all) {
          const outcome = reassembly.input('key', fragmentOf(whole, ...part), 0)
          assert.ok(!outcome.ok || outcome.value === undefined)
        }
      }),
      { numRuns: 300 },
    )
  })
})

/** Any fragment: often of few packets and near others, so that they meet. */
function anything(random: Random, frame: Uint8Array): Fragment {
  const isTame = below(random, 4) !== 0
  const offset = below(random, 40)
  const length = isTame ? 8 * (1 + below(random, 4)) : below(random, 2000)
  return {
    frame,
    header: 0,
    headerEnd: isTame ? 20 : below(random, 200),
    offset,
    end: offset + length,
    position: isTame ? 8 * below(random, 12) : 8 * below(random, 8192),
    hasMore: below(random, 3) !== 0,
    sizeMax: isTame ? SIZE_LIMIT : below(random, 65_536),
  }
}

describe('whatever fragments come', () => {
  it('every one is kept, dropped for a reason, or in a packet, and the limits hold (100 000 fragments)', () => {
    const random = seeded(11)
    const frame = new Uint8Array(2100)
    for (const [sizeMax, keys] of [
      [SIZE_MAX, 3000],
      [4000, 40],
      [0, 4],
    ] as const) {
      const reassembly = new Reassembly(sizeMax)
      let now = 0
      let wholes = 0
      const sent = sizeMax === SIZE_MAX ? 60_000 : 20_000
      for (let i = 0; i < sent; i++) {
        if (below(random, 50) === 0) now += below(random, 400)
        reassembly.expire(now)
        const outcome = reassembly.input(`key ${below(random, keys)}`, anything(random, frame), now)
        if (outcome.ok && outcome.value !== undefined) wholes++
        assert.ok(reassembly.size >= 0 && reassembly.size <= sizeMax && reassembly.count <= PACKETS_MAX)
        assert.ok(reassembly.count === 0 || reassembly.deadline! > now)
      }
      const inTime = Object.values(reassembly.drops).reduce((sum, count) => sum + count, 0)
      reassembly.expire(now + TIMEOUT_MS)
      assert.deepEqual([reassembly.size, reassembly.count, reassembly.deadline], [0, 0, undefined])
      const dropped = Object.values(reassembly.drops).reduce((sum, count) => sum + count, 0)
      assert.ok(dropped >= inTime && dropped + wholes <= sent && wholes > 0)
    }
  })
})
