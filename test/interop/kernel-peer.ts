/**
 * A program for a host whose kernel is Linux: one connection, over which it sends or receives what `content.ts` makes.
 *
 *     kernel-peer.ts listen|dial  ADDRESS PORT  send|receive  LENGTH SEED
 *
 * It prints `ready` once it listens, and at the end what it saw, as JSON.
 */
import { type Socket, connect, createServer } from 'node:net'
import { once } from 'node:events'
import { Receipt, content } from './content.ts'

const [role, address, port, direction, length, seed] = process.argv.slice(2)

async function socket(): Promise<Socket> {
  if (role === 'dial') {
    const dialled = connect({ host: address!, port: Number(port), noDelay: true })
    await once(dialled, 'connect')
    return dialled
  }
  const server = createServer().listen(Number(port), address)
  await once(server, 'listening')
  process.stdout.write('ready\n')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  server.close()
  return accepted
}

const peer = await socket()
if (direction === 'send') {
  // A block is copied: the next one is made in the same place.
  for (const block of content(Number(length), Number(seed))) {
    if (!peer.write(block.slice())) await once(peer, 'drain')
  }
  peer.end()
  peer.resume()
  await once(peer, 'close')
} else {
  const receipt = new Receipt()
  for await (const chunk of peer) receipt.add(chunk as Uint8Array)
  process.stdout.write(`${JSON.stringify(receipt.end())}\n`)
}
