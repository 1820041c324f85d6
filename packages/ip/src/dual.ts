/** IP of both families, as one: for protocols that do not care which. */
import { type IpAddress, isIpv4 } from '@mirage/address/ip'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Ipv6 } from '@mirage/address/ipv6'
import type { Fill, FillAt, Offloads } from '@mirage/net'
import type { Result } from '@mirage/result'
import type { Ip, IpDrop, IpError, Outgoing, Packet, Protocol, WriteOptions } from './ip.ts'

/** Each packet goes to the one of its destination, and is lost there: `drops` are the sums of both. */
export function join(ipv4: Ip<Ipv4>, ipv6: Ip<Ipv6>): Ip {
  return new Dual(ipv4, ipv6)
}

class Dual implements Ip {
  readonly offloads: Offloads
  readonly #ipv4: Ip
  readonly #ipv6: Ip

  constructor(ipv4: Ip, ipv6: Ip) {
    this.#ipv4 = ipv4
    this.#ipv6 = ipv6
    this.offloads = ipv4.offloads
  }

  #of(address: IpAddress): Ip {
    return isIpv4(address) ? this.#ipv4 : this.#ipv6
  }

  mtu(dst: IpAddress): number {
    return this.#of(dst).mtu(dst)
  }

  reducePathMtu(dst: IpAddress, mtu: number): boolean {
    return this.#of(dst).reducePathMtu(dst, mtu)
  }

  src(dst: IpAddress): IpAddress {
    return this.#of(dst).src(dst)
  }

  isHost(address: IpAddress): boolean {
    return this.#of(address).isHost(address)
  }

  isOwn(address: IpAddress): boolean {
    return this.#of(address).isOwn(address)
  }

  write(
    dst: IpAddress,
    protocol: Protocol,
    options: WriteOptions,
    fill: Fill,
    payloads?: readonly Uint8Array[],
  ): Result<void, IpError> {
    return this.#of(dst).write(dst, protocol, options, fill, payloads)
  }

  writeAt(packet: Readonly<Outgoing>, fill: FillAt): Result<void, IpError> {
    return this.#of(packet.dst).writeAt(packet, fill)
  }

  listen(protocol: Protocol, receive: (packet: Packet) => void): void {
    this.#ipv4.listen(protocol, receive)
    this.#ipv6.listen(protocol, receive)
  }

  listenOther(receive: (packet: Packet) => void): void {
    this.#ipv4.listenOther(receive)
    this.#ipv6.listenOther(receive)
  }

  onUnreachable(notify: (dst: IpAddress) => void): void {
    this.#ipv4.onUnreachable(notify)
    this.#ipv6.onUnreachable(notify)
  }

  get drops(): Readonly<Record<IpDrop, number>> {
    const sum: Record<IpDrop, number> = { ...this.#ipv4.drops }
    for (const reason of Object.keys(sum) as IpDrop[]) sum[reason] += this.#ipv6.drops[reason]
    return sum
  }
}
