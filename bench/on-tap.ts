/** A kernel and a stack of ours at the ends of a TAP device: what the benches over TAP are measured on. */
import * as ipv4 from '@mirage/address/ipv4'
import type { Random } from '@mirage/random'
import { type Stack, connect } from '@mirage/stack'
import { clock } from '@mirage/target-node/clock'
import { connect as connectRandom } from '@mirage/target-node/random'
import { type LinuxHost, linuxHost, missing } from '../test/interop/linux-host.ts'

/** The stack's address; the host's ends in 1. */
export const OURS = '10.99.0.2'

/** The arguments of our iperf as a server that prints nothing. */
export const IPERF_SERVER = {
  client: undefined,
  port: 5201,
  oneOff: false,
  interval: 0,
  udp: false,
  reverse: false,
  parallel: 1,
  time: 10,
  bytes: 0,
  blocks: 0,
  bandwidth: undefined,
  length: 0,
} as const

/** Both ends, and what the stack runs on besides. */
export interface OnTap {
  readonly host: LinuxHost
  readonly stack: Stack
  readonly random: Random
}

/** What goes when this process does: namespaces would stay until the next boot. */
const made: Set<{ remove(): void }> = new Set()

process.once('exit', () => made.forEach(remove))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** Has `each` removed with this process, if nobody does so before. */
export function keep<T extends { remove(): void }>(each: T): T {
  made.add(each)
  return each
}

/** Removes what was kept, once. */
export function remove(each: { remove(): void }): void {
  if (made.delete(each)) each.remove()
}

/** Makes the two. */
export async function onTap(hasOffloads: boolean): Promise<OnTap> {
  const problem = missing()
  if (problem !== false) throw new Error(problem)
  const random = connectRandom()
  if (!random.ok) throw new Error(random.error)
  const host = keep(await linuxHost({ addresses: ['10.99.0.1/24'], hasOffloads }))
  const config = { cidr: { address: ipv4.of(10, 99, 0, 2), prefixLength: 24 } }
  const stack = connect({ net: host.cable, clock, random: random.value }, config)
  return { host, stack, random: random.value }
}

/** What `make` makes with offloads, and what without: each once, for all that is measured on it. */
export function onceEach<T>(
  make: (hasOffloads: boolean) => Promise<T>,
): (hasOffloads: boolean) => Promise<T> {
  const all: Map<boolean, Promise<T>> = new Map()
  return (hasOffloads) => {
    const one = all.get(hasOffloads) ?? make(hasOffloads)
    all.set(hasOffloads, one)
    return one
  }
}
