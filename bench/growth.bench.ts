/** How much more a segment takes beside very many other connections. */
import type { TcpFlow } from '@mirage/tcp'
import type { Bench } from './bench.ts'
import { connected, twoStacks } from './two-stacks.ts'

const FEW = 10
const MANY = 100_000
const REQUESTS = 200_000
const SIZE = 64
/** Each has local ports for half of the connections. */
const PORTS = [7, 8]
const MESSAGE = new Uint8Array(SIZE)

const stacks = twoStacks()
for (const port of PORTS)
  stacks.server.tcp.listen(port, (flow) =>
    flow.listen(
      (frame, offset, end) => void flow.offer(frame, offset, end),
      () => flow.close(),
    ),
  )

/** Connections that are asked one after the other, `FEW` at a time. */
class Ring {
  readonly #flows: TcpFlow[] = []
  #next = 0
  #left = 0
  #answered: () => void = () => {}

  async grow(count: number): Promise<void> {
    while (this.#flows.length < count) {
      const missing = Math.min(200, count - this.#flows.length)
      const opening = Array.from({ length: missing }, (_, i) => connected(stacks, PORTS[i % PORTS.length]!))
      for (const flow of await Promise.all(opening)) {
        flow.listen(this.#receive, () => {})
        this.#flows.push(flow)
      }
    }
  }

  /** Milliseconds for `REQUESTS`. */
  async time(): Promise<number> {
    this.#left = REQUESTS
    const start = performance.now()
    await new Promise<void>((resolve) => {
      this.#answered = resolve
      for (let i = 0; i < FEW; i++) this.#ask()
    })
    return performance.now() - start
  }

  #ask(): void {
    const flow = this.#flows[this.#next]!
    this.#next = (this.#next + 1) % this.#flows.length
    if (!flow.offer(MESSAGE, 0, SIZE)) throw new Error('there is room for a request')
  }

  readonly #receive = (): void => {
    this.#left--
    if (this.#left >= FEW) this.#ask()
    else if (this.#left === 0) this.#answered()
  }
}

const few = new Ring()
await few.grow(FEW)
const many = new Ring()

const bench: Bench = {
  what: `time per 64-byte request over ${FEW} connections beside ${MANY} idle ones, over that of these alone`,
  unit: 'times',
  runs: 7,
  measure,
  target: { atMost: 1.5 },
}

export default bench

let alone = 0

async function measure(): Promise<number> {
  // What few take is measured before there are many, and best of several: later it is not alone.
  if (alone === 0) {
    for (let i = 0; i < 3; i++) await few.time()
    alone = Math.min(await few.time(), await few.time(), await few.time())
    await many.grow(MANY)
  }
  return (await few.time()) / alone
}
