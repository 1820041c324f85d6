/** The TypeScript of this package: the answers of the standards, and node:crypto's for any bytes. */
import assert from 'node:assert/strict'
import { createCipheriv, createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import * as aesGcm from './aes-gcm.ts'
import * as chacha20 from './chacha20.ts'
import * as chacha20Poly1305 from './chacha20-poly1305.ts'
import { aesGcmContract, chacha20Contract, chacha20Poly1305Contract, sha256Contract } from './contract.ts'
import * as sha256 from './sha256.ts'

sha256Contract('sha256.ts', sha256)
chacha20Contract('chacha20.ts', chacha20)
chacha20Poly1305Contract('chacha20-poly1305.ts', chacha20Poly1305)
aesGcmContract('aes-gcm.ts', aesGcm)

/** Bytes at any place of a larger buffer, as frames are. */
function part(constraints: fc.IntArrayConstraints): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.uint8Array(constraints), fc.nat(5)).map(([bytes, before]) => {
    const memory = new Uint8Array(before + bytes.length + 3).fill(0xa5)
    memory.set(bytes, before)
    return memory.subarray(before, before + bytes.length)
  })
}
const exactly = (length: number): fc.Arbitrary<Uint8Array> => part({ minLength: length, maxLength: length })
const text = part({ maxLength: 300 })
const sameBytes = (a: Uint8Array, b: Uint8Array): void =>
  assert.equal(Buffer.from(a).toString('hex'), Buffer.from(b).toString('hex'))

describe('what node:crypto says too, for any bytes anywhere', () => {
  it('digests', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const expected = createHash('sha256').update(one).update(other).digest()
        sameBytes(sha256.create().update(one).update(other).digest(), expected)
        sameBytes(sha256.of(Buffer.concat([one, other])), expected)
      }),
    )
  })

  it('key streams', () => {
    fc.assert(
      fc.property(exactly(32), fc.nat(0xffff), exactly(12), text, (key, counter, nonce, message) => {
        const start = Buffer.alloc(16)
        start.writeUInt32LE(counter)
        start.set(nonce, 4)
        const expected = createCipheriv('chacha20', key, start).update(message)
        chacha20.xor(key, counter, nonce, message)
        sameBytes(message, expected)
      }),
    )
  })

  for (const [cipher, keySize, { seal, open }] of [
    ['chacha20-poly1305', 32, chacha20Poly1305],
    ['aes-128-gcm', 16, aesGcm],
    ['aes-256-gcm', 32, aesGcm],
  ] as const) {
    it(`messages that ${cipher} seals`, () => {
      fc.assert(
        fc.property(exactly(keySize), exactly(12), text, text, (key, nonce, message, data) => {
          const node = createCipheriv(cipher as 'aes-256-gcm', key, nonce, { authTagLength: 16 })
          node.setAAD(data)
          const expected = Buffer.concat([node.update(message), node.final(), node.getAuthTag()])
          const sealed = seal(key, nonce, message, data)
          sameBytes(sealed, expected)
          const found = open(key, nonce, sealed, data)
          assert.ok(found.ok)
          sameBytes(found.value, message)
        }),
      )
    })
  }
})
