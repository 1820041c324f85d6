import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SUM_MAX, allocate, arena } from '@mirage/bytes/arena'
import * as checksum from '@mirage/bytes/checksum'
import { copy } from '@mirage/bytes/copy'
import * as fc from 'fast-check'
import { installArena, webAssembly } from './arena.ts'

const { Memory } = WebAssembly
WebAssembly.Memory = function refuse(): never {
  throw new RangeError('could not allocate memory')
} as unknown as typeof Memory
installArena()
const without = allocate(64)
WebAssembly.Memory = Memory
installArena()

describe('memory of WebAssembly', () => {
  // All that is needed of it, now: the tests of this process share one, and those before take what there is.
  const memory = allocate(0x4_0000)
  const [first, second] = [allocate(3), allocate(3)]
  const [tooMuch, more] = [allocate(arena.buffer.byteLength), allocate(3)]
  const [part, other] = [allocate(100), allocate(100)]

  it('is what is allocated while it lasts, then it is the engine’s', () => {
    assert.equal(memory.buffer, arena.buffer)
    assert.equal(memory.byteOffset % 64, 0)
    assert.ok(memory.every((byte) => byte === 0))
    assert.ok(first.buffer === arena.buffer && second.byteOffset >= first.byteOffset + 3)
    assert.notEqual(tooMuch.buffer, arena.buffer)
    assert.equal(more.buffer, arena.buffer)
  })

  it('is done without where the host does not give it', () => {
    assert.deepEqual(without, new Uint8Array(64))
    assert.notEqual(without.buffer, arena.buffer)
  })

  it('is installed once', () => {
    assert.throws(installArena, /broken invariant/)
  })

  it('sums as JavaScript does, for all bytes, lengths and places', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(70), fc.nat(0x1ffff), (data, at, sum) => {
        memory.set(data, at)
        const expected = checksum.of(data, 0, data.length, sum)
        assert.equal(checksum.of(memory, at, at + data.length, sum), expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('sums as JavaScript does as much as it sums at once, and more', () => {
    const ones = new Uint8Array(memory.length).fill(0xff)
    memory.fill(0xff)
    for (const size of [1460, 65_535, SUM_MAX, SUM_MAX + 1, memory.length])
      assert.equal(
        checksum.of(memory, 0, size, 0x1ffff),
        checksum.of(ones, 0, size, 0x1ffff),
        `${size} bytes`,
      )
  })

  it('copies and sums as one after the other does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(70), fc.nat(70), (data, from, to) => {
        const [plain, target] = [new Uint8Array(1000), 2000 + to]
        memory.set(data, from)
        memory.fill(0xa5, 1999, 3000)
        const expected = checksum.copyAdd(plain, to, data, 0, data.length, 7)
        const sum = checksum.copyAdd(memory, target, memory, from, data.length, 7)
        assert.equal(checksum.of(memory, 0, 0, sum), checksum.of(memory, 0, 0, expected))
        assert.deepEqual(memory.slice(target, target + data.length), data)
        assert.deepEqual([memory[target - 1], memory[target + data.length]], [0xa5, 0xa5])
      }),
      { numRuns: 1000 },
    )
  })

  it('copies over itself, and to and from the engine’s memory', () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, i) => i)
    copy(memory, 10, bytes, 0, 200)
    copy(memory, 13, memory, 10, 200)
    assert.deepEqual(memory.slice(13, 213), bytes)
    copy(memory, 5, memory, 13, 200)
    const back = new Uint8Array(200)
    copy(back, 0, memory, 5, 200)
    assert.deepEqual(back, bytes)
  })

  it('is not left by a length that is wrong', () => {
    for (const [offset, length] of [
      [0, 101],
      [50, 51],
      [-1, 10],
      [0, -1],
      [0.9, 9.1],
      [0, 9.5],
      [NaN, 1],
      [0, NaN],
      [0x1_0000_0000, 1],
    ] as const) {
      assert.throws(() => copy(part, offset, other, 0, length), /broken invariant/)
      assert.throws(() => copy(other, 0, part, offset, length), /broken invariant/)
      assert.throws(() => checksum.copyAdd(part, offset, other, 0, length), /broken invariant/)
      assert.throws(() => checksum.copyAdd(other, 0, part, offset, length), /broken invariant/)
    }
    assert.throws(() => checksum.of(part, 0, 101), /broken invariant/)
  })

  it('is of nobody else', () => {
    assert.notEqual(webAssembly().buffer, arena.buffer)
  })
})
