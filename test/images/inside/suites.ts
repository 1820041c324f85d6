/** The program of a test image: the suites that its devices, and what its engine does in C, have to pass. */
import * as portable from '@mirage/bytes/checksum'
import * as portableCopy from '@mirage/bytes/copy'
import * as portableLatin1 from '@mirage/bytes/latin1'
import { blockContract } from '@mirage/block/contract'
import { sleep } from '@mirage/clock'
import { clockContract } from '@mirage/clock/contract'
import * as portableAesGcm from '@mirage/crypto/aes-gcm'
import * as portableChacha20 from '@mirage/crypto/chacha20'
import * as portableChacha20Poly1305 from '@mirage/crypto/chacha20-poly1305'
import {
  type Aead,
  aesGcmContract,
  chacha20Contract,
  chacha20Poly1305Contract,
  sha256Contract,
} from '@mirage/crypto/contract'
import * as portableSha256 from '@mirage/crypto/sha256'
import { HEADER_SIZE, type Net, type Receive } from '@mirage/net'
import { netContract } from '@mirage/net/contract'
import type { Random } from '@mirage/random'
import { randomContract } from '@mirage/random/contract'
import * as nativeAesGcm from '../../../packages/target-solo5/src/aes-gcm.ts'
import { Solo5Block } from '../../../packages/target-solo5/src/block.ts'
import * as nativeChacha20 from '../../../packages/target-solo5/src/chacha20.ts'
import * as nativeChacha20Poly1305 from '../../../packages/target-solo5/src/chacha20-poly1305.ts'
import * as native from '../../../packages/target-solo5/src/checksum.ts'
import { clock } from '../../../packages/target-solo5/src/clock.ts'
import { writeLine } from '../../../packages/target-solo5/src/console.ts'
import * as nativeCopy from '../../../packages/target-solo5/src/copy.ts'
import * as nativeLatin1 from '../../../packages/target-solo5/src/latin1.ts'
import { loop } from '../../../packages/target-solo5/src/loop.ts'
import { Solo5Net } from '../../../packages/target-solo5/src/net.ts'
import { connect } from '../../../packages/target-solo5/src/random.ts'
import * as nativeSha256 from '../../../packages/target-solo5/src/sha256.ts'
import { type NetInfo, solo5 } from '../../../packages/target-solo5/src/solo5.ts'
import assert from './node-assert.ts'
import { describe, it, runTests } from './node-test.ts'

const platform = solo5()

clockContract('the clock of this image', () => ({
  clock: clock(),
  pass: (duration) => sleep(clock(), duration + 2),
}))

randomContract('the random generator of this image', generator)

function generator(): Random {
  const random = connect()
  if (!random.ok) throw new Error(random.error)
  return random.value
}

const infos = ['a', 'b'].map((name) => platform.netAcquire(name)!)

/** Milliseconds that are waited for what should come, on a machine that has much else to do: a bound against hanging. */
const PATIENCE = 60_000

/** A network that knows how many frames it has sent, and how many have come, whether somebody wanted them or not. */
class Counted extends Solo5Net {
  sent = 0
  come = 0
  #isHeard = false
  readonly #info: NetInfo

  constructor(info: NetInfo) {
    super(platform, loop(), info)
    this.#info = info
  }

  override write(...how: Parameters<Net['write']>): ReturnType<Net['write']> {
    const before = this.counters.txFrames
    const written = super.write(...how)
    this.sent += this.counters.txFrames - before
    return written
  }

  override listen(receive: Receive): void {
    super.listen((frame) => {
      this.come += 1
      receive(frame)
    })
    this.#isHeard = true
  }

  override disconnect(): void {
    super.disconnect()
    this.#isHeard = false
  }

  /** Takes what nobody listens for. */
  drain(): void {
    const size = this.mtu + HEADER_SIZE
    while (!this.#isHeard && platform.netRead(this.#info.handle, new Uint8Array(size), 0, size) >= 0)
      this.come += 1
  }
}

/** The two networks, each at the other end of the other. */
class Pair {
  readonly a: Counted
  readonly b: Counted

  constructor([a, b]: readonly NetInfo[]) {
    this.a = new Counted(a!)
    this.b = new Counted(b!)
  }

  /** Whoever carries frames does so when it comes to it: they are counted. */
  readonly arrived = async (): Promise<void> => {
    const { a, b } = this
    const deadline = clock().now() + PATIENCE
    do {
      await sleep(clock(), 1)
      a.drain()
      b.drain()
    } while ((a.sent !== b.come || b.sent !== a.come) && clock().now() < deadline)
  }

  async end(): Promise<void> {
    await this.arrived()
    this.a.disconnect()
    this.b.disconnect()
  }
}

let pair: Pair | undefined

netContract('a network of this image', async () => {
  // Nothing of the test before is left on it.
  await pair?.end()
  pair = new Pair(infos)
  return pair
})

const disk = platform.blockAcquire('disk')!

blockContract('a disk of this image', { block: async () => new Solo5Block(platform, disk) })

describe('the checksum of the engine', () => {
  const bytes = generator().generate(4096)

  it('is that of TypeScript, wherever the bytes begin and end', () => {
    for (let length = 0; length < 1600; length += length < 80 ? 1 : 37) {
      for (const offset of [0, 1, 2, 3, 7]) {
        const sum = (length * 77) & 0x1ffff
        assert.equal(
          native.of(bytes, offset, offset + length, sum),
          portable.of(bytes, offset, offset + length, sum),
        )
      }
    }
  })

  it('is that of TypeScript in a part of a larger buffer, and over parts', () => {
    for (let offset = 0; offset < 9; offset++) {
      const part = bytes.subarray(offset, offset + 1000)
      const [a, b] = [native.add(part, 0, 500), portable.add(part, 0, 500)]
      assert.equal(native.of(part, 500, 999, a), portable.of(part, 500, 999, b))
    }
  })

  it('refuses what is outside of the bytes', () => {
    assert.throws(() => platform.checksum(bytes, 0, 4097, 0))
    assert.throws(() => platform.checksum(bytes, -1, 10, 0))
  })
})

describe('copying, in the engine', () => {
  it('is that of TypeScript, over each other too', () => {
    const start = generator().generate(300)
    for (let i = 0; i < 200; i++) {
      const [to, from, length] = [(i * 7) % 150, (i * 31) % 149, (i * 13) % 147] as const
      const [ours, theirs] = [Uint8Array.from(start), Uint8Array.from(start)]
      nativeCopy.copy(ours.subarray(i % 3), to, ours, from, length)
      portableCopy.copy(theirs.subarray(i % 3), to, theirs, from, length)
      assert.deepEqual(ours, theirs)
    }
  })

  it('refuses what is outside of the bytes', () => {
    const bytes = new Uint8Array(10)
    for (const [to, from, length] of [
      [0, 0, 11],
      [5, 0, 6],
      [0, 5, 6],
      [-1, 0, 1],
      [0, -1, 1],
      [0, 0, -1],
    ] as const) {
      assert.throws(() => nativeCopy.copy(bytes, to, bytes, from, length))
    }
  })
})

describe('characters as bytes, in the engine', () => {
  const codes = Array.from({ length: 4096 }, (_, index) => (index * 97) & 0xff)
  const text = String.fromCharCode(...codes)

  it('are those of TypeScript, wherever they begin', () => {
    for (const offset of [0, 1, 200, 4095, 4096]) {
      assert.deepEqual(nativeLatin1.parse(text, offset), portableLatin1.parse(text, offset))
    }
    assert.deepEqual(nativeLatin1.parse(':plain text', 1), portableLatin1.parse(':plain text', 1))
  })

  it('refuse a character that is no byte', () => {
    for (const wrong of ['\u0100', '\u20ac', '\ud800']) assert.throws(() => nativeLatin1.parse(wrong, 0))
  })
})

sha256Contract('the SHA-256 of the engine', nativeSha256)
chacha20Contract('the ChaCha20 of the engine', nativeChacha20)
chacha20Poly1305Contract('the ChaCha20-Poly1305 of the engine', nativeChacha20Poly1305)
aesGcmContract('the AES-GCM of the engine', nativeAesGcm)
aesGcmContract('the AES-GCM of an engine whose processor has none', {
  seal: (...given) => withoutAes(() => nativeAesGcm.seal(...given)),
  open: (...given) => withoutAes(() => nativeAesGcm.open(...given)),
})

/** As on another processor. */
function withoutAes<T>(run: () => T): T {
  const { aesGcmSeal, aesGcmOpen } = platform
  Object.assign(platform, { aesGcmSeal: undefined, aesGcmOpen: undefined })
  try {
    return run()
  } finally {
    Object.assign(platform, { aesGcmSeal, aesGcmOpen })
  }
}

describe('what is secret, in the engine', () => {
  const random = generator()
  /** Any bytes, at any place of a larger buffer. */
  const some = (length: number): Uint8Array =>
    random.generate(length + 3).subarray(length % 4, length + (length % 4))
  const lengths = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 200, 1000]

  it('is hashed as TypeScript does, in pieces', () => {
    for (const length of lengths) {
      const [message, cut] = [some(length), length >> 1]
      const hash = nativeSha256.create()
      hash.update(message.subarray(0, cut)).update(message.subarray(cut))
      assert.deepEqual(hash.digest(), portableSha256.of(message))
    }
  })

  it('is encrypted as TypeScript does', () => {
    for (const length of lengths) {
      const [key, nonce, message] = [some(32), some(12), some(length)]
      const copy = Uint8Array.from(message)
      nativeChacha20.xor(key, length * 77, nonce, message)
      portableChacha20.xor(key, length * 77, nonce, copy)
      assert.deepEqual(message, copy)
    }
  })

  const ciphers: readonly (readonly [string, number, Aead, Aead])[] = [
    ['ChaCha20-Poly1305', 32, nativeChacha20Poly1305, portableChacha20Poly1305],
    ['AES-128-GCM', 16, nativeAesGcm, portableAesGcm],
    ['AES-256-GCM', 32, nativeAesGcm, portableAesGcm],
  ]
  for (const [name, keySize, ours, theirs] of ciphers) {
    it(`is sealed with ${name} as TypeScript does, and opens both ways`, () => {
      for (const length of lengths) {
        const [key, nonce, message, data] = [some(keySize), some(12), some(length), some(length >> 2)]
        const sealed = ours.seal(key, nonce, message, data)
        assert.deepEqual(sealed, theirs.seal(key, nonce, message, data))
        const expected = { ok: true, value: Uint8Array.from(message) }
        assert.deepEqual(ours.open(key, nonce, sealed, data), expected)
        assert.deepEqual(theirs.open(key, nonce, sealed, data), expected)
      }
    })
  }
})

platform.onTurn = loop().turn
void runTests((line) => writeLine(platform, line)).then((failures) => platform.exit(failures === 0 ? 0 : 1))
