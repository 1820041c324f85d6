import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import { pipe } from '@mirage/flow/pipe'
import { Server } from '@mirage/http'
import { fetchHandler } from '@mirage/http/fetch'
import { app } from './app.ts'

/** Sends one request to the app and reads its response to the end. */
async function ask(request: string): Promise<string> {
  const server = new Server({
    clock: manual(),
    handler: fetchHandler((asked: Request) => app.fetch(asked), globalThis),
  })
  const [client, end] = pipe()
  server.accept(end)
  await client.write(new TextEncoder().encode(request))
  let received = ''
  for (;;) {
    const read = await client.read()
    if (!read.ok || read.value === 'eof') return received
    received += new TextDecoder().decode(read.value)
  }
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`

describe('hono', () => {
  it('answers with a page', async () => {
    assert.match(await ask(get('/')), /^HTTP\/1\.1 200 OK\r\n[^]*content-type: text\/html[^]*Hello from hono/)
  })

  it('reads the path and the query', async () => {
    assert.match(await ask(get('/hello/w%C3%B6rld?a=1')), /\{"hello":"wörld","query":\{"a":"1"\}\}$/)
  })

  it('streams', async () => {
    const received = await ask(get('/count'))
    assert.match(
      received,
      /transfer-encoding: chunked[^]*\r\n\r\n2\r\n1\n\r\n2\r\n2\n\r\n2\r\n3\n\r\n0\r\n\r\n$/,
    )
  })

  it('gives a body back', async () => {
    const request =
      'POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
    assert.match(await ask(request), /hello/)
  })

  it('has an answer of its own for what is not there', async () => {
    assert.match(await ask(get('/nowhere')), /^HTTP\/1\.1 404 [^]*nothing here\n$/)
  })
})
