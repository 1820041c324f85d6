import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import * as utf8 from '@mirage/bytes/utf8'
import { fromEpochMs } from '@mirage/clock'
import type { KvReader } from '@mirage/kv'
import { kvReaderContract } from '@mirage/kv/contract'
import * as Key from '@mirage/kv/key'
import { memory } from '@mirage/kv/memory'
import { type Result, ok } from '@mirage/result'
import * as fc from 'fast-check'
import { emitChunk, parseChunk } from './crunched.ts'
import { type CrunchFile, generate } from './generate.ts'
import { crunched } from './kv-crunch.ts'

const MODIFIED = 1_700_000_000_000
const here = import.meta.resolve('./kv-crunch.ts')

/** What an image would have: the store of the module that was generated, as JavaScript. */
async function load(files: readonly CrunchFile[]): Promise<KvReader> {
  const source = generate(files, { modified: MODIFIED, library: here })
  const module: { connect(): Result<KvReader, string> } = await import(
    `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`
  )
  const connected = module.connect()
  assert.ok(connected.ok)
  return connected.value
}

function file(path: string, bytes: Uint8Array | string): CrunchFile {
  return { path, bytes: typeof bytes === 'string' ? utf8.encode(bytes) : bytes }
}

kvReaderContract('kv-crunch', async (content) => {
  const modified = fromEpochMs(MODIFIED)
  const kv = await load(Object.entries(content).map(([path, bytes]) => ({ path, bytes })))
  return { kv, made: { from: modified, to: modified } }
})

describe('generate', () => {
  const files = [
    file('a', 'foo\n'),
    file('c', 'x'.repeat(4100)),
    file('d', 'y'.repeat(12_300)),
    file('e/f', 'hallohallo\n'),
  ]

  it('bakes files that end inside, at and after a chunk', async () => {
    const kv = await load(files)
    for (const { path, bytes } of files) assert.deepEqual(await kv.get(Key.parse(path)), ok(bytes), path)
  })

  it('gives the same source for the same files, in whatever order', () => {
    const options = { modified: MODIFIED }
    assert.equal(generate([...files].reverse(), options), generate(files, options))
    assert.equal(
      generate(
        files.map(({ path, bytes }) => file(`//${path}/`, bytes)),
        options,
      ),
      generate(files, options),
    )
  })

  it('stores equal chunks once', () => {
    const page = 'p'.repeat(4096)
    const once = generate([file('a', page)], { modified: 0 })
    const often = generate([file('a', page), file('b', page.repeat(100))], { modified: 0 })
    assert.ok(often.length < once.length + 1000)
  })

  it('keeps text as it is, and makes no more than four thirds of anything else', () => {
    const text = generate([file('a', 'Plain words.\n'.repeat(1000))], { modified: 0 })
    assert.ok(text.length < 16_000 && text.includes('Plain words.\\nPlain words.'))
    const noise = Uint8Array.from({ length: 100_000 }, (_, i) => Math.imul(i + 1, 2_654_435_761) >>> 24)
    assert.ok(generate([file('a', noise)], { modified: 0 }).length < 100_000 * (4 / 3) + 2_000)
  })

  it('has only ASCII characters in its source', () => {
    const source = generate([file('ä/日', 'ö'.repeat(5000)), file('x', Uint8Array.of(0x7f, 0x80, 0xff, 0))], {
      modified: 0,
    })
    assert.ok(/^[\n\x20-\x7e]*$/.test(source))
  })

  it('refuses two files of one path, and a file that is also a folder', () => {
    for (const [a, b] of [
      ['a', 'a'],
      ['a', 'a/b'],
      ['a', '/a/'],
    ] as const) {
      assert.throws(() => generate([file(a, ''), file(b, '')], { modified: 0 }), `${a} and ${b}`)
    }
  })

  it('has the digests of every other store with the same content', async () => {
    const kv = await load(files)
    const other = memory({ clock: { wall: () => fromEpochMs(0) } })
    for (const { path, bytes } of files) await other.set(Key.parse(path), bytes)
    for (const path of ['/', '/e', '/a', '/e/f']) {
      assert.deepEqual(await kv.digest(Key.parse(path)), await other.digest(Key.parse(path)), path)
    }
  })
})

describe('a chunk', () => {
  it('gives back whatever bytes it was made of', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) =>
        assert.deepEqual(parseChunk(emitChunk(bytes)), bytes),
      ),
    )
  })

  const base64: [bytes: number[], chunk: string][] = [
    // RFC 4648 §10 has text, which a chunk holds as it is; these are the same lengths of other bytes.
    [[0xff, 0xff], '=//8='],
    [[0xff, 0xff, 0xff, 0xff], '=/////w=='],
    [[0xfb, 0xef], '=++8='],
    [[0xfb, 0xff, 0xbf], '=+/+/'],
    [[0x66, 0x6f, 0x6f], ':foo'],
    [[], ':'],
  ]
  for (const [bytes, chunk] of base64) {
    it(`writes ${JSON.stringify(chunk)}`, () => {
      assert.equal(emitChunk(Uint8Array.from(bytes)), chunk)
      assert.deepEqual([...parseChunk(chunk)], bytes)
    })
  }

  it('is a bug when it does not say how it holds its bytes', async () => {
    const kv = crunched({ modified: 0, chunks: ['?'], values: [['a', 1, '', [0]]], dictionaries: [['', '']] })
    await assert.rejects(kv.get(Key.parse('a')))
  })
})
