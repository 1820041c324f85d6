import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import type { Kv, KvReader } from '@mirage/kv'
import * as Key from '@mirage/kv/key'
import { memory } from '@mirage/kv/memory'
import { pipe } from '@mirage/flow/pipe'
import { err } from '@mirage/result'
import { DATE, Dialogue, EPOCH_MS, settle } from './dialogue.ts'
import * as latin1 from './latin1.ts'
import { type StaticOptions, files } from './static.ts'

const SECOND_LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'
const SECOND_BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT'

interface Site {
  readonly store: Kv
  /** One request on a connection of its own: its status, and its fields and body. */
  ask(path: string, fields?: string, method?: string): Promise<{ status: number; head: string; body: string }>
  advance(ms: number): Promise<void>
}

async function site(values: Record<string, string>, options: StaticOptions = {}): Promise<Site> {
  const first: Dialogue = new Dialogue((request) => handler(request))
  const store = memory({ clock: first.clock })
  for (const [path, value] of Object.entries(values)) await store.set(Key.parse(path), latin1.encode(value))
  const handler = files(store, options)
  return {
    store,
    async ask(path, fields = '', method = 'GET') {
      const dialogue = new Dialogue(handler, {}, first)
      await dialogue.send(`${method} ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${fields}\r\n`)
      await settle()
      const end = dialogue.received.indexOf('\r\n\r\n')
      return {
        status: dialogue.statuses[0]!,
        head: dialogue.received.slice(0, end),
        body: dialogue.received.slice(end + 4),
      }
    },
    advance: (ms) => first.advance(ms),
  }
}

const SITE = {
  'index.html': '<h1>home</h1>',
  'a.txt': '0123456789',
  'dir/index.html': 'in dir',
  'dir/page': 'page',
  'empty/x': '',
  'é b.css': 'css',
  secret: 'no',
}

async function tagOf(it: Site, path: string): Promise<string> {
  return /etag: (".*")/.exec((await it.ask(path)).head)![1]!
}

describe('static', () => {
  const found: [path: string, type: string, body: string][] = [
    ['/', 'text/html; charset=utf-8', SITE['index.html']],
    ['/?q=/../', 'text/html; charset=utf-8', SITE['index.html']],
    ['/index.html', 'text/html; charset=utf-8', SITE['index.html']],
    ['/a.txt', 'text/plain; charset=utf-8', '0123456789'],
    ['/%61.txt?x', 'text/plain; charset=utf-8', '0123456789'],
    ['/dir/', 'text/html; charset=utf-8', 'in dir'],
    ['/dir/page', 'application/octet-stream', 'page'],
    ['/%C3%A9%20b.css', 'text/css; charset=utf-8', 'css'],
    ['/empty/x', 'application/octet-stream', ''],
    ['http://h/a.txt', 'text/plain; charset=utf-8', '0123456789'],
  ]
  for (const [path, type, body] of found) {
    it(`serves ${path}`, async () => {
      const answer = await (await site(SITE)).ask(path)
      assert.equal(answer.status, 200)
      assert.equal(answer.body, body)
      assert.ok(answer.head.includes(`\r\ncontent-type: ${type}\r\n`), answer.head)
      assert.ok(answer.head.includes(`\r\ncontent-length: ${body.length}\r\n`))
      assert.ok(answer.head.includes(`\r\nlast-modified: ${DATE}\r\n`))
      assert.ok(answer.head.includes('\r\naccept-ranges: bytes\r\n'))
    })
  }

  const other: [what: string, path: string, status: number][] = [
    ['nothing', '/nothing', 404],
    ['a value as a dictionary', '/a.txt/', 404],
    ['below a value', '/a.txt/b', 404],
    ['a dictionary without an index', '/empty/', 404],
    ['a way up', '/../secret', 400],
    ['an encoded way up', '/dir/%2e%2e/secret', 400],
    ['an encoded slash', '/dir%2fpage', 400],
    ['an empty segment', '//dir/', 400],
    ['a backslash', '/dir%5cpage', 400],
    ['NUL', '/a.txt%00', 400],
    ['a name twice encoded', '/%2561.txt', 404],
  ]
  for (const [what, path, status] of other) {
    it(`answers ${what} with ${status}`, async () =>
      assert.equal((await (await site(SITE)).ask(path)).status, status))
  }

  it('sends a dictionary without its slash there, with the query', async () => {
    const answer = await (await site(SITE)).ask('/%64ir?q=1')
    assert.equal(answer.status, 301)
    assert.match(answer.head, /\r\nlocation: \/dir\/\?q=1\r\n/)
  })

  it('never sends anybody to another host', async () => {
    const it = await site({ 'evil.example/index.html': '', 'a/evil.example/x': '' })
    for (const path of ['//evil.example', '/%2fevil.example', '/%5cevil.example', '//a/evil.example']) {
      const { status } = await it.ask(path)
      assert.equal(status, 400, path)
    }
    assert.match((await it.ask('/evil.example')).head, /location: \/evil\.example\/\r\n/)
  })

  it('does not redirect for ever where an index is a dictionary', async () => {
    assert.equal((await (await site({ 'a/index.html/b': '' })).ask('/a/')).status, 404)
  })

  it('sends HEAD what it sends GET, without the body', async () => {
    const it = await site(SITE)
    const get = await it.ask('/a.txt')
    const head = await it.ask('/a.txt', '', 'HEAD')
    assert.deepEqual(head, { ...get, body: '' })
  })

  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'get', 'TRACE']) {
    it(`does not allow ${method}`, async () => {
      const answer = await (await site(SITE)).ask('/a.txt', '', method)
      assert.equal(answer.status, 405)
      assert.match(answer.head, /\r\nallow: GET, HEAD\r\n/)
    })
  }

  it('has a page of its own for what is not there', async () => {
    const answer = await (await site({ '404.html': 'gone fishing' })).ask('/x')
    assert.equal(answer.status, 404)
    assert.equal(answer.body, 'gone fishing')
    assert.match(answer.head, /content-type: text\/html/)
  })

  it('tags equal content equally, and different content differently', async () => {
    const it = await site({ a: 'same', b: 'same', c: 'other' })
    assert.equal(await tagOf(it, '/a'), await tagOf(it, '/b'))
    assert.notEqual(await tagOf(it, '/a'), await tagOf(it, '/c'))
  })

  describe('conditions', () => {
    // TAG stands for the tag of the value.
    const cases: [fields: string[], status: number][] = [
      [['If-None-Match: TAG'], 304],
      [['If-None-Match: W/TAG'], 304],
      [['If-None-Match: "x", TAG'], 304],
      [['If-None-Match: "x"', 'If-None-Match: TAG'], 304],
      [['If-None-Match: *'], 304],
      [['If-None-Match: "x"'], 200],
      [[`If-Modified-Since: ${DATE}`], 304],
      [[`If-Modified-Since: ${SECOND_LATER}`], 304],
      [[`If-Modified-Since: ${SECOND_BEFORE}`], 200],
      [['If-Modified-Since: yesterday'], 200],
      [['If-None-Match: "x"', `If-Modified-Since: ${DATE}`], 200],
      [['If-Match: TAG'], 200],
      [['If-Match: *'], 200],
      [['If-Match: "x"'], 412],
      [['If-Match: W/TAG'], 412],
      [[`If-Unmodified-Since: ${DATE}`], 200],
      [[`If-Unmodified-Since: ${SECOND_BEFORE}`], 412],
      [['If-Match: TAG', `If-Unmodified-Since: ${SECOND_BEFORE}`], 200],
      [['If-Match: TAG', 'If-None-Match: TAG'], 304],
      [['If-None-Match: TAG', 'Range: bytes=0-1'], 304],
    ]
    for (const [fields, status] of cases) {
      it(`${fields.join(' and ')} gives ${status}`, async () => {
        const it = await site(SITE)
        const tag = await tagOf(it, '/a.txt')
        const asked = fields.map((field) => `${field.replace('TAG', tag)}\r\n`).join('')
        const answer = await it.ask('/a.txt', asked)
        assert.equal(answer.status, status)
        if (status !== 304) return
        assert.equal(answer.body, '')
        assert.ok(answer.head.includes(`etag: ${tag}`))
      })
    }
  })

  describe('ranges', () => {
    const cases: [fields: string[], status: number, body: string | undefined, range: string | undefined][] = [
      [['Range: bytes=0-0'], 206, '0', '0-0/10'],
      [['Range: bytes=2-4'], 206, '234', '2-4/10'],
      [['Range: bytes=8-'], 206, '89', '8-9/10'],
      [['Range: bytes=8-99'], 206, '89', '8-9/10'],
      [['Range: bytes=-3'], 206, '789', '7-9/10'],
      [['Range: bytes=-99'], 206, '0123456789', '0-9/10'],
      [['Range: BYTES= 1-1 '], 206, '1', '1-1/10'],
      [['Range: bytes=10-'], 416, undefined, '*/10'],
      [['Range: bytes=99-100'], 416, undefined, '*/10'],
      [['Range: bytes=-0'], 416, undefined, '*/10'],
      [['Range: bytes=4-2'], 200, '0123456789', undefined],
      [['Range: bytes=-'], 200, '0123456789', undefined],
      [['Range: bytes=a-b'], 200, '0123456789', undefined],
      [['Range: bytes=0-1,3-4'], 200, '0123456789', undefined],
      [['Range: bytes=0-99999999999999999999'], 200, '0123456789', undefined],
      [['Range: items=0-1'], 200, '0123456789', undefined],
      [['Range: bytes=0-1', 'If-Range: TAG'], 206, '01', '0-1/10'],
      [['Range: bytes=0-1', 'If-Range: W/TAG'], 200, '0123456789', undefined],
      [['Range: bytes=0-1', 'If-Range: "x"'], 200, '0123456789', undefined],
      [['Range: bytes=0-1', `If-Range: ${DATE}`], 206, '01', '0-1/10'],
      [['Range: bytes=0-1', `If-Range: ${SECOND_LATER}`], 200, '0123456789', undefined],
    ]
    for (const keptSizeMax of [65536, 0]) {
      for (const [fields, status, body, range] of cases) {
        it(`${fields.join(' and ')} gives ${status}${keptSizeMax === 0 ? ' of a value that is streamed' : ''}`, async () => {
          const it = await site(SITE, { keptSizeMax })
          const tag = await tagOf(it, '/a.txt')
          const asked = fields.map((field) => `${field.replace('TAG', tag)}\r\n`).join('')
          const answer = await it.ask('/a.txt', asked)
          assert.equal(answer.status, status)
          if (body !== undefined) assert.equal(answer.body, body)
          assert.equal(/content-range: bytes (.*)\r/.exec(answer.head)?.[1], range)
        })
      }
    }

    it('are nothing to HEAD', async () => {
      const answer = await (await site(SITE)).ask('/a.txt', 'Range: bytes=0-1\r\n', 'HEAD')
      assert.equal(answer.status, 200)
      assert.match(answer.head, /content-length: 10/)
    })
  })

  describe('freshness', () => {
    it('serves what changed when a second has passed, and not before', async () => {
      const it = await site(SITE)
      await it.ask('/a.txt')
      await it.store.set(Key.parse('a.txt'), latin1.encode('new'))
      await it.advance(999)
      assert.equal((await it.ask('/a.txt')).body, '0123456789')
      await it.advance(1)
      assert.equal((await it.ask('/a.txt')).body, 'new')
    })

    it('serves what changed at once if told to', async () => {
      const it = await site(SITE, { freshFor: 0 })
      await it.ask('/a.txt')
      await it.store.set(Key.parse('a.txt'), latin1.encode('new'))
      assert.equal((await it.ask('/a.txt')).body, 'new')
      await it.store.remove(Key.parse('a.txt'))
      assert.equal((await it.ask('/a.txt')).status, 404)
    })

    it('serves what changed of a large value too', async () => {
      const it = await site(SITE, { keptSizeMax: 5 })
      const before = await tagOf(it, '/a.txt')
      await it.advance(1000)
      await it.store.set(Key.parse('a.txt'), latin1.encode('9876543210'))
      assert.equal((await it.ask('/a.txt')).body, '9876543210')
      assert.notEqual(await tagOf(it, '/a.txt'), before)
    })

    it('asks the store nothing while a value is fresh', async () => {
      const clock = manual(EPOCH_MS)
      const store = memory({ clock })
      await store.set(Key.parse('a'), latin1.encode('a'))
      let asked = 0
      const counting = new Proxy(store, {
        get(target, name) {
          const method = Reflect.get(target, name) as (...args: unknown[]) => unknown
          return (...args: unknown[]) => {
            asked++
            return method.apply(target, args)
          }
        },
      }) as KvReader
      const dialogue = new Dialogue(files(counting))
      const request = 'GET /a HTTP/1.1\r\nHost:\r\n\r\n'
      await dialogue.send(request)
      const before = asked
      await dialogue.send(request + request)
      assert.equal(asked, before)
      assert.deepEqual(dialogue.statuses, [200, 200, 200])
    })

    it('keeps no more than it may', async () => {
      const values = Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [`v${index}`, 'x'.repeat(1000)]),
      )
      let gets = 0
      const clock = manual(EPOCH_MS)
      const store = memory({ clock })
      for (const [path, value] of Object.entries(values))
        await store.set(Key.parse(path), latin1.encode(value))
      const get = store.get.bind(store)
      store.get = (key) => {
        gets++
        return get(key)
      }
      const dialogue = new Dialogue(
        files(store, { keptTotalMax: 10_000, freshFor: Number.POSITIVE_INFINITY }),
      )
      for (let round = 0; round < 2; round++) {
        for (const path of Object.keys(values)) await dialogue.send(`GET /${path} HTTP/1.1\r\nHost:\r\n\r\n`)
      }
      assert.equal(gets, 40)
      for (let i = 0; i < 2; i++) await dialogue.send('GET /v19 HTTP/1.1\r\nHost:\r\n\r\n')
      assert.equal(gets, 40)
    })
  })

  describe('large values', () => {
    const LARGE = Array.from({ length: 200_000 }, (_, index) => String.fromCharCode(97 + (index % 26))).join(
      '',
    )

    it('arrive whole, read from the store in pieces', async () => {
      const it = await site({ large: LARGE })
      const pieces: number[] = []
      const getPartial = it.store.getPartial.bind(it.store)
      it.store.getPartial = (key, offset, length) => {
        pieces.push(length)
        return getPartial(key, offset, length)
      }
      it.store.get = () => assert.fail('the whole value was read')
      const answer = await it.ask('/large')
      assert.equal(answer.body, LARGE)
      assert.match(answer.head, /content-length: 200000/)
      assert.deepEqual(pieces, [131_072, 68_928])
    })

    it('are read no faster than the peer reads them', async () => {
      const it = await site({ large: LARGE.repeat(10) })
      let pieces = 0
      const getPartial = it.store.getPartial.bind(it.store)
      it.store.getPartial = (key, offset, length) => {
        pieces++
        return getPartial(key, offset, length)
      }
      const [client, end] = pipe()
      new Dialogue(files(it.store)).server.accept(end)
      await client.write(latin1.encode('GET /large HTTP/1.1\r\nHost:\r\n\r\n'))
      await settle()
      assert.ok(pieces <= 3, `${pieces} pieces were read`)
      client.abort()
    })

    it('that get shorter while they are sent break the connection', async () => {
      const it = await site({ large: LARGE })
      const [client, end] = pipe()
      const dialogue = new Dialogue(files(it.store))
      dialogue.server.accept(end)
      await client.write(latin1.encode('GET /large HTTP/1.1\r\nHost:\r\n\r\n'))
      await settle()
      await it.store.set(Key.parse('large'), latin1.encode('short'))
      for (;;) {
        const read = await client.read()
        assert.notEqual(read.ok && read.value, 'eof')
        if (!read.ok) break
      }
      assert.equal(dialogue.server.counters.handlerErrors, 1)
    })
  })

  it('answers 500 where the store fails, and says nothing of it to the peer', async () => {
    const it = await site(SITE)
    it.store.exists = async (key) => err({ kind: 'storage', key, reason: 'the disk is on fire' })
    const answer = await it.ask('/a.txt')
    assert.equal(answer.status, 500)
    assert.doesNotMatch(answer.body, /fire/)
  })
})
