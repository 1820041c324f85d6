/** What `Kv` promises, as tests: every store runs the suite of what it is. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WallTime } from '@mirage/clock'
import { err, ok } from '@mirage/result'
import { batchContract } from './batch-contract.ts'
import {
  type Content,
  TREE,
  bytes,
  digests,
  filled,
  isWithin,
  key,
  names,
  value,
} from './contract-content.ts'
import * as Key from './key.ts'
import type { Kv } from './kv.ts'
import { kvReaderContract } from './reader-contract.ts'

export type { Content, Span } from './contract-content.ts'
export { type ReaderRig, kvReaderContract } from './reader-contract.ts'

/** An empty store, new for each test. */
export type Rig = () => Promise<{
  readonly kv: Kv
  /** The date by the clock that the store goes by. */
  readonly wall: () => WallTime
}>

/** Runs the suites of `Kv` and of `KvReader` on stores that `rig` makes. */
export function kvContract(name: string, rig: Rig): void {
  const store = async (content: Content = {}): Promise<Kv> => filled((await rig()).kv, content)

  kvReaderContract(name, async (content) => {
    const { kv, wall } = await rig()
    const from = wall()
    await filled(kv, content)
    return { kv, made: { from, to: wall() } }
  })

  describe(`${name} keeps the contract of Kv`, () => {
    describe('set', () => {
      it('binds a new key, replaces a value, and makes the dictionaries that lead to it', async () => {
        const kv = await store()
        await kv.set(key('/p/q/v'), bytes('long one'))
        await kv.set(key('/p/q/v'), bytes('two'))
        assert.deepEqual(await kv.get(key('/p/q/v')), ok(bytes('two')))
        assert.deepEqual(await names(kv, '/p'), ['q dictionary'])
      })

      it('copies the value in', async () => {
        const kv = await store()
        const buffer = bytes('before')
        await kv.set(key('/v'), buffer)
        buffer.fill(0)
        assert.deepEqual(await kv.get(key('/v')), ok(bytes('before')))
      })

      it('does not replace a dictionary, nor the empty key', async () => {
        const kv = await store({ '/d/v': bytes('v') })
        for (const path of ['/d', '/']) {
          assert.deepEqual(
            await kv.set(key(path), bytes('x')),
            err({ kind: 'value-expected', key: key(path) }),
          )
        }
        assert.deepEqual(await kv.get(key('/d/v')), ok(bytes('v')))
      })

      it('does not put a key below a value', async () => {
        const kv = await store({ '/v': bytes('v') })
        for (const path of ['/v/w', '/v/w/x']) {
          assert.deepEqual(
            await kv.set(key(path), bytes('x')),
            err({ kind: 'dictionary-expected', key: key(path) }),
          )
        }
        assert.deepEqual(await names(kv, '/'), ['v value'])
      })

      it('dates the value anew, and what leads to it', async () => {
        const { kv, wall } = await rig()
        await filled(kv, { '/d/a': bytes('a'), '/d/b': bytes('b') })
        const from = wall()
        await kv.set(key('/d/a'), bytes('a'))
        const during = { from, to: wall() }
        for (const path of ['/d/a', '/d', '/'])
          assert.ok(isWithin(value(await kv.lastModified(key(path))), during))
      })

      it('changes the digest with the content, and back', async () => {
        const kv = await store({ '/d/a': bytes('a') })
        const before = await digests(kv, '/d/a', '/d', '/')
        await kv.set(key('/d/a'), bytes('b'))
        const after = await digests(kv, '/d/a', '/d', '/')
        for (const [i, digest] of before.entries()) assert.notEqual(after[i], digest)
        await kv.set(key('/d/a'), bytes('a'))
        assert.deepEqual(await digests(kv, '/d/a', '/d', '/'), before)
      })
    })

    describe('setPartial', () => {
      const cases: [title: string, offset: number, text: string, result: string][] = [
        ['overwrites inside', 1, 'XY', 'aXYdef'],
        ['overwrites the beginning', 0, 'X', 'Xbcdef'],
        ['overwrites up to the end', 4, 'XY', 'abcdXY'],
        ['lengthens where it reaches past the end', 4, 'XYZ', 'abcdXYZ'],
        ['appends at the end', 6, 'X', 'abcdefX'],
        ['appends at the end when it is told to begin past it', 100, 'X', 'abcdefX'],
        ['changes nothing without bytes', 3, '', 'abcdef'],
      ]
      for (const [title, offset, text, result] of cases) {
        it(title, async () => {
          const kv = await store({ '/d/v': bytes('abcdef') })
          assert.deepEqual(await kv.setPartial(key('/d/v'), offset, bytes(text)), ok(undefined))
          assert.deepEqual(await kv.get(key('/d/v')), ok(bytes(result)))
        })
      }

      it('makes a value that was not there', async () => {
        const kv = await store()
        assert.deepEqual(await kv.setPartial(key('/d/v'), 5, bytes('new')), ok(undefined))
        assert.deepEqual(await kv.get(key('/d/v')), ok(bytes('new')))
      })

      it('refuses what set refuses', async () => {
        const kv = await store({ '/d/v': bytes('v') })
        const refused = await kv.setPartial(key('/d'), 0, bytes('x'))
        assert.deepEqual(refused, err({ kind: 'value-expected', key: key('/d') }))
        const below = await kv.setPartial(key('/d/v/w'), 0, bytes('x'))
        assert.deepEqual(below, err({ kind: 'dictionary-expected', key: key('/d/v/w') }))
      })

      it('throws on an offset that is negative or no integer', async () => {
        const kv = await store({ '/v': bytes('v') })
        await assert.rejects(kv.setPartial(key('/v'), -1, bytes('x')))
        await assert.rejects(kv.setPartial(key('/v'), 0.5, bytes('x')))
      })
    })

    describe('remove', () => {
      it('removes a value and leaves its neighbours', async () => {
        const kv = await store({ '/d/a': bytes('a'), '/d/b': bytes('b') })
        assert.deepEqual(await kv.remove(key('/d/a')), ok(undefined))
        assert.deepEqual(await kv.exists(key('/d/a')), ok(undefined))
        assert.deepEqual(await names(kv, '/d'), ['b value'])
      })

      it('removes a dictionary and everything below it', async () => {
        const kv = await store(TREE)
        assert.deepEqual(await kv.remove(key('/d')), ok(undefined))
        for (const path of ['/d', '/d/e', '/d/f/g'])
          assert.deepEqual(await kv.exists(key(path)), ok(undefined))
        assert.deepEqual(await names(kv, '/'), ['a value', 'empty value', 'every value'])
      })

      it('removes everything at the empty key, and keeps the store', async () => {
        const kv = await store(TREE)
        assert.deepEqual(await kv.remove(Key.empty), ok(undefined))
        assert.deepEqual(await kv.list(Key.empty), ok([]))
        await kv.set(key('/v'), bytes('v'))
        assert.deepEqual(await names(kv, '/'), ['v value'])
      })

      it('succeeds where there is nothing', async () => {
        const kv = await store({ '/v': bytes('v') })
        for (const path of ['/x', '/x/y', '/v/w'])
          assert.deepEqual(await kv.remove(key(path)), ok(undefined), path)
        assert.deepEqual(await names(kv, '/'), ['v value'])
      })
    })

    describe('rename', () => {
      it('moves a value to a new key, with its content', async () => {
        const kv = await store({ '/a': bytes('a') })
        assert.deepEqual(await kv.rename(key('/a'), key('/p/b')), ok(undefined))
        assert.deepEqual(await kv.get(key('/p/b')), ok(bytes('a')))
        assert.deepEqual(await kv.exists(key('/a')), ok(undefined))
      })

      it('moves a value into the place of a value', async () => {
        const kv = await store({ '/a': bytes('a'), '/b': bytes('b') })
        assert.deepEqual(await kv.rename(key('/a'), key('/b')), ok(undefined))
        assert.deepEqual(await kv.get(key('/b')), ok(bytes('a')))
        assert.deepEqual(await names(kv, '/'), ['b value'])
      })

      it('moves a value into a dictionary, under its own name', async () => {
        const kv = await store({ '/a': bytes('a'), '/d/b': bytes('b') })
        assert.deepEqual(await kv.rename(key('/a'), key('/d')), ok(undefined))
        assert.deepEqual(await names(kv, '/d'), ['a value', 'b value'])
      })

      it('moves a dictionary to a new key, with everything below it', async () => {
        const kv = await store(TREE)
        assert.deepEqual(await kv.rename(key('/d'), key('/new')), ok(undefined))
        assert.deepEqual(await kv.get(key('/new/f/g')), ok(bytes('deep')))
        assert.deepEqual(await kv.exists(key('/d')), ok(undefined))
      })

      it('moves a dictionary into a dictionary, under its own name', async () => {
        const kv = await store({ '/d/a': bytes('a'), '/e/b': bytes('b') })
        assert.deepEqual(await kv.rename(key('/d'), key('/e')), ok(undefined))
        assert.deepEqual(await kv.get(key('/e/d/a')), ok(bytes('a')))
        assert.deepEqual(await names(kv, '/e'), ['b value', 'd dictionary'])
      })

      it('does not move a dictionary onto a value', async () => {
        const kv = await store({ '/d/a': bytes('a'), '/v': bytes('v') })
        assert.deepEqual(
          await kv.rename(key('/d'), key('/v')),
          err({ kind: 'value-expected', key: key('/d') }),
        )
        assert.deepEqual(await names(kv, '/'), ['d dictionary', 'v value'])
      })

      it('does not replace a dictionary inside the dictionary it moves to', async () => {
        const kv = await store({ '/a': bytes('a'), '/d/a/b': bytes('b') })
        assert.deepEqual(
          await kv.rename(key('/a'), key('/d')),
          err({ kind: 'value-expected', key: key('/d/a') }),
        )
        assert.deepEqual(await kv.get(key('/a')), ok(bytes('a')))
      })

      it('does not move a dictionary into itself', async () => {
        const kv = await store({ '/d/e/v': bytes('v') })
        for (const [source, dest] of [
          ['/d', '/d/x'],
          ['/d', '/d/e'],
          ['/d', '/d'],
          ['/', '/d'],
        ] as const) {
          const refused = err({ kind: 'rename-source-prefix', source: key(source), dest: key(dest) })
          assert.deepEqual(await kv.rename(key(source), key(dest)), refused, `${source} to ${dest}`)
        }
        assert.deepEqual(await kv.get(key('/d/e/v')), ok(bytes('v')))
      })

      it('does nothing where the source is already', async () => {
        const kv = await store({ '/d/v': bytes('v') })
        assert.deepEqual(await kv.rename(key('/d/v'), key('/d/v')), ok(undefined))
        assert.deepEqual(await kv.rename(key('/d/v'), key('/d')), ok(undefined))
        assert.deepEqual(await kv.get(key('/d/v')), ok(bytes('v')))
      })

      it('says that the source names nothing, or leads through a value', async () => {
        const kv = await store({ '/v': bytes('v') })
        assert.deepEqual(await kv.rename(key('/x'), key('/y')), err({ kind: 'not-found', key: key('/x') }))
        const through = await kv.rename(key('/v/w'), key('/y'))
        assert.deepEqual(through, err({ kind: 'dictionary-expected', key: key('/v/w') }))
      })

      it('does not move below a value', async () => {
        const kv = await store({ '/a': bytes('a'), '/v': bytes('v') })
        const refused = err({ kind: 'dictionary-expected', key: key('/v/w') })
        assert.deepEqual(await kv.rename(key('/a'), key('/v/w')), refused)
        assert.deepEqual(await kv.get(key('/a')), ok(bytes('a')))
      })
    })

    batchContract(store)
  })
}
