/** Flows on real sockets of the loopback interface. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { after, describe, it } from 'node:test'
import { polledFlowContract } from '@mirage/flow/contract'
import { settle } from '../../flow/src/testing/loopback.ts'
import { ok } from '@mirage/result'
import type { TcpFlow } from '@mirage/tcp'
import { flowOf } from './socket-flow.ts'

const sockets: Socket[] = []
/** A test that leaves a write waiting would keep the process. */
after(() => sockets.forEach((socket) => socket.destroy()))

async function rig(): Promise<{ a: TcpFlow; b: TcpFlow; settle: () => Promise<void> }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const near = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [
    [Socket],
    unknown,
  ]
  server.close()
  sockets.push(near, far)
  return { a: flowOf(near), b: flowOf(far), settle }
}

polledFlowContract('a flow on a socket of the host', rig)

describe('a flow on a socket of the host that is listened to', () => {
  it('leaves what its listener does not want to who reads', async () => {
    const { a, b } = await rig()
    await a.write(Uint8Array.of(1, 2, 3, 4, 5))
    const handed = await new Promise<number>((resolve) =>
      b.listen(
        (_, offset, end) => {
          b.unlisten(offset + 2)
          resolve(end - offset)
        },
        () => assert.fail('nobody listens any more'),
      ),
    )
    assert.equal(handed, 5)
    assert.deepEqual(await b.read(), ok(Uint8Array.of(3, 4, 5)))
    await a.write(Uint8Array.of(6))
    assert.deepEqual(await b.read(), ok(Uint8Array.of(6)))
    const [taken, ended] = await new Promise<[number, string]>((resolve) => {
      let count = 0
      b.listen(
        (_, offset, end) => (count += end - offset),
        (how) => resolve([count, how]),
      )
      void a.write(Uint8Array.of(7, 8)).then(() => a.close())
    })
    assert.deepEqual([taken, ended], [2, 'eof'])
  })
})
