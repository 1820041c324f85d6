/** Requests and responses of 64 bytes, in memory: both stacks, client and server in one thread. */
import type { TcpFlow } from '@mirage/tcp'
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
  const answer = (): void => {
    for (let read = flow.poll(answer); read !== undefined; read = flow.poll(answer)) {
      if (!read.ok || read.value === 'eof') return flow.close()
      if (!flow.offer(read.value, 0, read.value.length))
        throw new Error('there is room for what was just taken')
    }
  }
  answer()
}

function measure(): Promise<number> {
  let left = COUNT
  let open = CONNECTIONS
  const start = performance.now()
  return new Promise((resolve) => {
    for (const flow of flows)
      ask(flow, () => {
        if (left-- > 0) return true
        if (--open === 0) resolve((COUNT * 1000) / (performance.now() - start))
        return false
      })
  })
}

/** One request after the other, while there `isMore`. */
function ask(flow: TcpFlow, isMore: () => boolean): void {
  let length = 0
  const next = (): void => {
    for (let read = flow.poll(next); read !== undefined; read = flow.poll(next)) {
      if (!read.ok || read.value === 'eof') throw new Error('the connection ended')
      length += read.value.length
      if (length < SIZE) continue
      length = 0
      if (!isMore()) return
      flow.offer(MESSAGE, 0, SIZE)
    }
  }
  if (!isMore()) return
  flow.offer(MESSAGE, 0, SIZE)
  next()
}
