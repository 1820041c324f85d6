/** Bulk TCP from one stack to another in memory: both ends in one thread. */
import type { TcpFlow } from '@mirage/tcp'
import type { Bench } from './bench.ts'
import { iperf3 } from './iperf3.ts'
import { type TwoStacks, connected, twoStacks } from './two-stacks.ts'

const LENGTH = 250_000_000
const CHUNK = new Uint8Array(65_536).map((_, i) => i * 7)
const MTU = 1500
const MSS = MTU - 40
const PORT = 5001

const cut = twoStacks(MTU)
const whole = twoStacks(MTU, true)

const benches: readonly Bench[] = [
  {
    what: `one connection in memory, ${LENGTH / 1e6} MB, frames of ${MTU} bytes, checksums at both ends, one thread`,
    unit: 'Gbit/s',
    runs: 7,
    measure: () => transfer(cut),
    reference: {
      what: `iperf3 on the kernel's loopback, --set-mss ${MSS}, which GSO carries in 64 KiB pieces without checksums`,
      measure: () => iperf3(MSS),
    },
    target: { atLeast: 1.1 },
  },
  {
    what: `the same with segments of 64 KiB, whose checksums the devices have agreed to leave out`,
    unit: 'Gbit/s',
    runs: 7,
    measure: () => transfer(whole),
    reference: { what: "iperf3 on the kernel's loopback", measure: () => iperf3() },
    target: { atLeast: 4 },
  },
]

export default benches

async function transfer(stacks: TwoStacks): Promise<number> {
  const received = new Promise<number>((resolve) => {
    stacks.server.tcp.listen(PORT, (flow) => {
      stacks.server.tcp.unlisten(PORT)
      drain(flow, resolve)
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
