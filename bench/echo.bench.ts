/** Requests and responses of 64 bytes, in memory: both stacks, client and server in one thread. */
import type { TcpFlow } from '@mirage/tcp'
import { Asking } from './asking.ts'
import type { Bench } from './bench.ts'
import { connected, twoStacks } from './two-stacks.ts'

const CONNECTIONS = 64
const SIZE = 64
const COUNT = 500_000
const PORT = 7
const MESSAGE = new Uint8Array(SIZE).map((_, i) => i * 7)

const stacks = twoStacks()
stacks.server.tcp.listen(PORT, serve)
const flows = await Promise.all(Array.from({ length: CONNECTIONS }, () => connected(stacks, PORT)))
const asking = new Asking(flows, MESSAGE, () => SIZE)

const bench: Bench = {
  what: `${SIZE}-byte requests and responses in memory, ${CONNECTIONS} connections with one at a time, one thread for all of it`,
  unit: 'requests/s',
  runs: 7,
  measure,
  target: { atLeast: 800_000 },
}

export default bench

/** Sends back what arrives. */
function serve(flow: TcpFlow): void {
  flow.listen(
    (frame, offset, end) => void flow.offer(frame, offset, end),
    () => flow.close(),
  )
}

async function measure(): Promise<number> {
  const start = performance.now()
  await asking.ask(COUNT)
  return (COUNT * 1000) / (performance.now() - start)
}
