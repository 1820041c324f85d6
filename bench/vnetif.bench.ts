/** Bulk TCP in memory, over frames as on a wire. */
import type { Bench } from './bench.ts'
import { transfer } from './bulk.ts'
import { iperf3 } from './iperf3.ts'
import { twoStacks } from './two-stacks.ts'

const MTU = 1500
const MSS = MTU - 40

/** Bytes of a transfer: as many as take about a second, half of what iperf3 has. */
const LENGTH = 2_000_000_000

const stacks = twoStacks(MTU)

const bench: Bench = {
  what: `one connection in memory, ${LENGTH / 1e9} GB, frames of ${MTU} bytes, checksums at both ends, one thread`,
  unit: 'Gbit/s',
  runs: 7,
  measure: () => transfer(stacks, LENGTH),
  reference: {
    what: `iperf3 on the kernel's loopback, --set-mss ${MSS}, which GSO carries in 64 KiB pieces without checksums`,
    measure: () => iperf3(MSS),
  },
  target: { atLeast: 1.1 },
}

export default bench
