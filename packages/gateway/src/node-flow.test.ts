/** Flows on real sockets of the loopback interface. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { polledFlowContract } from '@mirage/flow/contract'
import { err } from '@mirage/result'
import { settle } from '../../flow/src/testing/loopback.ts'
import { SocketFlow } from './node-flow.ts'

const sockets: Socket[] = []
/** A test that leaves a write waiting would keep the process. */
after(() => sockets.forEach((socket) => socket.destroy()))

async function pair(): Promise<readonly [near: Socket, far: Socket]> {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect({
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    allowHalfOpen: true,
  })
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [Socket],
    unknown,
  ]
  server.close()
  sockets.push(near, far)
  return [near, far]
}

polledFlowContract('a flow on a socket of Node', async () => {
  const [near, far] = await pair()
  return { a: new SocketFlow(near), b: new SocketFlow(far), settle }
})

describe('a flow on a socket of Node that is aborted', () => {
  const moments: readonly (readonly [string, () => unknown])[] = [
    ['at once', () => {}],
    ['a promise', () => Promise.resolve()],
    ['a tick', () => new Promise<void>((resolve) => process.nextTick(resolve))],
    ['a turn', () => setImmediate()],
  ]
  for (const [when, pass] of moments)
    it(`resets and gives its socket back, ${when} after it was shut down`, async () => {
      const [near, far] = await pair()
      const flow = new SocketFlow(near)
      const closed = once(near, 'close')
      const failed = once(far, 'error')
      flow.shutdown()
      await pass()
      flow.abort()
      flow.abort()
      await closed
      // What the peer still says is answered by a reset, at the latest.
      if (!far.destroyed) far.resume().write('is anybody there?')
      const [{ code }] = await failed
      assert.match(String(code), /^(ECONNRESET|EPIPE)$/)
    })

  it('resets with text that waits, however much, after it was shut down', async () => {
    const [near, far] = await pair()
    const flow = new SocketFlow(near)
    const closed = once(near, 'close')
    const failed = once(far, 'error')
    const written = flow.write(new Uint8Array(50_000_000))
    flow.shutdown()
    flow.abort()
    assert.deepEqual(await written, err('reset'))
    await closed
    far.resume()
    const [{ code }] = await failed
    assert.equal(code, 'ECONNRESET')
  })
})
