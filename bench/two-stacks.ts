/** Two stacks on one switch in this process, on the host's clock: what the benches in memory are measured on. */
import * as ipv4 from '@mirage/address/ipv4'
import { type Stack, connect } from '@mirage/stack'
import { clock } from '@mirage/target-node/clock'
import { connect as connectRandom } from '@mirage/target-node/random'
import type { TcpFlow } from '@mirage/tcp'
import { vnetif } from '@mirage/vnetif'

export interface TwoStacks {
  readonly client: Stack
  readonly server: Stack
  readonly serverAddress: ipv4.Ipv4
}

/** Frames on their way, of a device: as many as the largest window has, so that, as on the kernel's loopback, none is lost. */
const QUEUE = 8192

/** With `offloads`, the devices have agreed to carry large segments whole, and without checksums. */
export function twoStacks(mtu: number = 1500, offloads: boolean = false): TwoStacks {
  const lan = vnetif({ clock, mtu, offloads, queue: QUEUE })
  const random = connectRandom()
  if (!random.ok) throw new Error(random.error)
  const stack = (address: ipv4.Ipv4): Stack =>
    connect({ net: lan.connect(), clock, random: random.value }, { cidr: { address, prefixLength: 24 } })
  const serverAddress = ipv4.of(10, 0, 0, 1)
  return { server: stack(serverAddress), client: stack(ipv4.of(10, 0, 0, 2)), serverAddress }
}

/** A connection to `port` of the server, which listens there. */
export async function connected({ client, serverAddress }: TwoStacks, port: number): Promise<TcpFlow> {
  const connection = await client.tcp.connect({ address: serverAddress, port })
  if (!connection.ok) throw new Error(`not connected: ${connection.error}`)
  return connection.value
}
