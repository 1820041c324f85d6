/** What the functions of this package promise, as tests: the answers of the standards, for whatever stands in for them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type * as chacha20 from './chacha20.ts'
import type * as chacha20Poly1305 from './chacha20-poly1305.ts'
import type * as sha256 from './sha256.ts'
import { type Sealed, AES_GCM, CHACHA20_POLY1305, DIGESTS, STREAM } from './contract-vectors.ts'

/** The bytes of hexadecimal digits. */
function bytes(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}

/** Runs the suite of `@mirage/crypto/sha256`. */
export function sha256Contract(name: string, { of, create }: Pick<typeof sha256, 'of' | 'create'>): void {
  describe(`${name} is SHA-256`, () => {
    for (const { what, repeated, times, digest } of DIGESTS) {
      const unit = Uint8Array.from(repeated, (letter) => letter.charCodeAt(0))
      const message = new Uint8Array(unit.length * times)
      for (let i = 0; i < times; i++) message.set(unit, i * unit.length)

      it(`of ${what}`, () => assert.deepEqual(of(message), bytes(digest)))

      it(`of ${what}, in pieces`, () => {
        for (const size of [1, 55, 63, 64, 65, 129]) {
          if (message.length / size > 10_000) continue
          const hash = create()
          for (let at = 0; at < message.length; at += size) hash.update(message.subarray(at, at + size))
          assert.deepEqual(hash.digest(), bytes(digest))
        }
      })
    }

    it('is used up by its digest', () => {
      const hash = create().update(bytes('00'))
      hash.digest()
      assert.throws(() => hash.digest())
      assert.throws(() => hash.update(bytes('00')))
    })

    it("gives digests that are the caller's, of pieces that may change when they were given", () => {
      const piece = bytes('616263')
      const hash = create().update(piece)
      piece.fill(0)
      const digest = hash.digest()
      const copy = Uint8Array.from(digest)
      of(piece).fill(0xff)
      assert.deepEqual(digest, copy)
      assert.deepEqual(digest, bytes(DIGESTS[1]!.digest))
    })
  })
}

/** Runs the suite of `@mirage/crypto/chacha20`. */
export function chacha20Contract(name: string, { xor }: Pick<typeof chacha20, 'xor'>): void {
  describe(`${name} is ChaCha20`, () => {
    for (const { what, key, counter, nonce, message, encrypted } of STREAM) {
      it(`as ${what} has it`, () => {
        const part = bytes(`a5a5a5${message}a5`)
        xor(bytes(key), counter, bytes(nonce), part.subarray(3, -1))
        assert.deepEqual(part, bytes(`a5a5a5${encrypted}a5`))
      })
    }

    it('has one stream, wherever it begins', () => {
      const [key, nonce] = [new Uint8Array(32).fill(7), new Uint8Array(12).fill(9)]
      const [whole, rest] = [new Uint8Array(300), new Uint8Array(300 - 128)]
      xor(key, 5, nonce, whole)
      xor(key, 7, nonce, rest)
      assert.deepEqual(rest, whole.slice(128))
    })

    it('throws on keys, nonces and blocks that it does not have', () => {
      for (const [keySize, nonceSize, counter] of [
        [31, 12, 0],
        [32, 11, 0],
        [16, 12, 0],
        [32, 12, -1],
        [32, 12, 0.5],
        [32, 12, 2 ** 32 - 1],
      ] as const) {
        const part = new Uint8Array(65)
        assert.throws(() => xor(new Uint8Array(keySize), counter, new Uint8Array(nonceSize), part))
        assert.deepEqual(part, new Uint8Array(65))
      }
    })
  })
}

/** Two functions that seal and open. */
export type Aead = Pick<typeof chacha20Poly1305, 'seal' | 'open'>

/** Runs the suite of `@mirage/crypto/chacha20-poly1305`. */
export function chacha20Poly1305Contract(name: string, aead: Aead): void {
  aeadContract(`${name} is ChaCha20-Poly1305`, aead, CHACHA20_POLY1305, [0, 16, 31, 33])
}

/** Runs the suite of `@mirage/crypto/aes-gcm`. */
export function aesGcmContract(name: string, aead: Aead): void {
  aeadContract(`${name} is AES-GCM`, aead, AES_GCM, [0, 15, 24, 33])
}

function aeadContract(
  title: string,
  { seal, open }: Aead,
  vectors: readonly Sealed[],
  wrongKeySizes: readonly number[],
): void {
  describe(title, () => {
    for (const vector of vectors) {
      const [key, nonce, message, data] = [vector.key, vector.nonce, vector.message, vector.data].map(bytes)
      const sealed = bytes(vector.ciphertext + vector.tag)

      it(`seals as ${vector.what} has it`, () => assert.deepEqual(seal(key!, nonce!, message!, data), sealed))

      it(`opens as ${vector.what} has it`, () =>
        assert.deepEqual(open(key!, nonce!, sealed, data), { ok: true, value: message! }))
    }

    const { key, nonce, ...last } = vectors.at(-1)!
    const [itsKey, itsNonce, data] = [key, nonce, last.data].map(bytes) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const sealed = bytes(last.ciphertext + last.tag)
    const refused = { ok: false, error: 'bad-tag' }

    it('opens nothing of which a bit is not as it was sealed', () => {
      for (let at = 0; at < sealed.length; at += 3) {
        assert.deepEqual(open(itsKey, itsNonce, changed(sealed, at), data), refused)
      }
      assert.deepEqual(open(itsKey, itsNonce, changed(sealed, sealed.length - 1), data), refused)
      assert.deepEqual(open(changed(itsKey, 31), itsNonce, sealed, data), refused)
      assert.deepEqual(open(itsKey, changed(itsNonce, 11), sealed, data), refused)
      assert.deepEqual(open(itsKey, itsNonce, sealed, changed(data, 0)), refused)
      assert.deepEqual(open(itsKey, itsNonce, sealed), refused)
    })

    it('opens nothing that is too short, or longer than it was', () => {
      for (const length of [0, 1, 15, 16, sealed.length - 1]) {
        assert.deepEqual(open(itsKey, itsNonce, sealed.subarray(0, length), data), refused)
      }
      const longer = new Uint8Array(sealed.length + 1)
      longer.set(sealed)
      assert.deepEqual(open(itsKey, itsNonce, longer, data), refused)
    })

    it('leaves what it is given as it is', () => {
      const message = bytes(last.message)
      const given = [itsKey, itsNonce, message, sealed, changed(sealed, 0), data]
      const copies = given.map((one) => Uint8Array.from(one))
      seal(itsKey, itsNonce, message, data)
      open(itsKey, itsNonce, sealed, data)
      open(itsKey, itsNonce, given[4]!, data)
      assert.deepEqual(given, copies)
    })

    it('throws on keys and nonces of another size', () => {
      const cases = wrongKeySizes.map((size) => [size, 12] as const)
      for (const [keySize, nonceSize] of [...cases, [32, 0], [32, 8], [32, 11], [32, 13]] as const) {
        const [wrongKey, wrongNonce] = [new Uint8Array(keySize), new Uint8Array(nonceSize)]
        assert.throws(() => seal(wrongKey, wrongNonce, sealed))
        assert.throws(() => open(wrongKey, wrongNonce, sealed))
      }
    })
  })
}

/** A copy with another bit at `at`. */
function changed(original: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(original)
  copy[at]! ^= 0x10
  return copy
}
