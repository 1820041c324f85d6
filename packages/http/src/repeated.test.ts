import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ok } from '@mirage/result'
import { Dialogue, settle } from './dialogue.ts'
import { type Handler, type Request, Response, text } from './http.ts'
import * as latin1 from './latin1.ts'

const A = 'GET /a?b HTTP/1.1\r\nHost: c\r\nX-D: e\r\n\r\n'
const OTHER = 'GET /other HTTP/1.1\r\nHost: c\r\n\r\n'
const POST = 'POST /post HTTP/1.1\r\nHost: c\r\nContent-Length: 3\r\n\r\nxyz'

/** Answers with what was asked for. */
const said: Handler = (request) => text(200, `<${request.method} ${request.target}>`)

/** A connection on which requests like the next one, `A`, are listened for. */
async function repeating(handler: Handler = said, limits = {}): Promise<Dialogue> {
  const dialogue = new Dialogue(handler, limits)
  for (let i = 0; i < 3; i++) await dialogue.send(A)
  assert.equal(dialogue.lent.count, 1, 'the third is the first that is lent')
  dialogue.received = ''
  return dialogue
}

function bodies({ received }: Dialogue): string[] {
  return [...received.matchAll(/<([^>]*)>/g)].map((match) => match[1]!)
}

describe('a request like the one before', () => {
  it('is answered where it lies, as often as it comes', async () => {
    const dialogue = await repeating()
    for (let i = 0; i < 5; i++) await dialogue.send(A)
    await dialogue.send(A + A + A)
    assert.deepEqual(bodies(dialogue), Array(8).fill('GET /a?b'))
    assert.equal(dialogue.lent.count, 7)
    assert.equal(dialogue.server.counters.requests, 11)
  })

  it('may be kept, though its frame may not', async () => {
    const requests: Request[] = []
    const dialogue = await repeating((request) => {
      requests.push(request)
      return text(200, '')
    })
    await dialogue.send(A)
    await dialogue.send(OTHER)
    assert.deepEqual(
      requests.map((request) => [request.target, request.host, request.headers.get('x-d')]),
      [...Array.from({ length: 4 }, () => ['/a?b', 'c', 'e']), ['/other', 'c', undefined]],
    )
  })

  for (const [what, sent, expected] of [
    ['another', A + OTHER + A, ['GET /a?b', 'GET /other', 'GET /a?b']],
    ['one with a body', A + POST + A, ['GET /a?b', 'POST /post', 'GET /a?b']],
    ['another alone', OTHER, ['GET /other']],
  ] as const) {
    it(`is followed by ${what}, in whatever pieces they arrive`, async () => {
      for (let cut = 0; cut <= sent.length; cut += 3) {
        const dialogue = await repeating()
        await dialogue.sendCut(sent, [cut])
        await dialogue.send(A)
        assert.deepEqual(bodies(dialogue), [...expected, 'GET /a?b'], `cut at ${cut}`)
      }
    })
  }

  it('is answered after a while, and what comes meanwhile after it', async () => {
    let answer: ((response: Response) => void) | undefined
    let isSlow = false
    const dialogue = await repeating((request) => {
      if (!isSlow) return said(request)
      isSlow = false
      return new Promise((resolve) => (answer = resolve))
    })
    isSlow = true
    await dialogue.send(A + A)
    await dialogue.send(OTHER)
    assert.deepEqual(bodies(dialogue), [])
    answer!(text(200, '<late>'))
    await settle()
    assert.deepEqual(bodies(dialogue), ['late', 'GET /a?b', 'GET /other'])
  })

  it('tells of a client that has gone, answered at once or not', async () => {
    const gone: string[] = []
    let [isWatched, isSlow] = [false, false]
    const dialogue = await repeating((request) => {
      if (isWatched) request.onGone(() => gone.push(request.target))
      return isSlow ? new Promise(() => {}) : said(request)
    })
    isWatched = true
    await dialogue.send(A + A)
    await dialogue.send(A)
    assert.deepEqual(bodies(dialogue), Array(3).fill('GET /a?b'))
    assert.equal(dialogue.lent.count, 3)
    isSlow = true
    await dialogue.send(A + A)
    assert.deepEqual(gone, [])
    dialogue.flow.abort()
    await settle()
    assert.deepEqual(gone, ['/a?b'])
    assert.equal(dialogue.server.connectionCount, 0)
    assert.equal(dialogue.server.counters.handlerErrors, 0)
  })

  it('may be answered with what is made while it is sent', async () => {
    let isStreamed = false
    const dialogue = await repeating((request) => {
      if (!isStreamed) return said(request)
      const pieces = ['<streamed>', '']
      const read = async () => ok(pieces.length > 1 ? latin1.encode(pieces.shift()!) : ('eof' as const))
      return new Response(200, {}, { read, cancel() {} })
    })
    isStreamed = true
    await dialogue.send(A + A)
    await dialogue.send(OTHER + A)
    assert.deepEqual(bodies(dialogue), Array(4).fill('streamed'))
    assert.equal(dialogue.ended, undefined)
  })

  for (const when of ['at once', 'later']) {
    it(`is not cut off by what came behind it, if it is the last, answered ${when}`, async () => {
      let isLast = false
      const dialogue = await repeating((request) => {
        if (!isLast) return said(request)
        const last = new Response(200, {}, '<last>', true)
        return when === 'later' ? Promise.resolve(last) : last
      })
      isLast = true
      await dialogue.send(A + A)
      assert.deepEqual(bodies(dialogue), ['last'])
      assert.equal(dialogue.server.connectionCount, 1, 'waits for the client to end')
      dialogue.flow.shutdown()
      await settle()
      assert.equal(dialogue.server.connectionCount, 0)
    })
  }

  it('is not answered once the server ends', async () => {
    const dialogue = await repeating()
    void dialogue.server.close()
    await dialogue.send(A)
    assert.equal(dialogue.server.counters.requests, 3)
    assert.equal(dialogue.ended, 'eof')
  })

  it('is refused where it is not like the one before in one byte', async () => {
    const dialogue = await repeating()
    await dialogue.send(A.replace('Host:', 'Host :'))
    assert.deepEqual(dialogue.statuses, [400])
    assert.equal(dialogue.ended, 'eof')
  })

  it('may be the last that a connection answers', async () => {
    const dialogue = await repeating(said, { requestsMax: 5 })
    await dialogue.send(A + A + A)
    assert.deepEqual(bodies(dialogue), ['GET /a?b', 'GET /a?b'])
    assert.match(dialogue.received, /connection: close/)
    assert.equal(dialogue.ended, 'eof')
  })

  it('is waited for no longer than any', async () => {
    const dialogue = await repeating(said, { idleTimeout: 1000 })
    await dialogue.advance(900)
    await dialogue.send(A)
    await dialogue.advance(900)
    assert.equal(dialogue.ended, undefined)
    await dialogue.advance(200)
    assert.equal(dialogue.ended, 'eof')
    assert.equal(dialogue.server.counters.timeouts, 0)
  })

  it('is timed as any if it begins and does not end', async () => {
    const dialogue = await repeating(said, { headTimeout: 1000 })
    await dialogue.send(A.slice(0, 20))
    await dialogue.advance(1100)
    assert.deepEqual(dialogue.statuses, [408])
  })

  it('is not waited for when the client or the server leaves', async () => {
    const leaving = await repeating()
    leaving.flow.shutdown()
    await settle()
    assert.equal(leaving.ended, 'eof')
    const closed = await repeating()
    await closed.server.close()
    assert.equal(closed.ended, 'eof')
    const aborted = await repeating()
    aborted.flow.abort()
    await settle()
    await aborted.server.close()
  })
})
