/** A router that shows itself and carries nothing: for tests of who believes it. */
import * as ipv6 from '@mirage/address/ipv6'
import { setU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import { IPV6, connect } from '@mirage/ethernet'
import { ICMPV6 } from '@mirage/ip'
import * as wire from '@mirage/ip/ipv6-wire'
import * as ndp from '@mirage/ip/ndp-wire'
import type { Net } from '@mirage/net'

/** 2001:db8:1::/64 */
export const PREFIX: ipv6.Cidr = { address: ipv6.of(0x2001, 0xdb8, 1), prefixLength: 64 }

/** Answers who asks for routers on the link of `net`, and says that PREFIX is there. Returns how often it did. */
export function advertise(net: Net): () => number {
  const link = connect(net)
  const src = ipv6.fromMac(ipv6.LINK_LOCAL.address, net.mac)
  let count = 0
  link.listen(IPV6, (frame, offset) => {
    if (frame[offset + 6] !== ICMPV6 || frame[offset + 40] !== ndp.ROUTER_SOLICITATION) return
    count += 1
    const message = advertisement(net)
    const length = ndp.sizeOf(message)
    link.write(ipv6.multicastMac(ipv6.ALL_NODES), IPV6, { size: 40 + length }, (packet) => {
      const dst = ipv6.ALL_NODES
      wire.emit(packet, 0, { src, dst, protocol: ICMPV6, hopLimit: 255, trafficClass: 0 }, length)
      ndp.emit(packet, 40, message)
      const pseudo = checksum.pseudo(src, dst, ICMPV6, length)
      setU16(packet, 42, checksum.of(packet, 40, 40 + length, pseudo))
      return 40 + length
    })
  })
  return () => count
}

function advertisement({ mac }: Net): ndp.Message {
  const lifetimes = { validLifetime: 86_400, preferredLifetime: 14_400 }
  return {
    kind: 'router-advertisement',
    hopLimit: 64,
    routerLifetime: 1800,
    preference: 0,
    reachableTime: 0,
    retransTimer: 0,
    mac,
    prefixes: [{ prefix: PREFIX, isOnLink: true, isAutonomous: true, ...lifetimes }],
    dnsServers: [],
  }
}
