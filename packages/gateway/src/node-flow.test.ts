/** Flows on real sockets of the loopback interface. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after } from 'node:test'
import { polledFlowContract } from '@mirage/flow/contract'
import { settle } from '../../flow/src/testing/loopback.ts'
import { SocketFlow } from './node-flow.ts'

const sockets: Socket[] = []
/** A test that leaves a write waiting would keep the process. */
after(() => sockets.forEach((socket) => socket.destroy()))

polledFlowContract('a flow on a socket of Node', async () => {
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
  return { a: new SocketFlow(near), b: new SocketFlow(far), settle }
})
