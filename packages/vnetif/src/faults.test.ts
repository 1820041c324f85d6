import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seeded } from '@mirage/random/seeded'
import { type Faults, Line, TRAILING_MAX } from './faults.ts'
import * as plans from './plans.ts'

const COUNT = 20_000

describe('a line', () => {
  it('carries every frame once and at once where the plan is empty', () => {
    assert.deepEqual(send({}, 3), [[0], [1], [2]])
  })

  it('loses its share of frames', () => {
    near(
      share(send({ loss: 0.1 }, COUNT), (arrivals) => arrivals.length === 0),
      0.1,
    )
    assert.equal(
      share(send(plans.OFF, 100), (arrivals) => arrivals.length === 0),
      1,
    )
  })

  it('loses only frames up to a size where the plan says so', () => {
    const plan: Faults = { loss: 1, lossSizeMax: 100 }
    assert.deepEqual([line(plan).send(100, 0), line(plan).send(101, 0)], [[], [0]])
  })

  it('delivers its share of frames twice', () => {
    near(
      share(send({ duplicate: 0.02 }, COUNT), (arrivals) => arrivals.length === 2),
      0.02,
    )
  })

  it('delays every frame by the latency', () => {
    assert.deepEqual(send({ latency: 7 }, 3), [[7], [8], [9]])
  })

  it('spreads frames by the jitter and keeps their order', () => {
    const arrivals = send({ jitter: 20 }, COUNT, 100).map(([arrival]) => arrival!)
    const delays = arrivals.map((arrival, i) => arrival - 100 * i)
    assert.ok(Math.min(...delays) < 0.1 && Math.max(...delays) > 19.9 && Math.max(...delays) < 20)
    const close = send({ jitter: 20 }, COUNT, 0.1).map(([arrival]) => arrival!)
    assert.ok(close.every((arrival, i) => i === 0 || arrival >= close[i - 1]!))
  })

  it('lets its share of frames be overtaken, and only those', () => {
    const arrivals = send({ reorder: 0.05, jitter: 20 }, COUNT, 0.1).map(([arrival]) => arrival!)
    let latest = 0
    let late = 0
    for (const arrival of arrivals) {
      if (arrival < latest) late++
      latest = Math.max(latest, arrival)
    }
    const isHeld = arrivals.map((arrival, i) =>
      arrivals.slice(i + 1, i + 100).some((later) => later < arrival),
    )
    near(isHeld.filter(Boolean).length / COUNT, 0.05)
    assert.ok(late > 0)
  })

  it('holds an overtaken frame back by as much as the plan says', () => {
    assert.deepEqual(send({ reorder: 1, latency: 1 }, 1), [[6]])
    assert.deepEqual(send({ reorder: 1, latency: 1, reorderBy: 30 }, 1), [[31]])
  })

  it('sends one frame after the other at its bandwidth', () => {
    // 1000 bytes at 8 Mbit/s take a millisecond.
    const slow = line({ bandwidth: 8_000_000 })
    assert.deepEqual([slow.send(1000, 0), slow.send(2000, 0), slow.send(1000, 10)], [[1], [3], [11]])
  })

  it('loses what would wait too long for the line', () => {
    const slow = line({ bandwidth: 8_000_000, backlog: 2 })
    const arrivals = [0, 1, 2, 3, 4].map(() => slow.send(1000, 0))
    assert.deepEqual(arrivals, [[1], [2], [3], [], []])
  })

  it('loses frames above the size that a narrow link carries', () => {
    const narrow = line(plans.mtuEnforced(1000))
    assert.deepEqual([narrow.send(1014, 0), narrow.send(1015, 0)], [[0], []])
  })

  it('pauses once, for as long as the plan says, after so many bytes', () => {
    const pausing = line({ pause: { afterBytes: 2500, duration: 1000 } })
    const times = [0, 1, 2, 3, 1001.9, 1002, 5000]
    assert.deepEqual(
      times.map((now) => pausing.send(1000, now).length),
      [1, 1, 0, 0, 0, 1, 1],
    )
  })

  it('is cut while the plan says so', () => {
    const plan: Faults = {
      cuts: [
        { from: 10, until: 20 },
        { from: 30, until: 31 },
      ],
    }
    assert.deepEqual(
      [9, 10, 19.9, 20, 30, 31].map((now) => line(plan).send(60, now).length),
      [1, 0, 0, 1, 0, 1],
    )
  })

  it('flips a bit behind the header in its share of frames', () => {
    const draws = (corrupt: number): number[] => {
      const corrupting = line({ corrupt })
      return Array.from({ length: COUNT }, () => corrupting.flipped(20)).filter((bit) => bit >= 0)
    }
    near(draws(0.01).length / COUNT, 0.01)
    assert.deepEqual(
      [...new Set(draws(1))].sort((a, b) => a - b),
      Array.from({ length: 48 }, (_, i) => 112 + i),
    )
    assert.equal(line({ corrupt: 1 }).flipped(14), -1)
    assert.equal(line({}).flipped(20), -1)
  })

  it('appends up to as many bytes as the plan says', () => {
    const trailing = line(plans.TRAILING_BYTES)
    const counts = Array.from({ length: 1000 }, () => trailing.trailing())
    assert.deepEqual(
      [...new Set(counts)].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    )
    assert.throws(() => line({ trailing: TRAILING_MAX + 1 }).trailing())
  })

  it('does the same for the same seed', () => {
    assert.deepEqual(send(plans.BAD_DAY, 1000), send(plans.BAD_DAY, 1000))
  })
})

function line(plan: Faults): Line {
  return new Line(plan, seeded(1))
}

/** When `count` frames arrive of which one was sent every `interval` from 0 on. */
function send(plan: Faults, count: number, interval: number = 1): (readonly number[])[] {
  const one = line(plan)
  return Array.from({ length: count }, (_, i) => one.send(1000, i * interval))
}

function share<T>(all: readonly T[], is: (each: T) => boolean): number {
  return all.filter(is).length / all.length
}

/** Within four standard deviations of `COUNT` draws, which one seed in 16,000 misses; this seed is fixed. */
function near(actual: number, expected: number): void {
  const tolerance = 4 * Math.sqrt((expected * (1 - expected)) / COUNT)
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual} is not near ${expected}`)
}
