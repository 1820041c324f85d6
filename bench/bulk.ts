/** Bulk TCP from one stack to another in memory: both ends in one thread. */
import type { TcpFlow } from '@mirage/tcp'
import { type TwoStacks, connected } from './two-stacks.ts'

const CHUNK = new Uint8Array(65_536).map((_, i) => i * 7)
const PORT = 5001

/** Gbit/s of a transfer of `length` bytes, over a connection of its own. */
export async function transfer(stacks: TwoStacks, length: number): Promise<number> {
  const received = new Promise<number>((resolve) => {
    stacks.server.tcp.listen(PORT, (flow) => {
      stacks.server.tcp.unlisten(PORT)
      drain(flow, resolve)
    })
  })
  const flow = await connected(stacks, PORT)
  const start = performance.now()
  for (let sent = 0; sent < length; sent += CHUNK.length) {
    const written = await flow.write(CHUNK.subarray(0, Math.min(CHUNK.length, length - sent)))
    if (!written.ok) throw new Error(written.error)
  }
  flow.close()
  const arrived = await received
  if (arrived !== length) throw new Error(`${arrived} bytes arrived`)
  return (length * 8) / 1e6 / (performance.now() - start)
}

/** Counts what arrives, as iperf3 does with its one buffer: nothing of it is kept. */
function drain(flow: TcpFlow, ended: (length: number) => void): void {
  let length = 0
  flow.listen(
    (_, offset, end) => (length += end - offset),
    () => {
      flow.close()
      ended(length)
    },
  )
}
