import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pipe } from '@mirage/flow/pipe'
import { err, ok } from '@mirage/result'
import * as fc from 'fast-check'
import { DATE, Dialogue, settle } from './dialogue.ts'
import { type Handler, Response, type Stream, text } from './http.ts'
import * as latin1 from './latin1.ts'

const GET = 'GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n'
const path: Handler = (request) => text(200, request.path)

function post(body: string, fields = ''): string {
  return `POST / HTTP/1.1\r\nHost: h\r\ncontent-length: ${body.length}\r\n${fields}\r\n${body}`
}

/** Answers with the body of the request. */
const echo: Handler = async (request) => {
  const body = await request.body.bytes()
  if (!body.ok) throw new Error(body.error)
  return new Response(200, {}, body.value)
}

/** A stream of these pieces; `length` only if told. */
function streamOf(pieces: readonly string[], length?: number): Stream & { cancelled: number } {
  let next = 0
  return {
    ...(length === undefined ? {} : { length }),
    cancelled: 0,
    async read() {
      const piece = pieces[next++]
      return ok(piece === undefined ? 'eof' : latin1.encode(piece))
    },
    cancel() {
      this.cancelled++
    },
  }
}

/** A promise and the means to resolve it. */
function gate<T>(): { promise: Promise<T>; open: (value: T) => void } {
  let open: (value: T) => void = () => {}
  return { promise: new Promise<T>((resolve) => (open = resolve)), open: (value) => open(value) }
}

describe('connection', () => {
  it('answers with a head, a date and a body, byte for byte', async () => {
    const dialogue = new Dialogue(path)
    await dialogue.send(GET)
    assert.equal(
      dialogue.received,
      `HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 2\r\ndate: ${DATE}\r\n\r\n/a`,
    )
  })

  it('gives one response to many as it gives it to one: also without a body, and with a new date', async () => {
    for (const response of [text(200, 'abc'), new Response(304, { a: 'b' }), text(200, 'd'.repeat(5000))]) {
      const dialogue = new Dialogue(() => response)
      const each: string[] = []
      for (let i = 0; i < 12; i++) {
        dialogue.received = ''
        await dialogue.send(i % 4 === 3 ? GET.replace('GET', 'HEAD') : GET)
        each.push(dialogue.received.replace(/\d\d GMT/, ''))
        if (i % 5 === 4) await dialogue.advance(1000)
      }
      const head = each[0]!.slice(0, each[0]!.indexOf('\r\n\r\n') + 4)
      each.forEach((received, i) => assert.equal(received, i % 4 === 3 ? head : each[0]))
    }
  })

  it('makes a new date when a second has passed', async () => {
    const dialogue = new Dialogue(path)
    await dialogue.send(GET)
    await dialogue.advance(999)
    await dialogue.send(GET)
    assert.equal(dialogue.received.split(DATE).length, 3)
    await dialogue.advance(1)
    await dialogue.send(GET)
    assert.match(dialogue.received, /08:49:38 GMT/)
  })

  it('answers the same wherever requests are cut', async () => {
    const requests =
      GET +
      post('12345') +
      `POST / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n` +
      GET
    const whole = new Dialogue(echo)
    await whole.send(requests)
    assert.deepEqual(whole.statuses, [200, 200, 200, 200])
    for (let cut = 1; cut < requests.length; cut++) {
      const dialogue = new Dialogue(echo)
      await dialogue.sendCut(requests, [cut])
      assert.equal(dialogue.received, whole.received, `cut at ${cut}`)
    }
  })

  it('answers requests that came together in order, in one write', async () => {
    const writes: string[] = []
    const [client, end] = pipe()
    const dialogue = new Dialogue((request) => text(200, request.path))
    dialogue.server.accept({
      read: () => end.read(),
      write: (bytes) => {
        writes.push(latin1.decode(bytes, 0, bytes.length))
        return end.write(bytes)
      },
      shutdown: () => end.shutdown(),
      close: () => end.close(),
      abort: () => end.abort(),
    })
    await client.write(latin1.encode(['/1', '/2', '/3'].map((each) => GET.replace('/a', each)).join('')))
    await settle()
    assert.equal(writes.length, 1)
    assert.match(writes[0]!, /\/1HTTP[^]*\/2HTTP[^]*\/3$/)
  })

  it('sends what is answered before it waits for a handler', async () => {
    const { promise, open } = gate<Response>()
    const dialogue = new Dialogue((request) => (request.path === '/slow' ? promise : text(200, request.path)))
    await dialogue.send(GET + GET.replace('/a', '/slow') + GET)
    assert.deepEqual(dialogue.statuses, [200])
    open(text(201, ''))
    await settle()
    assert.deepEqual(dialogue.statuses, [200, 201, 200])
  })

  it('gives a handler what was asked', async () => {
    const seen: unknown[] = []
    const dialogue = new Dialogue((request) => {
      const { method, minor, path, query, target, host } = request
      seen.push([method, minor, path, query, target, host, [...request.headers], request.headers.get('X-a')])
      return text(200, '')
    })
    await dialogue.send('PURGE http://u:1/p?q HTTP/1.1\r\nHost: h\r\nx-A:  1 \r\nX-a: 2\r\n\r\n')
    await dialogue.send('GET http://u?q HTTP/1.1\r\nHost: h\r\n\r\n')
    await dialogue.send('OPTIONS * HTTP/1.0\r\n\r\n')
    const fields = [
      ['Host', 'h'],
      ['x-A', '1'],
      ['X-a', '2'],
    ]
    assert.deepEqual(seen, [
      ['PURGE', 1, '/p', '?q', '/p?q', 'u:1', fields, '1, 2'],
      ['GET', 1, '/', '?q', '/?q', 'u', [['Host', 'h']], undefined],
      ['OPTIONS', 0, '*', '', '*', '', [], undefined],
    ])
  })

  it('sends no body to HEAD, and none with 204 and 304', async () => {
    const dialogue = new Dialogue((request) => new Response(Number(request.path.slice(1)), {}, 'body'))
    await dialogue.send(
      'HEAD /200 HTTP/1.1\r\nHost:\r\n\r\nGET /204 HTTP/1.1\r\nHost:\r\n\r\nGET /304 HTTP/1.1\r\nHost:\r\n\r\n',
    )
    assert.equal(
      dialogue.received.replaceAll(`date: ${DATE}\r\n`, ''),
      'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n',
    )
  })

  describe('persistence', () => {
    const cases: [what: string, request: string, closes: boolean, field: RegExp | undefined][] = [
      ['keeps HTTP/1.1', GET, false, undefined],
      [
        'closes when asked',
        GET.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'),
        true,
        /connection: close/,
      ],
      ['closes HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', true, /connection: close/],
      [
        'keeps HTTP/1.0 that asks for it',
        'GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n',
        false,
        /connection: keep-alive/,
      ],
    ]
    for (const [what, request, closes, field] of cases) {
      it(what, async () => {
        const dialogue = new Dialogue(path)
        await dialogue.send(request)
        assert.equal(dialogue.ended, closes ? 'eof' : undefined)
        if (field === undefined) assert.doesNotMatch(dialogue.received, /connection/)
        else assert.match(dialogue.received, field)
        assert.equal(dialogue.server.connectionCount, closes ? 0 : 1)
      })
    }

    it('closes after as many requests as allowed', async () => {
      const dialogue = new Dialogue(path, { requestsMax: 2 })
      await dialogue.send(GET + GET + GET)
      assert.deepEqual(dialogue.statuses, [200, 200])
      assert.equal(dialogue.ended, 'eof')
    })

    it('answers a client that has said it sends no more', async () => {
      const dialogue = new Dialogue(path)
      await dialogue.flow.write(latin1.encode(GET))
      dialogue.flow.shutdown()
      await settle()
      assert.deepEqual(dialogue.statuses, [200])
      assert.equal(dialogue.ended, 'eof')
    })

    it('closes silently on half a head', async () => {
      const dialogue = new Dialogue(path)
      await dialogue.send('GET / HT')
      dialogue.flow.shutdown()
      await settle()
      assert.equal(dialogue.received, '')
      assert.equal(dialogue.server.connectionCount, 0)
    })
  })

  describe('request bodies', () => {
    it('reads a chunked body and drops its trailers', async () => {
      const dialogue = new Dialogue(echo)
      await dialogue.send(
        'POST / HTTP/1.1\r\nHost:\r\ntransfer-encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nHost: evil\r\n\r\n',
      )
      assert.match(dialogue.received, /content-length: 6[^]*hello!$/)
      await dialogue.send(GET)
      assert.deepEqual(dialogue.statuses, [200, 200])
    })

    it('reads over what a handler left, and goes on', async () => {
      const dialogue = new Dialogue(path)
      await dialogue.send(post('x'.repeat(60_000)) + GET)
      assert.deepEqual(dialogue.statuses, [200, 200])
      await dialogue.send(
        'POST / HTTP/1.1\r\nHost:\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n' + GET,
      )
      assert.deepEqual(dialogue.statuses, [200, 200, 200, 200])
    })

    it('closes rather than reading over a long body that a handler left', async () => {
      const dialogue = new Dialogue(path)
      await dialogue.send(post('x'.repeat(70_000)) + GET)
      assert.deepEqual(dialogue.statuses, [200])
      assert.match(dialogue.received, /connection: close/)
    })

    it('refuses a long body before it comes', async () => {
      const dialogue = new Dialogue(echo, { bodySizeMax: 10 })
      await dialogue.send('POST / HTTP/1.1\r\nHost:\r\ncontent-length: 11\r\n\r\n')
      assert.deepEqual(dialogue.statuses, [413])
      assert.equal(dialogue.ended, 'eof')
    })

    it('refuses a chunked body when it gets too long', async () => {
      const dialogue = new Dialogue(echo, { bodySizeMax: 10 })
      await dialogue.send(
        'POST / HTTP/1.1\r\nHost:\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
      )
      assert.deepEqual(dialogue.statuses, [413])
      assert.equal(dialogue.ended, 'eof')
    })

    it('refuses chunks that are wrong', async () => {
      const dialogue = new Dialogue(echo)
      await dialogue.send(
        'POST / HTTP/1.1\r\nHost:\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n' + GET,
      )
      assert.deepEqual(dialogue.statuses, [400])
      assert.equal(dialogue.ended, 'eof')
    })

    it('never takes what follows wrong chunks for a request, also if nobody reads them', async () => {
      const dialogue = new Dialogue(path)
      await dialogue.send('POST / HTTP/1.1\r\nHost:\r\ntransfer-encoding: chunked\r\n\r\nx\r\n\r\n' + GET)
      assert.deepEqual(dialogue.statuses, [200])
      assert.equal(dialogue.ended, 'eof')
    })

    it('takes no more from the peer than the handler asks for, but for a little', async () => {
      const { promise, open } = gate<Response>()
      const dialogue = new Dialogue(
        (request) => {
          request.onGone(() => {})
          return promise
        },
        { bodySizeMax: 1e9 },
      )
      await dialogue.send(`POST / HTTP/1.1\r\nHost:\r\ncontent-length: 100000000\r\n\r\n`)
      let accepted = 0
      void (async () => {
        for (;;)
          if (!(await dialogue.flow.write(new Uint8Array(10_000))).ok) return
          else accepted += 10_000
      })()
      await settle()
      await settle()
      assert.ok(accepted <= 120_000, `${accepted} bytes were taken`)
      open(text(200, ''))
      await settle()
    })

    it('says to go on when the handler wants the body, once', async () => {
      const dialogue = new Dialogue(echo)
      await dialogue.send('POST / HTTP/1.1\r\nHost:\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
      assert.equal(dialogue.received, 'HTTP/1.1 100 Continue\r\n\r\n')
      await dialogue.send('ab')
      await dialogue.send('cd')
      assert.deepEqual(dialogue.statuses, [100, 200])
      await dialogue.send(GET)
      assert.deepEqual(dialogue.statuses, [100, 200, 200])
    })

    it('does not ask for a body that it refuses, and closes', async () => {
      const dialogue = new Dialogue(() => text(401, ''))
      await dialogue.send('POST / HTTP/1.1\r\nHost:\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
      assert.deepEqual(dialogue.statuses, [401])
      assert.match(dialogue.received, /connection: close/)
      assert.equal(dialogue.ended, 'eof')
    })

    it('does not ask for a body once the response has begun', async () => {
      const { promise, open } = gate<void>()
      const dialogue = new Dialogue((request) => {
        void promise.then(() => request.body.read())
        return new Response(200, {}, { read: () => promise.then(() => ok('eof' as const)), cancel() {} })
      })
      await dialogue.send('POST / HTTP/1.1\r\nHost:\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n')
      open()
      await settle()
      assert.deepEqual(dialogue.statuses, [200])
    })

    it('waits for a read that the handler did not wait for', async () => {
      let first: unknown
      const dialogue = new Dialogue((request) => {
        if (request.method === 'POST') void request.body.read().then((read) => (first = read))
        return text(200, '')
      })
      await dialogue.send(post('12345').slice(0, -5))
      assert.deepEqual(dialogue.statuses, [200])
      await dialogue.send(`12345${GET}`)
      assert.deepEqual(first, ok(latin1.encode('12345')))
      assert.deepEqual(dialogue.statuses, [200, 200])
    })

    it('lets a peer whose long body nobody wants read the answer', async () => {
      const dialogue = new Dialogue(() => text(403, 'no'))
      await dialogue.send(`POST / HTTP/1.1\r\nHost:\r\ncontent-length: 500000\r\n\r\n`)
      assert.match(dialogue.received, /no$/)
      for (let i = 0; i < 3; i++) assert.ok((await dialogue.flow.write(new Uint8Array(60_000))).ok)
      assert.equal(dialogue.server.connectionCount, 1)
      // The time passes while the server is between two reads, so it is seen at the second.
      await dialogue.advance(2000)
      await dialogue.advance(0)
      assert.equal(dialogue.server.connectionCount, 0)
    })

    it('tells a handler that the body was cut off', async () => {
      let error: unknown
      const dialogue = new Dialogue(async (request) => {
        const body = await request.body.bytes()
        error = body.ok ? undefined : body.error
        return text(200, '')
      })
      await dialogue.send(post('12345').slice(0, -1))
      dialogue.flow.shutdown()
      await settle()
      assert.equal(error, 'truncated')
    })

    it('ends a body with its response', async () => {
      let late: unknown
      const dialogue = new Dialogue((request) => {
        if (request.method === 'POST') void settle().then(async () => (late = await request.body.read()))
        return text(200, '')
      })
      await dialogue.send(post('x'.repeat(40)).slice(0, -5))
      await settle()
      assert.deepEqual(dialogue.statuses, [200])
      assert.deepEqual(late, err('truncated'))
      await dialogue.send(`xxxxx${GET}`)
      assert.deepEqual(dialogue.statuses, [200, 200])
    })
  })

  describe('response streams', () => {
    it('sends a known length as it is', async () => {
      const dialogue = new Dialogue(() => new Response(200, {}, streamOf(['ab', '', 'c'], 3)))
      await dialogue.send(GET + GET)
      assert.equal(dialogue.received.match(/content-length: 3\r\n[^]*?\r\n\r\nabc/g)?.length, 2)
    })

    it('sends an unknown length in chunks', async () => {
      const dialogue = new Dialogue(() => new Response(200, {}, streamOf(['ab', '', 'x'.repeat(17)])))
      await dialogue.send(GET + GET)
      const body = `transfer-encoding: chunked\r\n\r\n2\r\nab\r\n11\r\n${'x'.repeat(17)}\r\n0\r\n\r\n`
      assert.equal(dialogue.received.split(body).length, 3)
    })

    it('sends pieces of any size whole, also where they just fill a buffer', async () => {
      const head = `HTTP/1.1 200 OK\r\ndate: ${DATE}\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n`.length
      for (const around of [16384, 65536 - head, 65536]) {
        for (let size = around - 20; size <= around + 3; size++) {
          const pieces = ['a'.repeat(size), 'b'.repeat(size)]
          const dialogue = new Dialogue((request) =>
            request.path === '/sized'
              ? new Response(200, {}, streamOf(pieces, 2 * size))
              : new Response(200, {}, streamOf(pieces)),
          )
          await dialogue.send(GET + GET.replace('/a', '/sized') + GET)
          const chunks = `${size.toString(16)}\r\n${pieces[0]}\r\n${size.toString(16)}\r\n${pieces[1]}\r\n0\r\n\r\n`
          const bodies = dialogue.received.split(/HTTP\/1\.1 200 OK\r\n[^]*?\r\n\r\n/).slice(1)
          assert.ok(
            bodies[0] === chunks && bodies[1] === pieces.join('') && bodies[2] === chunks,
            `${size} bytes`,
          )
        }
      }
    })

    it('answers requests that came together with bodies that just fill a buffer', async () => {
      const head = `HTTP/1.1 200 OK\r\ncontent-length: 65000\r\ndate: ${DATE}\r\n\r\n`.length
      for (let size = 65_536 - head - 300; size <= 65_536 - head; size += 12) {
        const body = 'x'.repeat(size)
        const dialogue = new Dialogue((request) =>
          request.method === 'GET' ? new Response(200, {}, body) : echo(request),
        )
        const expecting = 'POST / HTTP/1.1\r\nHost:\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n'
        await dialogue.send(GET + expecting)
        await dialogue.send('hi')
        assert.deepEqual(dialogue.statuses, [200, 100, 200], `${size} bytes`)
      }
    })

    it('ends an unknown length with the connection for HTTP/1.0', async () => {
      const dialogue = new Dialogue(() => new Response(200, {}, streamOf(['ab', 'c'])))
      await dialogue.send('GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n')
      assert.match(dialogue.received, /connection: close\r\n\r\nabc$/)
      assert.doesNotMatch(dialogue.received, /transfer-encoding|content-length/)
      assert.equal(dialogue.ended, 'eof')
    })

    it('reads none of it for HEAD', async () => {
      const stream = streamOf(['ab'])
      const dialogue = new Dialogue(() => new Response(200, {}, stream))
      await dialogue.send(GET.replace('GET', 'HEAD'))
      assert.equal(stream.cancelled, 1)
      assert.match(dialogue.received, /\r\n\r\n$/)
    })

    const broken: [what: string, stream: () => Stream][] = [
      ['fails', () => ({ length: 5, read: async () => err('no'), cancel() {} })],
      ['throws', () => ({ length: 5, read: () => Promise.reject(new Error('no')), cancel() {} })],
      ['is too short', () => streamOf(['ab'], 3)],
      ['is too long', () => streamOf(['ab', 'cd'], 3)],
      ['fails in chunks', () => ({ read: async () => err('no'), cancel() {} })],
    ]
    for (const [what, stream] of broken) {
      it(`resets the connection if its stream ${what}`, async () => {
        const dialogue = new Dialogue(() => new Response(200, {}, stream()))
        await dialogue.send(GET)
        assert.equal(dialogue.ended, 'reset')
        assert.doesNotMatch(dialogue.received, /0\r\n\r\n$/)
        assert.equal(dialogue.server.counters.handlerErrors, 1)
        assert.equal(dialogue.server.connectionCount, 0)
      })
    }

    it('reads no faster than the peer, whatever the length', async () => {
      let made = 0
      const dialogue = new Dialogue(path)
      const [client, end] = pipe()
      const piece = new Uint8Array(65536)
      const stream: Stream = {
        async read() {
          made++
          return ok(piece)
        },
        cancel() {},
      }
      const server = new Dialogue(() => new Response(200, {}, stream), {}, undefined).server
      server.accept(end)
      await client.write(latin1.encode(GET))
      await settle()
      assert.ok(made <= 3, `${made} pieces were made`)
      for (let i = 0; i < 10; i++) await client.read()
      await settle()
      assert.ok(made > 3 && made <= 13)
      client.abort()
      void dialogue
    })

    it('stops reading when the peer is gone', async () => {
      const stream = streamOf(Array.from({ length: 100 }, () => 'x'.repeat(65536)))
      let isGone = false
      const [client, end] = pipe()
      const { server } = new Dialogue((request) => {
        request.onGone(() => (isGone = true))
        return new Response(200, {}, stream)
      })
      server.accept(end)
      await client.write(latin1.encode(GET))
      await settle()
      client.abort()
      await settle()
      assert.equal(stream.cancelled, 1)
      assert.ok(isGone)
    })
  })

  describe('handlers', () => {
    const bad: [what: string, handler: Handler][] = [
      [
        'throws',
        () => {
          throw new Error('oh')
        },
      ],
      ['rejects', () => Promise.reject(new Error('oh'))],
      ['answers nothing', (async () => undefined) as unknown as Handler],
      ['answers with a field that splits the head', () => new Response(200, { a: 'b\r\nc: d' })],
    ]
    for (const [what, handler] of bad) {
      it(`are answered for with 500 if one ${what}, and others go on`, async () => {
        const dialogue = new Dialogue((request) =>
          request.path === '/bad' ? handler(request) : path(request),
        )
        const other = new Dialogue(path, {}, dialogue)
        await dialogue.send(GET + GET.replace('/a', '/bad') + GET)
        assert.deepEqual(dialogue.statuses, [200, 500])
        assert.equal(dialogue.ended, 'eof')
        await other.send(GET)
        assert.deepEqual(other.statuses, [200])
        assert.equal(dialogue.server.counters.handlerErrors, 1)
      })
    }

    it('hear of a peer that is gone while they work', async () => {
      const { promise, open } = gate<Response>()
      let isGone = false
      const dialogue = new Dialogue((request) => {
        request.onGone(() => (isGone = true))
        return promise
      })
      await dialogue.send(GET)
      assert.equal(isGone, false)
      dialogue.flow.abort()
      await settle()
      assert.equal(isGone, true)
      open(text(200, ''))
      await settle()
      assert.equal(dialogue.server.connectionCount, 0)
    })

    it('lose nothing that arrives while the peer is watched', async () => {
      const { promise, open } = gate<Response>()
      const dialogue = new Dialogue((request) => {
        if (request.path !== '/slow') return text(201, '')
        request.onGone(() => {})
        return promise
      })
      await dialogue.send(GET.replace('/a', '/slow'))
      await dialogue.send(GET.slice(0, 5))
      await dialogue.send(GET.slice(5) + GET)
      open(text(200, ''))
      await settle()
      assert.deepEqual(dialogue.statuses, [200, 201, 201])
      await dialogue.send(GET)
      assert.deepEqual(dialogue.statuses, [200, 201, 201, 201])
    })
  })

  describe('refusals', () => {
    const cases: [what: string, sent: string, status: number][] = [
      ['a request that is none', 'hello\r\n', 400],
      ['an unknown version', 'GET / HTTP/3.0\r\n', 505],
      ['an encoding it does not have', 'GET / HTTP/1.1\r\nHost:\r\nTransfer-Encoding: gzip\r\n\r\n', 501],
      ['a target that is too long', `GET /${'a'.repeat(8200)}`, 414],
      ['a head that is too large', `GET / HTTP/1.1\r\na: ${'a'.repeat(17000)}`, 431],
      ['too many fields', `GET / HTTP/1.1\r\n${'a:\r\n'.repeat(101)}`, 431],
      ['an expectation it does not have', 'GET / HTTP/1.1\r\nHost:\r\nExpect: x\r\n\r\n', 417],
      [
        'a request that hides another',
        'POST / HTTP/1.1\r\nHost:\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' + GET,
        400,
      ],
    ]
    for (const [what, sent, status] of cases) {
      it(`answers ${what} with ${status} after what came before, and closes`, async () => {
        const dialogue = new Dialogue(path)
        await dialogue.send(GET + sent)
        assert.deepEqual(dialogue.statuses, [200, status])
        assert.equal(dialogue.ended, 'eof')
        assert.equal(dialogue.server.counters.refusedRequests, 1)
        await dialogue.send(GET)
        assert.deepEqual(dialogue.statuses, [200, status])
        await dialogue.advance(2000)
        assert.equal(dialogue.server.connectionCount, 0)
      })
    }

    it('lets the peer of a refused request finish, within limits', async () => {
      const dialogue = new Dialogue(path)
      await dialogue.send('bad\r\n')
      for (let i = 0; i < 3; i++) {
        await dialogue.flow.write(new Uint8Array(60_000))
        await settle()
      }
      assert.equal(dialogue.server.connectionCount, 1)
      for (let i = 0; i < 3; i++) void (await dialogue.flow.write(new Uint8Array(60_000)))
      await settle()
      assert.equal(dialogue.server.connectionCount, 0)
    })
  })

  describe('patience', () => {
    const limits = { idleTimeout: 1000, headTimeout: 300, bodyTimeout: 200, writeTimeout: 400 }

    it('closes a connection that says nothing, silently', async () => {
      const dialogue = new Dialogue(path, limits)
      await dialogue.advance(999)
      assert.equal(dialogue.ended, undefined)
      await dialogue.advance(1)
      assert.equal(dialogue.ended, 'eof')
      assert.equal(dialogue.received, '')
    })

    it('closes a connection that is idle after a request', async () => {
      const dialogue = new Dialogue(path, limits)
      await dialogue.advance(900)
      await dialogue.send(GET)
      await dialogue.advance(999)
      assert.equal(dialogue.ended, undefined)
      await dialogue.advance(1)
      assert.equal(dialogue.ended, 'eof')
      assert.deepEqual(dialogue.statuses, [200])
    })

    it('answers a head that takes too long with 408, however often a byte comes', async () => {
      const dialogue = new Dialogue(path, limits)
      for (const byte of 'GET') {
        await dialogue.send(byte)
        await dialogue.advance(99)
      }
      assert.equal(dialogue.received, '')
      await dialogue.advance(3)
      assert.deepEqual(dialogue.statuses, [408])
      assert.equal(dialogue.ended, 'eof')
    })

    it('answers a body that stops with 408', async () => {
      const dialogue = new Dialogue(echo, limits)
      await dialogue.send(post('12345').slice(0, -2))
      await dialogue.advance(150)
      await dialogue.send('4')
      await dialogue.advance(150)
      assert.equal(dialogue.received, '')
      await dialogue.advance(50)
      assert.deepEqual(dialogue.statuses, [408])
      assert.equal(dialogue.ended, 'eof')
    })

    it('resets a peer that does not read', async () => {
      const [client, end] = pipe()
      const dialogue = new Dialogue(() => new Response(200, {}, new Uint8Array(1e6)), limits)
      dialogue.server.accept(end)
      await client.write(latin1.encode(GET))
      await settle()
      await dialogue.advance(399)
      assert.equal(dialogue.server.connectionCount, 2)
      await client.read()
      await settle()
      await dialogue.advance(399)
      assert.equal(dialogue.server.connectionCount, 2)
      await dialogue.advance(1)
      assert.equal(dialogue.server.connectionCount, 1)
      assert.equal(dialogue.server.counters.timeouts, 1)
    })

    it('leaves no timer behind', async () => {
      const dialogue = new Dialogue(echo, limits)
      await dialogue.send(post('12345') + GET.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'))
      assert.equal(dialogue.ended, 'eof')
      assert.equal(dialogue.clock.pending, 0)
    })
  })

  it('survives whatever a peer sends', async () => {
    const piece = fc.constantFrom(
      GET,
      post('abc'),
      'POST / HTTP/1.1\r\nHost:\r\ntransfer-encoding: chunked\r\n\r\n',
      '3\r\nabc\r\n',
      '0\r\n\r\n',
      'GET ',
      '\r\n',
      'expect: 100-continue\r\n',
      '\0',
      'HTTP/1.1\r\n',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.boolean(), async (pieces, closes) => {
        const dialogue = new Dialogue(echo)
        for (const each of pieces) await dialogue.send(each)
        if (closes) dialogue.flow.shutdown()
        else dialogue.flow.abort()
        await settle()
        await dialogue.advance(100_000)
        await dialogue.advance(100_000)
        assert.equal(dialogue.server.connectionCount, 0)
        assert.equal(dialogue.server.counters.handlerErrors, 0)
        assert.equal(dialogue.clock.pending, 0)
      }),
      { numRuns: 200 },
    )
  })
})
