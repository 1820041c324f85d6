/** UDP between a kernel and our stack, over a TAP device in a network namespace: what datagrams cost that are left uncut. */
import { clock } from '@mirage/target-node/clock'
import * as iperf from '../unikernels/device-usage/iperf/unikernel.ts'
import { type Bench, always } from './bench.ts'
import { IPERF_SERVER, OURS, type OnTap, onTap, onceEach, remove } from './on-tap.ts'

/** What a packet of 1,500 bytes carries. */
const SIZE = 1472
const PORT = 9
const SECONDS = 1

interface Rig extends OnTap {
  /** Datagrams that have come to our port. */
  heard: number
}

/** The rig with or without offloads: the same for both directions. */
const rig = onceEach(makeRig)

async function makeRig(hasOffloads: boolean): Promise<Rig> {
  const made: Rig = { ...(await onTap(hasOffloads)), heard: 0 }
  made.stack.udp.listen(PORT, () => made.heard++)
  void iperf.start({ clock, ...made }, IPERF_SERVER)
  return made
}

/** Writes 40 datagrams at a time (UDP_SEGMENT, 103 of level 17), which the kernel cuts where we do not. */
const SENDER = `
import socket, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(17, 103, ${SIZE})
datagrams, end = bytes(40 * ${SIZE}), time.monotonic() + ${SECONDS}
while time.monotonic() < end: sender.sendto(datagrams, ('${OURS}', ${PORT}))
`

/** Datagrams a second that were heard. */
async function fromKernel(hasOffloads: boolean): Promise<number> {
  const made = await rig(hasOffloads)
  made.heard = 0
  await made.host.run('python3', '-c', SENDER)
  return made.heard / SECONDS
}

/** Datagrams a second that were sent, of which a socket may not take all. */
async function toKernel(hasOffloads: boolean): Promise<number> {
  const { host } = await rig(hasOffloads)
  const args = ['--client', OURS, '--udp', '--reverse', '--bitrate', '0', '--length', String(SIZE)]
  const json = await host.run('iperf3', ...args, '--time', String(SECONDS), '--json')
  const { end } = JSON.parse(json) as { end: { sum: { packets: number; seconds: number } } }
  return end.sum.packets / end.sum.seconds
}

async function stop(): Promise<void> {
  for (const hasOffloads of [true, false]) {
    const { host, stack } = await rig(hasOffloads)
    stack.disconnect()
    remove(host)
  }
}

const WITHOUT = 'the same without offloads'

const benches: readonly Bench[] = [
  {
    what: `UDP from the kernel to our stack over TAP, ${SIZE} bytes, left uncut, one thread for the stack`,
    unit: 'datagrams/s',
    measure: () => fromKernel(true),
    reference: { what: WITHOUT, measure: always(() => fromKernel(false)) },
  },
  {
    what: `UDP from our stack to the kernel over TAP, ${SIZE} bytes, left uncut, one thread for the stack`,
    unit: 'datagrams/s',
    measure: () => toKernel(true),
    reference: { what: WITHOUT, measure: always(() => toKernel(false)) },
    stop,
  },
]

export default benches
