/** What an application is given to talk to the network: Ethernet to TCP on one device. */
import * as ipv4 from '@mirage/address/ipv4'
import { source } from '@mirage/console/logs'
import type { Lease } from '@mirage/dhcp/lease'
import type { Icmp } from '@mirage/icmp'
import type { Config, Ipv4Layer } from '@mirage/ip'
import type { Tcp } from '@mirage/tcp'
import * as tcp from '@mirage/tcp/connect'
import type { Udp } from '@mirage/udp'
import * as layers from './layers.ts'
import type { Needs } from './layers.ts'
import { Lessee } from './lessee.ts'

export type { Needs } from './layers.ts'

/** The network, by protocol. */
export interface Stack {
  readonly tcp: Tcp
  readonly udp: Udp
  readonly icmp: Icmp
  readonly ip: Ipv4Layer
  /** Ends every connection and stops the device. Disconnecting twice is the same as once. */
  disconnect(): void
}

const log = source('stack')

/** A stack with a fixed address, on a device whose listener it becomes. */
export function connect(needs: Needs, config: Config): Stack {
  const { stack } = compose(needs)
  stack.ip.configure(config)
  tell(stack.ip)
  return stack
}

/**
 * A stack with an address that a DHCP server leases, for as long as the stack lives. Resolves with the first lease,
 * and waits for it for ever. `hostname` is told to the server.
 */
export function connectDhcp(needs: Needs, hostname?: string): Promise<Stack> {
  const { stack, atEnd } = compose(needs)
  return new Promise((resolve) => {
    const leased = (_lease: Lease): void => {
      tell(stack.ip)
      resolve(stack)
    }
    const config = { mac: needs.net.mac, ...(hostname === undefined ? {} : { hostname }) }
    const lessee = new Lessee({ ...stack, ...needs }, config, leased)
    atEnd(() => lessee.disconnect())
  })
}

interface Composed {
  readonly stack: Stack
  /** `end` runs when the stack is disconnected, before its device is. */
  readonly atEnd: (end: () => void) => void
}

function compose(needs: Needs): Composed {
  const { arp, ...below } = layers.connect(needs)
  const transport = tcp.connect({ ...below, ...needs })
  const ends = [
    (): void => needs.net.disconnect(),
    (): void => arp.disconnect(),
    (): void => transport.disconnect(),
  ]
  const stack: Stack = {
    ...below,
    tcp: transport,
    disconnect(): void {
      for (let end = ends.pop(); end !== undefined; end = ends.pop()) end()
    },
  }
  return { stack, atEnd: (end) => void ends.push(end) }
}

function tell({ config: { cidr, gateway } }: Ipv4Layer): void {
  log.info(
    () =>
      `address ${ipv4.formatCidr(cidr)}${gateway === undefined ? '' : `, gateway ${ipv4.format(gateway)}`}`,
  )
}
