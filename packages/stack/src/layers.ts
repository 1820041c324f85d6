/** The layers of a stack below its transports, on one device. */
import * as arp from '@mirage/arp'
import type { Arp } from '@mirage/arp'
import type { Clock } from '@mirage/clock'
import * as ethernet from '@mirage/ethernet'
import * as icmp from '@mirage/icmp'
import type { Icmp } from '@mirage/icmp'
import type { Ipv4Layer } from '@mirage/ip'
import { connect as connectIp } from '@mirage/ip/ipv4'
import type { Counts } from '@mirage/metrics'
import type { Net } from '@mirage/net'
import type { Random } from '@mirage/random'
import * as udp from '@mirage/udp'
import type { Udp } from '@mirage/udp'

/** What a stack is made on. */
export interface Needs {
  readonly net: Net
  readonly clock: Clock
  readonly random: Random
}

/** What is there to put TCP on. */
export interface Layers {
  readonly arp: Arp
  readonly ip: Ipv4Layer
  readonly icmp: Icmp
  readonly udp: Udp
  /** What each of them drops, by reason. */
  readonly drops: Readonly<Record<string, Counts>>
}

/** Everything up to UDP on `net`, whose listener it becomes. It has no address yet. */
export function connect({ net, clock, random }: Needs): Layers {
  const link = ethernet.connect(net)
  const neighbours = arp.connect({ ethernet: link, clock })
  const ip = connectIp({ ethernet: link, arp: neighbours, clock, random })
  const messages = icmp.connect({ ip, clock })
  const datagrams = udp.connect({ ip, icmp: messages, random })
  const drops = {
    ethernet: link.drops,
    arp: neighbours.drops,
    ip: ip.drops,
    icmp: messages.drops,
    udp: datagrams.drops,
  }
  return { arp: neighbours, ip, icmp: messages, udp: datagrams, drops }
}
