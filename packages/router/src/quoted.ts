/** The packet that an error is about: RFC 792, RFC 4443. */
import * as icmpv6 from '@mirage/icmp/icmpv6-wire'
import * as icmp from '@mirage/icmp/wire'
import * as endsOf from './ends.ts'
import type { Ends, IpPacket } from './ends.ts'

/**
 * Reads into `ends`, which are those of the error `packet`, the ends of the packet that it quotes; whether there are any.
 * The error must be whole, and go to who sent the other.
 */
export function read(packet: IpPacket, ends: Ends): boolean {
  const { frame, end } = packet
  const message = endsOf.isOfIpv4(packet)
    ? icmp.parse(frame, ends.payload, end)
    : icmpv6.parse(frame, ends.payload, end, packet.src, packet.dst)
  if (!message.ok || ends.fragmentKey !== undefined) return false
  const family = endsOf.isOfIpv4(packet) ? icmp : icmpv6
  const quoted = family.parseQuoted(frame, message.value.offset, message.value.end)
  if (!quoted.ok) return false
  const { protocol, offset, end: quoteEnd } = quoted.value
  ends.protocol = protocol
  ends.src = quoted.value.src
  ends.dst = quoted.value.dst
  return ends.src === packet.dst && endsOf.readPorts(frame, offset, quoteEnd, ends) === undefined
}
