/** ICMP for the gateway's own address. */
import type { Clock } from '@mirage/clock'
import * as icmpOf from '@mirage/icmp'
import type { Icmp } from '@mirage/icmp'
import type { Ipv4Layer } from '@mirage/ip'
import type { Random } from '@mirage/random'

/**
 * Answers echoes to the gateway. An echo to the outside is answered with "host unreachable": a process without
 * privileges cannot send one on every host, and answering for others would say that they live.
 */
export function connect(ip: Ipv4Layer, clock: Clock, random: Random): Icmp {
  const own: Ipv4Layer = {
    drops: ip.drops,
    offloads: ip.offloads,
    get config() {
      return ip.config
    },
    configure: (config) => ip.configure(config),
    get fragmentsSize() {
      return ip.fragmentsSize
    },
    mtu: (dst) => ip.mtu(dst),
    reducePathMtu: (dst, mtu) => ip.reducePathMtu(dst, mtu),
    src: (dst) => ip.src(dst),
    isHost: (address) => ip.isHost(address),
    isOwn: (address) => ip.isOwn(address),
    write: (dst, protocol, options, fill, payloads) => ip.write(dst, protocol, options, fill, payloads),
    writeAt: (packet, fill) => ip.writeAt(packet, fill),
    listen: (protocol, receive) => {
      ip.listen(protocol, (packet) => {
        if (packet.dst === ip.config.cidr.address) receive(packet)
        else icmp.hostUnreachable(packet)
      })
    },
    listenOther: (receive) => ip.listenOther(receive),
    onUnreachable: (notify) => ip.onUnreachable(notify),
    onReassemblyTimeout: (notify) => ip.onReassemblyTimeout(notify),
    intercept: (take) => ip.intercept(take),
    relay: (hop, size, fill, lost) => ip.relay(hop, size, fill, lost),
    disconnect: () => ip.disconnect(),
  }
  const icmp = icmpOf.connect({ ip: own, clock, random })
  return icmp
}
