/** Connections that are opened and closed at both ends, in memory. */
import type { TcpFlow } from '@mirage/tcp'
import { createServer, connect as connectNode } from 'node:net'
import type { AddressInfo } from 'node:net'
import { type Bench, always } from './bench.ts'
import { connected, twoStacks } from './two-stacks.ts'

/** So many are under way at once. */
const CONCURRENCY = 64
const COUNT = 20_000
const REFERENCE_COUNT = 4000
const PORT = 7

const stacks = twoStacks()
stacks.server.tcp.listen(PORT, (flow) => void end(flow))

const kernel = createServer((socket) => socket.resume().end())
await new Promise<void>((resolve) => kernel.listen(0, '127.0.0.1', resolve))
const { port } = kernel.address() as AddressInfo

const bench: Bench = {
  what: `connections opened and closed at both ends in memory, ${CONCURRENCY} at a time, one thread`,
  unit: 'connections/s',
  measure: () => rate(COUNT, async () => end(await connected(stacks, PORT))),
  reference: {
    what: "the same with node:net over the kernel's loopback, both ends in one process",
    measure: always(() => rate(REFERENCE_COUNT, throughKernel)),
  },
  target: { atLeast: 60_000, of: 'number' },
  stop: async () => void kernel.close(),
}

export default bench

/** `count` conversations, `CONCURRENCY` at a time: how many a second. */
async function rate(count: number, converse: () => Promise<void>): Promise<number> {
  let left = count
  const start = performance.now()
  const line = async (): Promise<void> => {
    while (left-- > 0) await converse()
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, line))
  return (count * 1000) / (performance.now() - start)
}

/** Says that nothing comes, and waits until the other end has said so too. */
async function end(flow: TcpFlow): Promise<void> {
  flow.shutdown()
  const read = await flow.read()
  if (!read.ok || read.value !== 'eof') throw new Error('the connection did not end in order')
  flow.close()
}

function throughKernel(): Promise<void> {
  return new Promise((resolve, reject) => {
    connectNode(port, '127.0.0.1')
      .on('error', reject)
      .on('close', () => resolve())
      .resume()
      .end()
  })
}
