/** ICMP of both families, as one. */
import { type IpAddress, isIpv4 } from '@mirage/address/ip'
import type { Ipv6 } from '@mirage/address/ipv6'
import type { IpError, Packet, Protocol, WriteOptions } from '@mirage/ip'
import type { DeliveryError } from '@mirage/ip/errors'
import type { Result } from '@mirage/result'
import type { Echo, EchoReply, Icmp, IcmpDrop } from './icmp.ts'

type Options = Omit<WriteOptions, 'size'>

/** Each message goes to the one of its address. */
export function join(ipv4: Icmp, ipv6: Icmp<Ipv6>): Icmp<IpAddress> {
  // What an address is, an option of its packet is too: one that is not is a bug of the caller's.
  const of = (address: IpAddress): Icmp<IpAddress> => (isIpv4(address) ? ipv4 : ipv6)
  return {
    echo: (dst: IpAddress, echo: Echo, options?: Options): Result<void, IpError> =>
      of(dst).echo(dst, echo, options),
    write: (dst: IpAddress, message: Uint8Array, options?: Options): Result<void, IpError> =>
      of(dst).write(dst, message, options),
    onReply(receive: (reply: EchoReply<IpAddress>) => void): void {
      ipv4.onReply(receive)
      ipv6.onReply(receive)
    },
    onError(protocol: Protocol, receive: (error: DeliveryError) => void): void {
      ipv4.onError(protocol, receive)
      ipv6.onError(protocol, receive)
    },
    forward(receive: (packet: Packet) => void): void {
      ipv4.forward(receive)
      ipv6.forward(receive)
    },
    portUnreachable: (packet: Packet): void => of(packet.src).portUnreachable(packet),
    protocolUnreachable: (packet: Packet): void => of(packet.src).protocolUnreachable(packet),
    hostUnreachable: (packet: Packet): void => of(packet.src).hostUnreachable(packet),
    fragmentationNeeded: (packet: Packet, mtu: number): void =>
      of(packet.src).fragmentationNeeded(packet, mtu),
    timeExceeded: (packet: Packet): void => of(packet.src).timeExceeded(packet),
    get drops(): Readonly<Record<IcmpDrop, number>> {
      const sum: Record<IcmpDrop, number> = { ...ipv4.drops }
      for (const reason of Object.keys(sum) as IcmpDrop[]) sum[reason] += ipv6.drops[reason]
      return sum
    },
  }
}
