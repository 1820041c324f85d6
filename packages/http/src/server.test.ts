import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manual } from '@mirage/clock/manual'
import type { Flow } from '@mirage/flow'
import { pipe } from '@mirage/flow/pipe'
import { done, err } from '@mirage/result'
import { Dialogue, settle } from './dialogue.ts'
import { type Listener, Response, serve, text } from './http.ts'

const GET = 'GET / HTTP/1.1\r\nHost:\r\n\r\n'

describe('server', () => {
  it('serves what a listener accepts, until it is closed', async () => {
    let accept: ((flow: Flow) => void) | undefined
    const listener: Listener = {
      listen(port, next) {
        assert.equal(port, 80)
        accept = next
        return done
      },
      unlisten: () => (accept = undefined),
    }
    const server = serve({ tcp: listener, port: 80, clock: manual(), handler: () => text(200, 'hi') })
    assert.ok(server.ok)
    const [client, end] = pipe()
    accept!(end)
    await client.write(new TextEncoder().encode(GET))
    const read = await client.read()
    assert.match(new TextDecoder().decode((read.ok && read.value) as Uint8Array), /hi$/)
    await server.value.close()
    assert.equal(accept, undefined)
  })

  it('says that a port is in use', () => {
    const tcp: Listener = { listen: () => err('port-in-use'), unlisten() {} }
    assert.deepEqual(
      serve({ tcp, port: 80, clock: manual(), handler: () => text(200, '') }),
      err('port-in-use'),
    )
  })

  it('resets connections above its limit, and takes others when one has ended', async () => {
    const first = new Dialogue(() => text(200, ''), { connectionsMax: 2 })
    const second = new Dialogue(() => text(200, ''), {}, first)
    const third = new Dialogue(() => text(200, ''), {}, first)
    await settle()
    assert.equal(third.ended, 'reset')
    assert.equal(first.server.counters.refusedConnections, 1)
    first.flow.close()
    await settle()
    const fourth = new Dialogue(() => text(200, ''), {}, first)
    await fourth.send(GET)
    await second.send(GET)
    assert.deepEqual([...fourth.statuses, ...second.statuses], [200, 200])
  })

  it('closes idle connections at once, and lets others finish their request', async () => {
    let open: (response: Response) => void = () => {}
    const busy = new Dialogue(() => new Promise((resolve) => (open = resolve)))
    const idle = new Dialogue(() => text(200, ''), {}, busy)
    await busy.send(GET)
    await settle()
    let isClosed = false
    void busy.server.close().then(() => (isClosed = true))
    await settle()
    assert.equal(idle.ended, 'eof')
    assert.equal(isClosed, false)
    open(text(200, 'last'))
    await settle()
    assert.match(busy.received, /connection: close\r\n\r\nlast$/)
    assert.equal(busy.ended, 'eof')
    assert.equal(isClosed, true)
    assert.equal(busy.clock.pending, 0)
    const late = new Dialogue(() => text(200, ''), {}, busy)
    await settle()
    assert.equal(late.ended, 'reset')
  })

  const never = (): Promise<never> => new Promise(() => {})

  it('resets what is not finished after a time of grace', async () => {
    let cancelled = 0
    const endless = { read: never, cancel: () => cancelled++ }
    const streaming = new Dialogue((request) =>
      request.path === '/' ? new Response(200, {}, endless) : never(),
    )
    const thinking = new Dialogue(() => text(200, ''), {}, streaming)
    await streaming.send(GET)
    await thinking.send(GET.replace('/', '/think'))
    let isClosed = false
    void streaming.server.close(5000).then(() => (isClosed = true))
    await streaming.advance(4999)
    assert.equal(streaming.ended, undefined)
    await streaming.advance(1)
    assert.deepEqual([streaming.ended, thinking.ended], ['reset', 'reset'])
    assert.equal(cancelled, 1)
    assert.ok(isClosed)
  })

  it('forgets a peer that is gone while its response has nothing to send', async () => {
    let cancelled = 0
    const dialogue = new Dialogue(() => new Response(200, {}, { read: never, cancel: () => cancelled++ }))
    await dialogue.send(GET)
    dialogue.flow.abort()
    await settle()
    assert.equal(cancelled, 1)
    assert.equal(dialogue.server.connectionCount, 0)
  })

  it('counts what it does', async () => {
    const dialogue = new Dialogue(() => text(200, ''))
    await dialogue.send(`${GET}${GET}x\r\n`)
    assert.deepEqual(dialogue.server.counters, {
      acceptedConnections: 1,
      refusedConnections: 0,
      requests: 2,
      refusedRequests: 1,
      timeouts: 0,
      handlerErrors: 0,
    })
  })
})
