/** TCP between a kernel and our stack, over a TAP device in a network namespace: iperf3 is at the other end. */
import { clock } from '@mirage/target-node/clock'
import * as iperf from '../unikernels/device-usage/iperf/unikernel.ts'
import type { Bench } from './bench.ts'
import { IPERF_SERVER, OURS, type OnTap, keep, onTap, onceEach, remove } from './on-tap.ts'
import { Veth, clientOf, received } from './veth.ts'

const RUNS = 7

/** A kernel and our stack at the ends of a TAP device; two kernels at the ends of a veth pair. */
interface Rig extends OnTap {
  readonly reference: Veth
}

/** The rig with or without offloads: the same for both directions. */
const rig = onceEach(makeRig)

async function makeRig(hasOffloads: boolean): Promise<Rig> {
  const made = await onTap(hasOffloads)
  void iperf.start({ clock, ...made }, IPERF_SERVER)
  return { ...made, reference: keep(new Veth(hasOffloads)) }
}

/** The wish is a ratio to what the kernel does without our stack; where the kernel cannot be asked, a number. */
function bench(direction: 'in' | 'out', hasOffloads: boolean, target: Bench['target'] & object): Bench {
  const way = direction === 'in' ? 'from the kernel to our stack' : 'from our stack to the kernel'
  return {
    what: `TCP ${way} over TAP, ${hasOffloads ? 'with' : 'without'} offloads, one thread for the stack`,
    unit: 'Gbit/s',
    runs: RUNS,
    async measure() {
      const { host } = await rig(hasOffloads)
      const json = await host.run('iperf3', ...clientOf(OURS, { isReverse: direction === 'out' }))
      const rate = received(json)
      if (!rate.ok) throw new Error(rate.error)
      return rate.value
    },
    reference: {
      what: `iperf3 between two kernels over veth, ${hasOffloads ? 'with' : 'without'} offloads, on both cores`,
      measure: async () => (await rig(hasOffloads)).reference.measure(),
    },
    target,
    ...(direction === 'out' ? { stop: () => end(hasOffloads) } : {}),
  }
}

async function end(hasOffloads: boolean): Promise<void> {
  const { host, stack, reference } = await rig(hasOffloads)
  stack.disconnect()
  for (const each of [reference, host]) remove(each)
}

const benches: readonly Bench[] = [
  bench('in', true, { atLeast: 1 }),
  bench('out', true, { atLeast: 2.6 }),
  bench('in', false, { atLeast: 3.2, of: 'number' }),
  bench('out', false, { atLeast: 2, of: 'number' }),
]

export default benches
