/** What `KvReader` promises, as tests. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toEpochMs } from '@mirage/clock'
import { type Result, err, ok } from '@mirage/result'
import {
  type Content,
  type Span,
  TREE,
  bytes,
  isWithin,
  key,
  names,
  pattern,
  value,
} from './contract-content.ts'
import * as Key from './key.ts'
import type { KvReader } from './kv.ts'

/** A store that holds `content`, new for each test, and when it was made. */
export type ReaderRig = (content: Content) => Promise<{ readonly kv: KvReader; readonly made: Span }>

/** Runs the suite of `KvReader` on stores that `rig` makes. */
export function kvReaderContract(name: string, rig: ReaderRig): void {
  describe(`${name} keeps the contract of KvReader`, () => {
    const store = async (content: Content = TREE): Promise<KvReader> => (await rig(content)).kv

    it('knows values, dictionaries and nothing apart', async () => {
      const kv = await store()
      const kinds: [path: string, kind: 'value' | 'dictionary' | undefined][] = [
        ['/a', 'value'],
        ['/empty', 'value'],
        ['/d', 'dictionary'],
        ['/d/f', 'dictionary'],
        ['/d/f/g', 'value'],
        ['/b', undefined],
        ['/d/b', undefined],
        ['/a/b', undefined],
      ]
      for (const [path, kind] of kinds) assert.deepEqual(await kv.exists(key(path)), ok(kind), path)
    })

    it('has a dictionary at the empty key, also when it holds nothing', async () => {
      assert.deepEqual(await (await store()).exists(Key.empty), ok('dictionary'))
      const nothing = await store({})
      assert.deepEqual(await nothing.exists(Key.empty), ok('dictionary'))
      assert.deepEqual(await nothing.list(Key.empty), ok([]))
    })

    it('gives every value back, byte for byte, also one of no bytes', async () => {
      const kv = await store()
      for (const [path, value] of Object.entries(TREE))
        assert.deepEqual(await kv.get(key(path)), ok(value), path)
    })

    it('gives values of every length around a sector and a page', async () => {
      const lengths = [1, 511, 512, 513, 4095, 4096, 4097, 4100, 8192, 12_300, 100_000]
      const content = Object.fromEntries(lengths.map((length) => [`/${length}`, pattern(length)]))
      const kv = await store(content)
      for (const length of lengths) {
        assert.deepEqual(await kv.get(key(`/${length}`)), ok(pattern(length)))
        assert.deepEqual(await kv.size(key(`/${length}`)), ok(length))
      }
    })

    it('hands out copies: changing one changes nothing in the store', async () => {
      const kv = await store()
      value(await kv.get(key('/a'))).fill(0)
      value(await kv.getPartial(key('/a'), 0, 2)).fill(0)
      value(await kv.digest(key('/a'))).fill(0)
      assert.deepEqual(await kv.get(key('/a')), ok(bytes('foo\n')))
      assert.deepEqual(await kv.digest(key('/a')), await (await store()).digest(key('/a')))
    })

    it('gives part of a value: fewer bytes where it ends, none past its end', async () => {
      const long = pattern(10_000)
      const kv = await store({ '/v': long })
      const parts: [offset: number, length: number][] = [
        [0, 0],
        [0, 1],
        [0, 4096],
        [1, 4096],
        [4095, 2],
        [4096, 5904],
        [9_999, 1],
        [9_999, 2],
        [10_000, 1],
        [10_001, 1],
        [0, 20_000],
        [2 ** 40, 10],
      ]
      for (const [offset, length] of parts) {
        const part = value(await kv.getPartial(key('/v'), offset, length))
        assert.deepEqual(part, long.slice(offset, offset + length), `${length} from ${offset}`)
      }
    })

    it('throws on an offset or a length that is negative or no integer', async () => {
      const kv = await store()
      for (const [offset, length] of [
        [-1, 1],
        [0, -1],
        [0.5, 1],
        [0, 1.5],
        [Number.NaN, 1],
        [0, Number.POSITIVE_INFINITY],
      ] as const) {
        await assert.rejects(kv.getPartial(key('/a'), offset, length), `${length} from ${offset}`)
      }
    })

    it('lists the direct entries of a dictionary with their kinds, and no others', async () => {
      const kv = await store()
      assert.deepEqual(await names(kv, '/'), ['a value', 'd dictionary', 'empty value', 'every value'])
      assert.deepEqual(await names(kv, '/d'), ['e value', 'f dictionary'])
      assert.deepEqual(await names(kv, '/d/f'), ['g value'])
    })

    it('keeps names as they are: spaces, dots, letters of any script', async () => {
      const odd = ['a b', '.hidden', 'ä', '日本', 'x.tar.gz', '%2e', 'constructor', '__proto__']
      const kv = await store(Object.fromEntries(odd.map((name) => [`/dir/${name}`, bytes(name)])))
      const listed = value(await kv.list(key('/dir'))).map((entry) => entry.name)
      assert.deepEqual(listed.sort(), [...odd].sort())
      for (const name of odd) assert.deepEqual(await kv.get(key(`/dir/${name}`)), ok(bytes(name)))
    })

    it('says of every operation that a key names nothing, and which', async () => {
      const kv = await store()
      for (const path of ['/b', '/d/b', '/b/c/d', '/constructor', '/d/__proto__']) {
        const expected = err({ kind: 'not-found', key: key(path) })
        for (const result of await everyRead(kv, path)) assert.deepEqual(result, expected, path)
      }
    })

    it('says of every operation that a key leads through a value', async () => {
      const kv = await store()
      const expected = err({ kind: 'dictionary-expected', key: key('/a/b') })
      for (const result of await everyRead(kv, '/a/b')) assert.deepEqual(result, expected)
    })

    it('says that a dictionary is no value, and a value no dictionary', async () => {
      const kv = await store()
      for (const path of ['/d', '/d/f', '/']) {
        const expected = err({ kind: 'value-expected', key: key(path) })
        assert.deepEqual(await kv.get(key(path)), expected)
        assert.deepEqual(await kv.getPartial(key(path), 0, 1), expected)
        assert.deepEqual(await kv.size(key(path)), expected)
      }
      assert.deepEqual(await kv.list(key('/a')), err({ kind: 'dictionary-expected', key: key('/a') }))
    })

    it('dates its values, and a dictionary by the latest below it', async () => {
      const { kv, made } = await rig(TREE)
      for (const path of ['/a', '/d/f/g', '/d', '/']) {
        const modified = value(await kv.lastModified(key(path)))
        assert.ok(isWithin(modified, made), `${path}: ${JSON.stringify(toEpochMs(modified))}`)
      }
    })

    it('dates a dictionary without entries 1970-01-01', async () => {
      const kv = await store({})
      assert.deepEqual(await kv.lastModified(Key.empty), ok({ days: 0, picoseconds: 0n }))
    })

    it('has the same digest for the same content, under whatever key and in whatever store', async () => {
      const kv = await store({ '/a': bytes('x'), '/b': bytes('x'), '/p/v': bytes('y'), '/q/v': bytes('y') })
      const other = await store({
        '/q/v': bytes('y'),
        '/p/v': bytes('y'),
        '/b': bytes('x'),
        '/a': bytes('x'),
      })
      assert.deepEqual(await kv.digest(key('/a')), await kv.digest(key('/b')))
      assert.deepEqual(await kv.digest(key('/p')), await kv.digest(key('/q')))
      assert.deepEqual(await kv.digest(Key.empty), await other.digest(Key.empty))
    })

    it('has another digest for other bytes, another name, another kind and another place', async () => {
      const variants: Content[] = [
        { '/d/a': bytes('x') },
        { '/d/a': bytes('y') },
        { '/d/a': bytes('') },
        { '/d/b': bytes('x') },
        { '/d/a': bytes('x'), '/d/b': bytes('x') },
        { '/d/a/a': bytes('x') },
        { '/d/ab': bytes('x'), '/d/c': bytes('x') },
        { '/d/a': bytes('x'), '/d/bc': bytes('x') },
      ]
      const digests = new Set<string>()
      for (const content of variants)
        digests.add(value(await (await store(content)).digest(key('/d'))).join())
      assert.equal(digests.size, variants.length)
    })
  })
}

/** What every operation but `exists` answers about `path`. */
async function everyRead(kv: KvReader, path: string): Promise<Result<unknown, unknown>[]> {
  const of = key(path)
  return [
    await kv.get(of),
    await kv.getPartial(of, 0, 1),
    await kv.size(of),
    await kv.list(of),
    await kv.digest(of),
    await kv.lastModified(of),
  ]
}
