/** Bulk TCP in memory, between devices that have agreed on offloads. */
import type { Bench } from './bench.ts'
import { transfer } from './bulk.ts'
import { iperf3 } from './iperf3.ts'
import { twoStacks } from './two-stacks.ts'

/** Bytes of a transfer: as many as take about a second, half of what iperf3 has. */
const LENGTH = 10_000_000_000

const stacks = twoStacks(1500, true)

const bench: Bench = {
  what: `one connection in memory, ${LENGTH / 1e9} GB, segments of 64 KiB, whose checksums the devices have agreed to leave out`,
  unit: 'Gbit/s',
  runs: 7,
  measure: () => transfer(stacks, LENGTH),
  reference: { what: "iperf3 on the kernel's loopback", measure: () => iperf3() },
  target: { atLeast: 4 },
}

export default bench
