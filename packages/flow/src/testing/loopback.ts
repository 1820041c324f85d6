/** What it takes until everything has happened on sockets of the loopback interface: for the tests of flows on them. */
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'

/** Turns of the event loop, in which this process takes what is there for it. */
const TURNS = 15
/** What arrives may have an answer, which may have one. */
const ROUNDS = 2

/** A connection beside those of the test: what is sent by it now comes after all that was sent before. */
let beside: Promise<Socket> | undefined

/** Resolves once all that was written has arrived, and what was written because of that. */
export async function settle(): Promise<void> {
  const socket = await (beside ??= echoed())
  await turns()
  socket.ref()
  for (let round = 0; round < ROUNDS; round++) {
    const back = once(socket, 'data')
    socket.write('x')
    await back
    await turns()
  }
  // Nobody stays for it.
  socket.unref()
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function echoed(): Promise<Socket> {
  const server = createServer((socket) => socket.pipe(socket).unref()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  server.close()
  return socket
}
