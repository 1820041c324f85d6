import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as checksum from '@mirage/bytes/checksum'
import { cannotRun, runModule } from './testing/run.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** `bytes(hex)` and `hex(bytes)`, for a program. */
const HEX = `
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
`

/** The lines that a program prints for cases, each the arguments of \`each\`. */
function lines(cases: readonly unknown[], each: string): readonly string[] {
  const text = `${HEX}\nconst each = ${each}\nfor (const one of ${JSON.stringify(cases)}) print(each(...one))`
  return runModule(text).output.split('\n')
}

describe('the intrinsics of images', { skip: cannotRun }, () => {
  it('checksum as TypeScript does, for all bytes, places and sums', () => {
    const part = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(9), fc.nat(9), fc.nat(0x1ffff))
    const cases = fc.sample(part, { numRuns: 500, seed: 2 })
    const inputs = cases.map(([data, before, after, sum]) => [hex(data), before, after, sum])
    const found = lines(
      inputs,
      `(data, before, after, sum) => {
        const memory = new Uint8Array(before + data.length / 2 + after).fill(0xa5)
        memory.set(bytes(data), before)
        return solo5.checksum(memory, before, memory.length - after, sum)
      }`,
    )
    // The two ways may carry at other times: what they stand for is one number, and it is what goes into a packet.
    const folded = (sum: number): number => checksum.of(new Uint8Array(0), 0, 0, sum)
    const expected = cases.map(([data, , , sum]) => checksum.of(data, 0, data.length, sum))
    assert.deepEqual(found.map(Number).map(folded), expected)
    assert.ok(found.every((sum) => Number(sum) <= 0xffff))
  })

  it('copy as TypeScript does, over each other too', () => {
    const places = fc.tuple(fc.nat(40), fc.nat(40), fc.nat(24), fc.nat(3))
    const cases = fc.sample(places, { numRuns: 300, seed: 3 })
    const copied = `(to, from, length, skipped, copy) => {
      const memory = Uint8Array.from({ length: 80 }, (_, at) => at).subarray(skipped)
      copy(memory, to, memory, from, length)
      return hex(memory)
    }`
    const found = lines(cases, `(...one) => (${copied})(...one, solo5.copy)`)
    const expected = cases.map(([to, from, length, skipped]) => {
      const memory = Uint8Array.from({ length: 80 }, (_, at) => at).subarray(skipped)
      memory.set(memory.slice(from, from + length), to)
      return hex(memory)
    })
    assert.deepEqual(found, expected)
  })
})
