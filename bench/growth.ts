/**
 * What a segment costs where there are so many connections: `fork('growth.ts', [COUNT])` opens them, both ends in this
 * process, and answers each message with nanoseconds. `few` asks over ten of them, the others idle; `all` over every one.
 */
import { inlineMore } from '@mirage/target-node/inlining'
import { installArena } from '@mirage/target-node/arena'
import type { Tcp, TcpFlow } from '@mirage/tcp'
import type { Counters } from '@mirage/tcp/connect'
import { connected, twoStacks } from './two-stacks.ts'

/** Whom the next requests go to. */
export type Spread = 'few' | 'all'

/** So many requests are under way at once, whomever they go to. */
const FEW = 10
const REQUESTS = 200_000
const SIZE = 64
/** Each has local ports for some of the connections. */
const PORTS = [7, 8, 9, 10]
const MESSAGE = new Uint8Array(SIZE)

// As a unikernel does.
inlineMore()
installArena()
const stacks = twoStacks()
for (const port of PORTS)
  stacks.server.tcp.listen(port, (flow) =>
    flow.listen(
      (frame, offset, end) => void flow.offer(frame, offset, end),
      () => flow.close(),
    ),
  )
const flows: TcpFlow[] = []
let active: readonly TcpFlow[] = flows
let next = 0
let left = 0
let answered: () => void = () => {}

await open(Number(process.argv[2]))
const few = flows.slice(0, FEW)
shuffle()
process.on('message', (spread: Spread) => void time(spread).then((nanos) => process.send!(nanos)))
process.send!(0)

async function open(count: number): Promise<void> {
  while (flows.length < count) {
    const missing = Math.min(200, count - flows.length)
    const opening = Array.from({ length: missing }, (_, i) => connected(stacks, PORTS[i % PORTS.length]!))
    for (const flow of await Promise.all(opening)) {
      flow.listen(receive, () => {})
      flows.push(flow)
    }
  }
}

/** Memory knows patterns, and would fetch the next connection where they came in the order in which they were opened. */
function shuffle(): void {
  for (let i = flows.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const flow = flows[i]!
    flows[i] = flows[j]!
    flows[j] = flow
  }
}

/** Of this thread's processor, for each segment that one of the stacks took in, acknowledgements among them. */
async function time(spread: Spread): Promise<number> {
  active = spread === 'few' ? few : flows
  next = 0
  left = REQUESTS
  const [segments, before] = [segmentsIn(), process.threadCpuUsage()]
  await new Promise<void>((resolve) => {
    answered = resolve
    for (let i = 0; i < FEW; i++) ask()
  })
  const { user, system } = process.threadCpuUsage(before)
  return (1000 * (user + system)) / (segmentsIn() - segments)
}

function ask(): void {
  const flow = active[next]!
  next = (next + 1) % active.length
  if (!flow.offer(MESSAGE, 0, SIZE)) throw new Error('there is room for a request')
}

function receive(): void {
  left--
  if (left >= FEW) ask()
  else if (left === 0) answered()
}

function segmentsIn(): number {
  const { client, server } = stacks
  return told(client.tcp).segmentsIn + told(server.tcp).segmentsIn
}

function told(tcp: Tcp): Counters {
  return (tcp as Tcp & { readonly counters: Counters }).counters
}
