/** ICMP for the gateway's own address. */
import type { Clock } from '@mirage/clock'
import * as icmpOf from '@mirage/icmp'
import type { Icmp } from '@mirage/icmp'
import type { Ip } from '@mirage/ip'

/**
 * Answers echoes to the gateway. An echo to the outside is answered with "host unreachable": a process without
 * privileges cannot send one on every host, and answering for others would say that they live.
 */
export function connect(ip: Ip, clock: Clock): Icmp {
  const own: Ip = {
    mtu: ip.mtu,
    drops: ip.drops,
    get config() {
      return ip.config
    },
    configure: (config) => ip.configure(config),
    src: (dst) => ip.src(dst),
    write: (dst, protocol, size, fill, payloads, options) =>
      ip.write(dst, protocol, size, fill, payloads, options),
    writeAt: (dst, protocol, size, fill, src) => ip.writeAt(dst, protocol, size, fill, src),
    listen: (protocol, receive) => {
      ip.listen(protocol, (packet) => {
        if (packet.dst === ip.config.cidr.address) receive(packet)
        else icmp.hostUnreachable(packet)
      })
    },
    listenOther: (receive) => ip.listenOther(receive),
    onUnreachable: (notify) => ip.onUnreachable(notify),
  }
  const icmp = icmpOf.connect({ ip: own, clock })
  return icmp
}
