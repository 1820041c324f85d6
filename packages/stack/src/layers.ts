/** The layers of a stack below its transports, on one device. */
import type { IpAddress } from '@mirage/address/ip'
import type { Ipv6 } from '@mirage/address/ipv6'
import * as arp from '@mirage/arp'
import type { Arp } from '@mirage/arp'
import type { Clock } from '@mirage/clock'
import * as ethernet from '@mirage/ethernet'
import * as icmp from '@mirage/icmp'
import type { Icmp } from '@mirage/icmp'
import * as icmpBoth from '@mirage/icmp/dual'
import * as icmpv6 from '@mirage/icmp/icmpv6'
import type { Ip, Ipv4Layer, Ipv6Layer } from '@mirage/ip'
import * as ipBoth from '@mirage/ip/dual'
import { connect as connectIp } from '@mirage/ip/ipv4'
import { type Devices, type Options as Ipv6Options, connect as connectIpv6 } from '@mirage/ip/ipv6'
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
  /** Absent where IPv6 is not spoken. */
  readonly ipv6: Ipv6Layer | undefined
  /** Of all families that are spoken. */
  readonly both: Ip
  readonly icmp: Icmp<IpAddress>
  readonly udp: Udp
  /** What each of them drops, by reason. */
  readonly drops: Readonly<Record<string, Counts>>
}

/** Everything up to UDP on `net`, whose listener it becomes: IPv6 too, if it is told how. There is no IPv4 address yet. */
export function connect({ net, clock, random }: Needs, options?: Ipv6Options): Layers {
  const link = ethernet.connect(net)
  const neighbours = arp.connect({ ethernet: link, clock })
  const ip = connectIp({ ethernet: link, arp: neighbours, clock, random })
  const messages = icmp.connect({ ip, clock, random })
  const six = options && connectSix({ ethernet: link, clock, random }, options)
  const both = six === undefined ? ip : ipBoth.join(ip, six.ip)
  const all = six === undefined ? (messages as Icmp<IpAddress>) : icmpBoth.join(messages, six.messages)
  const datagrams = udp.connect({ ip: both, icmp: all, random })
  const drops = {
    ethernet: link.drops,
    arp: neighbours.drops,
    ip: ip.drops,
    icmp: messages.drops,
    ...(six === undefined ? {} : { ipv6: six.ip.drops, icmpv6: six.messages.drops }),
    udp: datagrams.drops,
  }
  return { arp: neighbours, ip, ipv6: six?.ip, both, icmp: all, udp: datagrams, drops }
}

interface Six {
  readonly ip: Ipv6Layer
  readonly messages: Icmp<Ipv6>
}

function connectSix(devices: Devices, options: Ipv6Options): Six {
  const ip = connectIpv6(devices, options)
  return { ip, messages: icmpv6.connect({ ip, clock: devices.clock, random: devices.random }) }
}
