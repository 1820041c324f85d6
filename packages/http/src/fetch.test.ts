import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ours } from '../../web/src/testing/ours.ts'
import type { Web } from '../../web/src/testing/case.ts'
import { Dialogue, settle } from './dialogue.ts'
import { fetchHandler } from './fetch.ts'

/** What the standard's streams do between two of our promises is over after this many turns of Node's loop. */
async function rounds(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    await settle(50)
  }
}

const GET = 'GET /a?b=c HTTP/1.1\r\nHost: h:81\r\n\r\n'
const encoder = new TextEncoder()

const IMPLEMENTATIONS: readonly [name: string, classes: Web][] = [
  ['Node', globalThis],
  ['ours', ours],
]

for (const [name, classes] of IMPLEMENTATIONS) {
  describe(`fetch with the classes of ${name}`, () => {
    const { Headers, ReadableStream, Response } = classes

    async function ask(
      handler: (request: Request) => Response | Promise<Response>,
      text: string,
    ): Promise<Dialogue> {
      const dialogue = new Dialogue(fetchHandler(handler, classes))
      await dialogue.send(text)
      await rounds()
      return dialogue
    }

    it('gives the handler what was asked', async () => {
      let seen: unknown
      await ask(async (request) => {
        seen = [request.method, request.url, [...request.headers], await request.text()]
        return new Response('')
      }, 'PUT /a?b=c HTTP/1.1\r\nHost: h:81\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello')
      const headers = [
        ['content-length', '5'],
        ['host', 'h:81'],
        ['x-a', '1, 2'],
      ]
      assert.deepEqual(seen, ['PUT', 'http://h:81/a?b=c', headers, 'hello'])
    })

    it('sends a body that is there at once with its length, in order', async () => {
      const dialogue = await ask(
        (request) => new Response(request.url, { headers: { 'X-B': 'y' } }),
        GET + GET,
      )
      assert.deepEqual(dialogue.statuses, [200, 200])
      assert.match(
        dialogue.received,
        /x-b: y\r\n[^]*content-length: 17\r\n[^]*\r\n\r\nhttp:\/\/h:81\/a\?b=cHTTP/,
      )
      assert.doesNotMatch(dialogue.received, /chunked/)
    })

    it('sends each cookie as a field', async () => {
      const headers = new Headers([
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ])
      const { received } = await ask(() => new Response(null, { headers }), GET)
      assert.match(received, /set-cookie: a=1\r\nset-cookie: b=2\r\n/)
    })

    it('sends pieces as they come, and reads no more than the peer takes', async () => {
      const waiting: (() => void)[] = []
      const stream = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await new Promise<void>((resolve) => waiting.push(resolve))
            controller.enqueue(encoder.encode('piece'))
          },
        },
        { highWaterMark: 0 },
      )
      const dialogue = await ask(() => new Response(stream), GET)
      assert.deepEqual(dialogue.statuses, [])
      waiting.shift()!()
      await rounds()
      assert.match(dialogue.received, /\r\n\r\n5\r\npiece\r\n$/)
      assert.equal(waiting.length, 1)
      waiting.shift()!()
      await rounds()
      assert.match(dialogue.received, /5\r\npiece\r\n5\r\npiece\r\n$/)
    })

    it('keeps a length that the handler knows', async () => {
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          setImmediate(() => {
            controller.enqueue(encoder.encode('hello'))
            controller.close()
          })
        },
      })
      const { received } = await ask(() => new Response(stream, { headers: { 'content-length': '5' } }), GET)
      assert.match(received, /content-length: 5\r\n[^]*\r\n\r\nhello$/)
      assert.doesNotMatch(received, /chunked/)
    })

    it('cancels the body when the peer is gone, and aborts the signal', async () => {
      let isCancelled = false
      let signal: AbortSignal | undefined
      const dialogue = await ask((request) => {
        signal = request.signal
        return new Response(
          new ReadableStream({
            pull(controller) {
              return new Promise((resolve) => {
                setImmediate(() => {
                  if (!isCancelled) controller.enqueue(new Uint8Array(65536))
                  resolve()
                })
              })
            },
            cancel() {
              isCancelled = true
            },
          }),
        )
      }, GET)
      assert.equal(signal!.aborted, false)
      dialogue.flow.abort()
      await rounds()
      assert.ok(isCancelled)
      assert.ok(signal!.aborted)
      assert.equal(dialogue.server.connectionCount, 0)
    })

    it('aborts the signal while the handler works', async () => {
      let isAborted = false
      const dialogue = await ask(
        (request) =>
          new Promise((resolve) => {
            request.signal.addEventListener('abort', () => {
              isAborted = true
              resolve(new Response(''))
            })
          }),
        GET,
      )
      dialogue.flow.abort()
      await rounds()
      assert.ok(isAborted)
      assert.equal(dialogue.server.connectionCount, 0)
    })

    it('does not ask for a body that the handler does not read', async () => {
      const head = 'POST / HTTP/1.1\r\nHost:\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'
      const refusing = await ask(() => new Response('', { status: 403 }), head)
      assert.deepEqual(refusing.statuses, [403])
      const reading = await ask(async (request) => new Response(await request.text()), head)
      assert.deepEqual(reading.statuses, [100])
      await reading.send('hello')
      await rounds()
      assert.match(reading.received, /hello$/)
    })

    it('streams a body back while it comes', async () => {
      const dialogue = await ask(
        (request) => new Response(request.body),
        'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
      )
      assert.match(dialogue.received, /\r\n\r\n3\r\nabc\r\n$/)
      await dialogue.send('2\r\nde\r\n0\r\n\r\n')
      await rounds()
      assert.match(dialogue.received, /3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n$/)
      await dialogue.send(GET)
      await rounds()
      assert.deepEqual(dialogue.statuses, [200, 200])
    })

    it('sends HEAD the fields alone', async () => {
      const dialogue = await ask(
        () => new Response('hello', { headers: { 'content-length': '5' } }),
        GET.replace('GET', 'HEAD'),
      )
      assert.match(dialogue.received, /content-length: 5\r\n[^]*\r\n\r\n$/)
    })

    const bad: [what: string, request: string, status: number][] = [
      ['a method that it does not know', GET.replace('GET', 'TRACE'), 400],
      ['a host that is none', GET.replace('h:81', 'h:x'), 400],
      ['a host with a space encoded', GET.replace('h:81', '%20'), 400],
    ]
    for (const [what, request, status] of bad) {
      it(`answers ${what} with ${status}`, async () => {
        const dialogue = await ask(() => new Response(''), request)
        assert.deepEqual(dialogue.statuses, [status])
      })
    }

    const broken: [what: string, handler: () => Response | Promise<Response>][] = [
      ['rejects', () => Promise.reject(new Error('oh'))],
      ['answers with an error', () => Response.error()],
      [
        'answers with a stream that fails at once',
        () => new Response(new ReadableStream({ pull: () => Promise.reject(new Error('oh')) })),
      ],
      [
        'answers with a stream of texts',
        () => new Response(new ReadableStream({ start: (controller) => controller.enqueue('text') })),
      ],
    ]
    for (const [what, handler] of broken) {
      it(`answers 500 if the handler ${what}`, async () => {
        const dialogue = await ask(handler, GET)
        assert.deepEqual(dialogue.statuses, [500])
        assert.equal(dialogue.server.connectionCount, 0)
      })
    }
  })
}
