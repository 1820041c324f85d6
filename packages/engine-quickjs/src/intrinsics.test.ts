import assert from 'node:assert/strict'
import { createCipheriv, createHash } from 'node:crypto'
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

  it('hash as node:crypto does', () => {
    const cases = fc.sample(fc.tuple(fc.uint8Array({ maxLength: 400 }), fc.nat(5)), { numRuns: 200, seed: 4 })
    const found = lines(
      cases.map(([data, offset]) => [hex(data), offset]),
      `(data, offset) => {
        const message = bytes(data)
        const size = Math.ceil((message.length + 9) / 64) * 64
        const padded = new Uint8Array(offset + size)
        padded.set(message, offset)
        padded[offset + message.length] = 0x80
        new DataView(padded.buffer).setUint32(offset + size - 4, message.length * 8)
        const state = Uint32Array.of(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19)
        solo5.sha256Blocks(state, padded, offset, offset + size)
        return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('')
      }`,
    )
    assert.deepEqual(
      found,
      cases.map(([data]) => createHash('sha256').update(data).digest('hex')),
    )
  })

  it('encrypt as node:crypto does with ChaCha20, wherever the key stream begins', () => {
    const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
      fc.uint8Array({ minLength: length, maxLength: length })
    const text = fc.uint8Array({ maxLength: 300 })
    const cases = fc.sample(fc.tuple(exactly(32), fc.nat(0xffff_fff0), exactly(12), text, fc.nat(7)), {
      numRuns: 150,
      seed: 6,
    })
    const found = lines(
      cases.map(([key, counter, nonce, message, offset]) => [
        hex(key),
        counter,
        hex(nonce),
        hex(message),
        offset,
      ]),
      `(key, counter, nonce, message, offset) => {
        const memory = bytes('a5'.repeat(offset) + message + 'a5a5a5')
        solo5.chacha20(bytes(key), counter, bytes(nonce), memory, offset, memory.length - 3)
        return hex(memory)
      }`,
    )
    const expected = cases.map(([key, counter, nonce, message, offset]) => {
      const start = Buffer.alloc(16)
      start.writeUInt32LE(counter)
      start.set(nonce, 4)
      const encrypted = createCipheriv('chacha20', key, start).update(message)
      return `${'a5'.repeat(offset)}${hex(encrypted)}a5a5a5`
    })
    assert.deepEqual(found, expected)
  })

  it('refuse blocks that ChaCha20 does not have, and bytes outside of an array', () => {
    const found = lines(
      [
        [32, -1, 12, 0, 1],
        [32, 2 ** 32, 12, 0, 0],
        [32, 2 ** 32 - 2, 12, 0, 65],
        [31, 0, 12, 0, 1],
        [32, 0, 8, 0, 1],
        [32, 0, 12, -1, 1],
        [32, 0, 12, 0, 101],
        [32, 0, 12, 9, 8],
        [32, 2 ** 32 - 2, 12, 0, 64],
      ],
      `(keySize, counter, nonceSize, offset, end) => {
        try {
          return solo5.chacha20(new Uint8Array(keySize), counter, new Uint8Array(nonceSize), new Uint8Array(100), offset, end)
        } catch (error) { return error.name }
      }`,
    )
    assert.deepEqual(found, [...Array<string>(8).fill('RangeError'), 'undefined'])
  })

  const ciphers = [
    { name: 'chacha20Poly1305', cipher: 'chacha20-poly1305', keySize: 32 },
    { name: 'aesGcm', cipher: 'aes-256-gcm', keySize: 32 },
    { name: 'aesGcm', cipher: 'aes-128-gcm', keySize: 16 },
  ] as const
  for (const { name, cipher, keySize } of ciphers) {
    it(`seal as node:crypto does with ${cipher}, open what they sealed, and nothing else`, (test) => {
      if (runModule(`print(typeof solo5.${name}Seal)`).output !== 'function')
        return test.skip('not on this processor')
      const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
        fc.uint8Array({ minLength: length, maxLength: length })
      const text = fc.uint8Array({ maxLength: 200 })
      const cases = fc.sample(fc.tuple(exactly(keySize), exactly(12), text, text, fc.nat(7)), {
        numRuns: 150,
        seed: 5,
      })
      const found = lines(
        cases.map(([key, nonce, data, message, offset]) => [
          hex(key),
          hex(nonce),
          hex(data),
          hex(message),
          offset,
        ]),
        `(key, nonce, data, message, offset) => {
          ;[key, nonce, data, message] = [key, nonce, data, message].map(bytes)
          const memory = new Uint8Array(offset + message.length + 3).fill(0xa5)
          memory.set(message, offset)
          const [tag, end] = [new Uint8Array(16), offset + message.length]
          solo5.${name}Seal(key, nonce, data, memory, offset, end, tag)
          const sealed = hex(memory.subarray(offset, end)) + hex(tag)
          tag[3] ^= 4
          const wrong = solo5.${name}Open(key, nonce, data, memory, offset, end, tag)
          tag[3] ^= 4
          const right = solo5.${name}Open(key, nonce, data, memory, offset, end, tag)
          const isWhole = memory.every((byte, at) => byte === (at < offset || at >= end ? 0xa5 : message[at - offset]))
          return [sealed, wrong, right, isWhole].join(' ')
        }`,
      )
      const expected = cases.map(([key, nonce, data, message]) => {
        const seal = createCipheriv(cipher as 'aes-256-gcm', key, nonce, { authTagLength: 16 })
        seal.setAAD(data)
        const sealed = Buffer.concat([seal.update(message), seal.final(), seal.getAuthTag()])
        return `${hex(sealed)} false true true`
      })
      return assert.deepEqual(found, expected)
    })
  }

  it('refuse keys, nonces and tags of the wrong size', () => {
    const text = [
      [31, 12, 16],
      [32, 11, 16],
      [32, 12, 15],
      [0, 12, 16],
    ].map(
      (sizes) => `
      try {
        const [key, nonce, tag] = ${JSON.stringify(sizes)}.map((size) => new Uint8Array(size))
        print(solo5.chacha20Poly1305Seal(key, nonce, new Uint8Array(0), new Uint8Array(4), 0, 4, tag))
      } catch (error) { print(error.name) }`,
    )
    assert.deepEqual(runModule(text.join('\n')).output.split('\n'), Array(4).fill('RangeError'))
  })
})
