/** What `Kv.batch` promises, as tests. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as utf8 from '@mirage/bytes/utf8'
import { err, ok } from '@mirage/result'
import { type Content, bytes, digests, key, names, value } from './contract-content.ts'
import type { Kv } from './kv.ts'

/** Runs the suite of `batch` on stores that `store` makes and fills. */
export function batchContract(store: (content?: Content) => Promise<Kv>): void {
  describe('batch', () => {
    it('applies all of its changes and gives its result', async () => {
      const kv = await store({ '/old': bytes('o'), '/gone/v': bytes('g'), '/part': bytes('abc') })
      const result = await kv.batch(async (view) => {
        await view.set(key('/d/new'), bytes('n'))
        await view.remove(key('/gone'))
        await view.rename(key('/old'), key('/moved'))
        await view.setPartial(key('/part'), 1, bytes('X'))
        return ok(42)
      })
      assert.deepEqual(result, ok(42))
      assert.deepEqual(await names(kv, '/'), ['d dictionary', 'moved value', 'part value'])
      assert.deepEqual(await kv.get(key('/d/new')), ok(bytes('n')))
      assert.deepEqual(await kv.get(key('/moved')), ok(bytes('o')))
      assert.deepEqual(await kv.get(key('/part')), ok(bytes('aXc')))
    })

    it('applies nothing when it returns an error, which is its own', async () => {
      const kv = await store({ '/v': bytes('v') })
      const result = await kv.batch(async (view) => {
        await view.set(key('/w'), bytes('w'))
        await view.remove(key('/v'))
        return err('changed my mind')
      })
      assert.deepEqual(result, err('changed my mind'))
      assert.deepEqual(await names(kv, '/'), ['v value'])
    })

    it('applies nothing when it throws, and passes on what was thrown', async () => {
      const kv = await store({ '/v': bytes('v') })
      const thrown = kv.batch(async (view) => {
        await view.remove(key('/v'))
        throw new Error('a bug')
      })
      await assert.rejects(thrown, /a bug/)
      assert.deepEqual(await names(kv, '/'), ['v value'])
    })

    it('sees its own writes in every read', async () => {
      const kv = await store({ '/d/v': bytes('old'), '/d/w': bytes('w') })
      await kv.batch(async (view) => {
        await view.set(key('/d/v'), bytes('newer'))
        await view.remove(key('/d/w'))
        await view.set(key('/d/x/y'), bytes('y'))
        await view.rename(key('/d/x/y'), key('/d/x/z'))
        assert.deepEqual(await view.get(key('/d/v')), ok(bytes('newer')))
        assert.deepEqual(await view.getPartial(key('/d/v'), 3, 9), ok(bytes('er')))
        assert.deepEqual(await view.size(key('/d/v')), ok(5))
        assert.deepEqual(await view.exists(key('/d/w')), ok(undefined))
        assert.deepEqual(await names(view, '/d'), ['v value', 'x dictionary'])
        assert.deepEqual(await names(view, '/d/x'), ['z value'])
        return ok(undefined)
      })
    })

    it('keeps the whole contract for what it wrote itself', async () => {
      const kv = await store({ '/d/v': bytes('old'), '/gone/v': bytes('g') })
      const inside = await kv.batch(async (view) => {
        await view.set(key('/d/v'), bytes('new'))
        await view.set(key('/d/w/x'), bytes('x'))
        await view.remove(key('/gone'))
        value(await view.get(key('/d/v'))).fill(0)
        const buffer = bytes('new')
        await view.set(key('/d/v'), buffer)
        buffer.fill(0)
        assert.deepEqual(await view.get(key('/d/v')), ok(bytes('new')))
        assert.deepEqual(await view.exists(key('/d/v/below')), ok(undefined))
        const below = err({ kind: 'dictionary-expected', key: key('/d/v/below') })
        assert.deepEqual(await view.get(key('/d/v/below')), below)
        assert.deepEqual(await view.list(key('/d/v/below')), below)
        assert.deepEqual(await view.set(key('/d/v/below'), bytes('x')), below)
        assert.deepEqual(await view.get(key('/d/w')), err({ kind: 'value-expected', key: key('/d/w') }))
        assert.deepEqual(await view.list(key('/gone')), err({ kind: 'not-found', key: key('/gone') }))
        assert.deepEqual(await view.digest(key('/gone/v')), err({ kind: 'not-found', key: key('/gone/v') }))
        assert.deepEqual(await view.rename(key('/d/v'), key('/d')), ok(undefined))
        assert.deepEqual(
          await view.rename(key('/none'), key('/x')),
          err({ kind: 'not-found', key: key('/none') }),
        )
        assert.deepEqual(await view.lastModified(key('/d')), await view.lastModified(key('/d/v')))
        return ok(await digests(view, '/', '/d', '/d/v', '/d/w'))
      })
      assert.deepEqual(inside, ok(await digests(kv, '/', '/d', '/d/v', '/d/w')))
    })

    it('refuses inside what is refused outside, and goes on', async () => {
      const kv = await store({ '/d/v': bytes('v') })
      const result = await kv.batch(async (view) => {
        assert.deepEqual(
          await view.set(key('/d'), bytes('x')),
          err({ kind: 'value-expected', key: key('/d') }),
        )
        assert.deepEqual(await view.get(key('/n')), err({ kind: 'not-found', key: key('/n') }))
        await view.set(key('/w'), bytes('w'))
        return ok(undefined)
      })
      assert.deepEqual(result, ok(undefined))
      assert.deepEqual(await names(kv, '/'), ['d dictionary', 'w value'])
    })

    it('hides its writes from everybody else until it ends', async () => {
      const kv = await store({ '/v': bytes('old') })
      await kv.batch(async (view) => {
        await view.set(key('/v'), bytes('new'))
        await view.set(key('/w'), bytes('new'))
        assert.deepEqual(await kv.get(key('/v')), ok(bytes('old')))
        assert.deepEqual(await names(kv, '/'), ['v value'])
        return ok(undefined)
      })
      assert.deepEqual(await kv.get(key('/v')), ok(bytes('new')))
    })

    it('never sees half of what others change meanwhile', async () => {
      const kv = await store({ '/a': bytes('1'), '/b': bytes('1') })
      const seen: string[] = []
      let isFirst = true
      await kv.batch(async (view) => {
        const a = value(await view.get(key('/a')))
        if (isFirst) {
          isFirst = false
          await kv.set(key('/a'), bytes('2'))
          await kv.set(key('/b'), bytes('2'))
        }
        const b = value(await view.get(key('/b')))
        seen.push(`${utf8.decode(a)}${utf8.decode(b)}`)
        return ok(undefined)
      })
      assert.ok(!seen.includes('12'))
      assert.equal(seen.at(-1), '22')
    })

    const conflicts: [
      title: string,
      mine: (view: Kv) => Promise<unknown>,
      theirs: (kv: Kv) => Promise<unknown>,
    ][] = [
      ['a value it read was set', (view) => view.get(key('/d/a')), (kv) => kv.set(key('/d/a'), bytes('x'))],
      ['a value it read was removed', (view) => view.get(key('/d/a')), (kv) => kv.remove(key('/d/a'))],
      [
        'a value it read in part was set',
        (view) => view.getPartial(key('/d/a'), 0, 1),
        (kv) => kv.setPartial(key('/d/a'), 0, bytes('x')),
      ],
      [
        'a value it measured was set',
        (view) => view.size(key('/d/a')),
        (kv) => kv.set(key('/d/a'), bytes('long')),
      ],
      [
        'what it did not find was made',
        (view) => view.get(key('/d/n')),
        (kv) => kv.set(key('/d/n'), bytes('x')),
      ],
      [
        'what did not exist was made',
        (view) => view.exists(key('/n')),
        (kv) => kv.set(key('/n/m'), bytes('x')),
      ],
      [
        'a dictionary it listed has a new entry',
        (view) => view.list(key('/d')),
        (kv) => kv.set(key('/d/n'), bytes('x')),
      ],
      [
        'a dictionary it listed lost an entry',
        (view) => view.list(key('/d')),
        (kv) => kv.rename(key('/d/a'), key('/n')),
      ],
      [
        'something below a dictionary it digested was set',
        (view) => view.digest(key('/')),
        (kv) => kv.set(key('/d/a'), bytes('x')),
      ],
      [
        'a value it set was set',
        (view) => view.set(key('/d/a'), bytes('m')),
        (kv) => kv.set(key('/d/a'), bytes('x')),
      ],
      [
        'a value it set is now a dictionary',
        (view) => view.set(key('/n'), bytes('m')),
        (kv) => kv.set(key('/n/m'), bytes('x')),
      ],
      [
        'a value it set is now below a value',
        (view) => view.set(key('/n/m'), bytes('m')),
        (kv) => kv.set(key('/n'), bytes('x')),
      ],
      [
        'a dictionary it removed has a new value',
        (view) => view.remove(key('/d')),
        (kv) => kv.set(key('/d/n'), bytes('x')),
      ],
      [
        'what it renamed was set',
        (view) => view.rename(key('/d/a'), key('/n')),
        (kv) => kv.set(key('/d/a'), bytes('x')),
      ],
    ]
    for (const [title, mine, theirs] of conflicts) {
      it(`runs again on the newest state if ${title}`, async () => {
        const kv = await store({ '/d/a': bytes('a'), '/e': bytes('e') })
        let runs = 0
        const result = await kv.batch(async (view) => {
          runs++
          await mine(view)
          if (runs === 1) await theirs(kv)
          await view.set(key('/runs'), bytes(String(runs)))
          return ok(runs)
        })
        assert.deepEqual(result, ok(2))
        assert.deepEqual(await kv.get(key('/runs')), ok(bytes('2')))
      })
    }

    it('runs again on the newest state if the dictionary it moved into is gone', async () => {
      const kv = await store({ '/a': bytes('a'), '/d/v': bytes('v') })
      let runs = 0
      const result = await kv.batch(async (view) => {
        await view.rename(key('/a'), key('/d'))
        if (++runs === 1) await kv.remove(key('/d'))
        return ok(runs)
      })
      assert.deepEqual(result, ok(2))
      assert.deepEqual(await names(kv, '/'), ['d value'])
    })

    it('does not run again for what it neither read nor wrote, and keeps it', async () => {
      const kv = await store({ '/d/a': bytes('a'), '/d/b': bytes('b'), '/e/c': bytes('c') })
      let runs = 0
      await kv.batch(async (view) => {
        runs++
        await view.get(key('/d/a'))
        await view.exists(key('/e'))
        await view.list(key('/'))
        await view.set(key('/d/new'), bytes('n'))
        await kv.set(key('/d/b'), bytes('theirs'))
        await kv.set(key('/e/f/g'), bytes('theirs'))
        return ok(undefined)
      })
      assert.equal(runs, 1)
      assert.deepEqual(await names(kv, '/d'), ['a value', 'b value', 'new value'])
      assert.deepEqual(await kv.get(key('/d/b')), ok(bytes('theirs')))
      assert.deepEqual(await kv.get(key('/e/f/g')), ok(bytes('theirs')))
    })

    it('is seen whole or not at all by those who read meanwhile', async () => {
      const paths = Array.from({ length: 8 }, (_, i) => `/d${i}/v`)
      const kv = await store(Object.fromEntries(paths.map((path) => [path, bytes('old')])))
      const batch = { isOver: false }
      const applied = kv.batch(async (view) => {
        for (const path of paths) await view.set(key(path), bytes('newer'))
        return ok(undefined)
      })
      const reads: ((path: string) => Promise<string>)[] = [
        async (path) => utf8.decode(value(await kv.get(key(path)))),
        async (path) => utf8.decode(value(await kv.getPartial(key(path), 0, 9))),
        async (path) => (value(await kv.size(key(path))) === 3 ? 'old' : 'newer'),
      ]
      const readers = reads.map(async (read) => {
        while (!batch.isOver) {
          // Whoever has seen one new value sees no old one any more, in whatever order it looks.
          for (const order of [paths, [...paths].reverse()]) {
            let last = 'old'
            for (const path of order) {
              const seen = await read(path)
              assert.ok(seen === 'newer' || last === 'old')
              last = seen
            }
          }
          await new Promise((resolve) => setImmediate(resolve))
        }
      })
      assert.deepEqual(await applied, ok(undefined))
      batch.isOver = true
      await Promise.all(readers)
    })

    it('loses no update of batches that run at the same time', async () => {
      const kv = await store({ '/count': bytes('0') })
      const increment = (): Promise<unknown> =>
        kv.batch(async (view) => {
          const count = Number(utf8.decode(value(await view.get(key('/count')))))
          await view.set(key('/count'), bytes(String(count + 1)))
          return ok(undefined)
        })
      await Promise.all(Array.from({ length: 10 }, increment))
      assert.deepEqual(await kv.get(key('/count')), ok(bytes('10')))
    })

    for (const [retries, options] of [
      [13, {}],
      [2, { retries: 2 }],
      [0, { retries: 0 }],
    ] as const) {
      it(`gives up after ${retries} retries${'retries' in options ? ', as told' : ''}, with nothing applied`, async () => {
        const kv = await store({ '/v': bytes('0') })
        let runs = 0
        const result = await kv.batch(async (view) => {
          runs++
          await view.get(key('/v'))
          await kv.set(key('/v'), bytes(String(runs)))
          await view.set(key('/mine'), bytes('m'))
          return ok(undefined)
        }, options)
        assert.deepEqual(result, err({ kind: 'too-many-retries', retries }))
        assert.equal(runs, retries + 1)
        assert.deepEqual(await names(kv, '/'), ['v value'])
      })
    }

    it('throws when a view is used after its run', async () => {
      const kv = await store({ '/v': bytes('v') })
      let kept: Kv | undefined
      await kv.batch(async (view) => {
        kept = view
        return ok(undefined)
      })
      assert.ok(kept !== undefined)
      await assert.rejects(kept.get(key('/v')))
      await assert.rejects(kept.set(key('/v'), bytes('late')))
      assert.deepEqual(await kv.get(key('/v')), ok(bytes('v')))
    })

    it('throws on a batch inside a batch', async () => {
      const kv = await store()
      await kv.batch(async (view) => {
        await assert.rejects(view.batch(async () => ok(undefined)))
        return ok(undefined)
      })
    })
  })
}
