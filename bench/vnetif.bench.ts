/** Bulk TCP from one stack to another in memory: 1460-byte segments, checksums at both ends, one thread. */
import type { Bench } from './bench.ts'
import { iperf3 } from './iperf3.ts'
import { connected, twoStacks } from './two-stacks.ts'

const LENGTH = 250_000_000
const CHUNK = new Uint8Array(65_536).map((_, i) => i * 7)
const MTU = 1500
const MSS = MTU - 40
const PORT = 5001

const stacks = twoStacks(MTU)

const bench: Bench = {
  what: `one connection in memory, ${LENGTH / 1e6} MB, ${MSS}-byte segments, checksums at both ends, one thread`,
  unit: 'Gbit/s',
  measure,
  reference: {
    what: `iperf3 on the kernel's loopback, --set-mss ${MSS}, which GSO carries in 64 KiB pieces without checksums`,
    measure: () => iperf3(MSS),
  },
  target: { atLeast: 0.35 },
}

export default bench

async function measure(): Promise<number> {
  const received = new Promise<number>((resolve) => {
    stacks.server.tcp.listen(PORT, (flow) => {
      stacks.server.tcp.unlisten(PORT)
      void drain(flow).then(resolve)
    })
  })
  const flow = await connected(stacks, PORT)
  const start = performance.now()
  for (let sent = 0; sent < LENGTH; sent += CHUNK.length) {
    const written = await flow.write(CHUNK.subarray(0, Math.min(CHUNK.length, LENGTH - sent)))
    if (!written.ok) throw new Error(written.error)
  }
  flow.close()
  const length = await received
  if (length !== LENGTH) throw new Error(`${length} bytes arrived`)
  return (LENGTH * 8) / 1e6 / (performance.now() - start)
}

async function drain(flow: Awaited<ReturnType<typeof connected>>): Promise<number> {
  let length = 0
  for (;;) {
    const chunk = await flow.read()
    if (!chunk.ok) throw new Error(chunk.error)
    if (chunk.value === 'eof') break
    length += chunk.value.length
  }
  flow.close()
  return length
}
