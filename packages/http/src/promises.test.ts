import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import type { Flow } from '@mirage/flow'
import { pipe } from '@mirage/flow/pipe'
import { settle } from './dialogue.ts'
import * as latin1 from './latin1.ts'
import { text } from './response.ts'
import { Server } from './server.ts'

/** The same flow, which can be used with promises only. */
function promised(flow: Flow): Flow {
  return {
    read: () => flow.read(),
    write: (bytes) => flow.write(bytes),
    shutdown: () => flow.shutdown(),
    close: () => flow.close(),
    abort: () => flow.abort(),
  }
}

async function answers(requests: readonly string[]): Promise<string> {
  const server = new Server({ clock: manual(), handler: (request) => text(200, `${request.path}\n`) })
  const [client, end] = pipe()
  server.accept(promised(end))
  let received = ''
  const take = async (): Promise<void> => {
    for (let read = await client.read(); read.ok && read.value !== 'eof'; read = await client.read())
      received += latin1.decode(read.value, 0, read.value.length)
    received += 'eof'
  }
  void take()
  for (const request of requests) {
    void client.write(latin1.encode(request))
    await settle()
  }
  client.shutdown()
  await settle()
  assert.equal(server.connectionCount, 0)
  return received
}

describe('a flow that cannot be polled', () => {
  const request = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`

  it('is served request by request, in pieces, and together', async () => {
    const [first, second] = [request('/1'), request('/2')]
    for (const requests of [
      [first, second],
      [first.slice(0, 9), first.slice(9) + second],
      [first + second.slice(0, 20), second.slice(20)],
    ]) {
      const received = await answers(requests)
      assert.deepEqual(received.match(/^\/\d|^eof$/gm), ['/1', '/2', 'eof'])
    }
  })

  it('is told what was wrong, and ends', async () => {
    const received = await answers(['nonsense\r\n\r\n'])
    assert.match(received, /^HTTP\/1\.1 400 [^]*eof$/)
  })
})
