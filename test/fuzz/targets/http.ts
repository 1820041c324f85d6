/** A web server: whatever clients send it, each is answered, refused or left, and none of it is a bug of ours. */
import assert from 'node:assert/strict'
import { manual } from '@mirage/clock/manual'
import type { PolledFlow } from '@mirage/flow'
import { type Handler, Response, Server } from '@mirage/http'
import type { Target } from '../fuzz.ts'
import type { Inputs } from '../inputs.ts'

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /again HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
  'HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
]

/** One server, and a connection for each input. */
export function http(): Target {
  return {
    name: 'http-connection',
    corpus: REQUESTS.map((text) => new Uint8Array(Buffer.from(text))),
    create(inputs) {
      const server = new Server({ clock: manual(), handler })
      return (input) => {
        const flow = new Client(input.slice(), inputs)
        server.accept(flow)
        // What waits for a promise goes on after this block: what it has broken until then is seen here.
        assert.equal(server.counters.handlerErrors, 0, 'no request is too much for a handler that takes all')
        assert.ok(flow.answered <= 1000 * (input.length + 1), 'answers are no longer than what was asked for')
      }
    },
  }
}

/** Answers at once, or with what it was sent. */
const handler: Handler = (request) => {
  if (request.method === 'GET') return new Response(200, {}, new Uint8Array(10))
  return request.body.bytes().then((body) => new Response(body.ok ? 200 : 400))
}

/** The server's end of a connection to a client that sends its bytes in pieces, and then no more. */
class Client implements PolledFlow {
  readonly #bytes: Uint8Array
  readonly #inputs: Inputs
  #offset = 0
  #isOver = false
  answered = 0

  constructor(bytes: Uint8Array, inputs: Inputs) {
    this.#bytes = bytes
    this.#inputs = inputs
  }

  poll(): ReturnType<PolledFlow['poll']> {
    if (this.#isOver || this.#offset === this.#bytes.length) return { ok: true, value: 'eof' }
    const left = this.#bytes.length - this.#offset
    const length = this.#inputs.below(2) === 0 ? left : 1 + this.#inputs.below(left)
    return { ok: true, value: this.#bytes.subarray(this.#offset, (this.#offset += length)) }
  }

  async read(): ReturnType<PolledFlow['read']> {
    return this.poll()!
  }

  offer(_bytes: Uint8Array, offset: number, end: number): boolean {
    if (this.#isOver) return false
    this.answered += end - offset
    return true
  }

  async write(bytes: Uint8Array): ReturnType<PolledFlow['write']> {
    this.answered += bytes.length
    return { ok: true, value: undefined }
  }

  shutdown(): void {}

  close(): void {
    this.#isOver = true
  }

  abort(): void {
    this.#isOver = true
  }
}
