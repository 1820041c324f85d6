import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { randomContract } from './contract.ts'
import { Fortuna, POOL_COUNT } from './fortuna.ts'
import { Generator } from './generator.ts'

// The bytes expected here were made with Python's hashlib and `openssl enc -chacha20`.

const text = (words: string): Uint8Array => Uint8Array.from(Buffer.from(words))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const SEED = Uint8Array.from({ length: 32 }, (_, i) => i)

function rig(): { fortuna: Fortuna; time: { now: number }; round: () => void; draw: () => string } {
  const time = { now: 0 }
  const fortuna = new Fortuna(() => time.now)
  let events = 0
  return {
    fortuna,
    time,
    /** One event of 34 bytes with its head for every pool. */
    round: () => {
      for (let i = 0; i < POOL_COUNT; i++) fortuna.add(7, new Uint8Array(32).fill(events++ % 128))
    },
    draw: () => hex(fortuna.generate(8)),
  }
}

randomContract('Fortuna', () => {
  const { fortuna } = rig()
  fortuna.seed(SEED)
  return fortuna
})

describe('the generator of Fortuna', () => {
  it('makes the bytes that ChaCha20 and SHAd-256 make, with a new key after every request', () => {
    const generator = new Generator()
    const request = (size: number): Uint8Array => {
      const output = new Uint8Array(size)
      generator.generate(output)
      return output
    }
    generator.reseed(text('mirage'))
    assert.equal(hex(request(20)), 'b19b665bbe36d58285ed3c6db3cfe3d19e19d60d')
    assert.equal(hex(request(16)), '29b7e53402b4ba325b4c220285616a13')
    generator.reseed(text('again'))
    assert.equal(hex(request(16)), '94d938331f9dbb331d1bcf73a851322c')
    const hash = createHash('sha256').update(request(65_536)).digest('hex')
    assert.equal(hash, '65739667bf9a06ad4a13171615afffb04d104ae8ca6f2227bcefb4be943c8307')
    assert.equal(hex(request(8)), 'aa2e8f7c00068c0a')
  })

  it('throws before it is seeded, and on more than 64 KiB of one key', () => {
    const generator = new Generator()
    assert.throws(() => generator.generate(new Uint8Array(1)), /seeded/)
    generator.reseed(SEED)
    assert.throws(() => generator.generate(new Uint8Array(65_537)), /65536/)
  })
})

describe('Fortuna', () => {
  it('throws before it is seeded', () => {
    const { fortuna } = rig()
    assert.equal(fortuna.isSeeded, false)
    assert.throws(() => fortuna.generate(1), /seeded/)
  })

  it('hands small draws out of one request, in order and never twice', () => {
    const { fortuna } = rig()
    fortuna.seed(SEED)
    assert.equal(hex(fortuna.generate(4)), 'ecb8fac2')
    assert.equal(hex(fortuna.generate(4)), '230d82bd')
    fortuna.generate(1000)
    assert.equal(hex(fortuna.generate(1000).subarray(0, 8)), '2248bb7cfcef0761')
  })

  it('hands out a request to its last byte', () => {
    const { fortuna } = rig()
    fortuna.seed(SEED)
    fortuna.generate(8)
    assert.equal(hex(fortuna.generate(1016).subarray(1008)), 'b7d281c49a5c3d0d')
    assert.equal(hex(fortuna.generate(4)), '2248bb7c')
  })

  it('rekeys every 64 KiB of a large request', () => {
    const [whole, parts] = [rig().fortuna, new Generator()]
    whole.seed(SEED)
    parts.reseed(SEED)
    const expected = [new Uint8Array(65_536), new Uint8Array(65_536), new Uint8Array(7)]
    for (const part of expected) parts.generate(part)
    assert.ok(Buffer.from(whole.generate(2 * 65_536 + 7)).equals(Buffer.concat(expected)))
  })

  it('uses pool 0 at every reseed, pool 1 at every second', () => {
    const { fortuna, time, round, draw } = rig()
    for (let i = 0; i < 4; i++) round()
    assert.equal(draw(), '3a3496d4554a521d')
    for (let i = 0; i < 4; i++) round()
    time.now = 1000
    fortuna.generate(0)
    assert.equal(draw(), '5afc8762c1451cf6')
  })

  it('needs 64 bytes in pool 0 before it reseeds', () => {
    const { fortuna, round } = rig()
    round()
    fortuna.add(8, new Uint8Array(27))
    assert.equal(fortuna.isSeeded, false, '34 and 29 bytes')
    fortuna.add(9, new Uint8Array(1))
    assert.equal(fortuna.isSeeded, true)
    fortuna.generate(1)
    assert.equal(fortuna.reseeds, 1)
  })

  it('reseeds once a second at most', () => {
    const { fortuna, time, round, draw } = rig()
    for (const [now, reseeds] of [
      [0, 1],
      [999, 1],
      [1000, 2],
      [1999, 2],
      [2000, 3],
    ] as const) {
      round()
      round()
      time.now = now
      draw()
      assert.equal(fortuna.reseeds, reseeds, `at ${now} ms`)
    }
  })

  it('sends the events of each source round all pools', () => {
    const { fortuna } = rig()
    const event = new Uint8Array(32)
    for (let i = 0; i < POOL_COUNT; i++) fortuna.add(1, event)
    fortuna.add(2, event)
    assert.equal(fortuna.isSeeded, true, 'pool 0 holds the first event of both')
  })

  it('hands out nothing of the old key after a seed or a reseed', () => {
    const [one, other] = [rig(), rig()]
    for (const { fortuna } of [one, other]) {
      fortuna.seed(SEED)
      fortuna.generate(8)
    }
    one.fortuna.seed(SEED)
    assert.notEqual(one.draw(), other.draw())
    for (const { round, time } of [one, other]) {
      round()
      round()
      time.now = 5000
    }
    const before = other.fortuna.reseeds
    assert.notEqual(one.draw(), other.draw())
    assert.equal(other.fortuna.reseeds, before + 1)
  })

  it('throws on an event that is empty, too long or of no source', () => {
    const { fortuna } = rig()
    assert.throws(() => fortuna.add(0, new Uint8Array(0)))
    assert.throws(() => fortuna.add(0, new Uint8Array(33)))
    assert.throws(() => fortuna.add(256, new Uint8Array(1)))
  })
})
