/** ICMP for IPv4: it answers echoes, and carries errors both ways. RFC 792, RFC 1122 §3.2.2. */
import type { IpAddress } from '@mirage/address/ip'
import type { Ipv4 } from '@mirage/address/ipv4'
import { ICMP, type IpError, type Ipv4Layer, type Packet as IpPacket } from '@mirage/ip'
import type { DeliveryError, DeliveryErrors } from '@mirage/ip/errors'
import * as ipWire from '@mirage/ip/wire'
import type { Result } from '@mirage/result'
import { kindOf, plateauBelow } from './errors.ts'
import {
  type Devices,
  type Echo,
  type EchoReply,
  type IcmpDrop,
  Messenger,
  type WriteOptions,
} from './messenger.ts'
import * as wire from './wire.ts'

export type { Echo, EchoReply, IcmpDrop } from './messenger.ts'

type Packet = IpPacket<Ipv4>

/** What answers echoes, and carries errors both ways: of one family, or of both. */
export interface Icmp<Address extends IpAddress = Ipv4> extends DeliveryErrors {
  /** Sends an echo request. */
  echo(dst: Address, echo: Echo, options?: WriteOptions<Address>): Result<void, IpError>

  /** Sends a copy of `message`, with its checksum filled in. Less than 8 bytes is a bug in the caller and throws. */
  write(dst: Address, message: Uint8Array, options?: WriteOptions<Address>): Result<void, IpError>

  /** Tells `receive` of every echo reply; several may ask. */
  onReply(receive: (reply: EchoReply<Address>) => void): void

  /**
   * Tells the sender of `packet`, in the name of its destination, that nobody listens there. Like all errors, it is
   * limited in rate, and never sent about errors, broadcasts, later fragments, or to what is no host.
   */
  portUnreachable(packet: IpPacket<Address>): void
  protocolUnreachable(packet: IpPacket<Address>): void

  /** Tells the sender of `packet` that there is no way to its destination. */
  hostUnreachable(packet: IpPacket<Address>): void

  /** Tells the sender of `packet` that the next link carries only packets of `mtu` bytes, headers included. */
  fragmentationNeeded(packet: IpPacket<Address>, mtu: number): void

  /** Tells the sender of `packet` that it went over as many routers as it might. */
  timeExceeded(packet: IpPacket<Address>): void

  /**
   * Hands messages for another host, which an `ip` that is promiscuous takes, to `receive`, instead of answering in
   * its name: for a gateway to decide. The packet is lent until the call returns.
   */
  forward(receive: (packet: IpPacket<Address>) => void): void

  /** How many messages led to nothing, by reason. */
  readonly drops: Readonly<Record<IcmpDrop, number>>
}

/**
 * ICMP on `ip`, whose listener for that protocol it becomes. Packets of protocols that nobody listens to are
 * answered with an error until another `listenOther` of `ip` takes them, and packets whose fragments do not all
 * arrive in time with another (RFC 1122 §3.3.2).
 */
export function connect({ ip, ...devices }: Devices & { readonly ip: Ipv4Layer }): Icmp {
  return new Icmpv4(ip, devices)
}

/** An error is at most this long, IP header included: RFC 1812 §4.3.2.3. */
const ERROR_SIZE_MAX = 576

class Icmpv4 extends Messenger<Ipv4> implements Icmp {
  readonly #ip: Ipv4Layer

  constructor(ip: Ipv4Layer, devices: Devices) {
    super(devices, { request: wire.ECHO_REQUEST, reply: wire.ECHO_REPLY })
    this.#ip = ip
    ip.listen(ICMP, (packet) => this.#input(packet))
    ip.listenOther((packet) => this.protocolUnreachable(packet))
    ip.onReassemblyTimeout((first) => this.#timeExceeded(first, wire.REASSEMBLY_TIME_EXCEEDED))
  }

  portUnreachable(packet: Packet): void {
    this.#report(packet, packet.dst, wire.UNREACHABLE, wire.PORT_UNREACHABLE)
  }

  protocolUnreachable(packet: Packet): void {
    this.#report(packet, packet.dst, wire.UNREACHABLE, wire.PROTOCOL_UNREACHABLE)
  }

  hostUnreachable(packet: Packet): void {
    this.#report(packet, this.#ip.src(packet.src), wire.UNREACHABLE, wire.HOST_UNREACHABLE)
  }

  fragmentationNeeded(packet: Packet, mtu: number): void {
    this.#report(packet, this.#ip.src(packet.src), wire.UNREACHABLE, wire.FRAGMENTATION_NEEDED, mtu)
  }

  timeExceeded(packet: Packet): void {
    this.#timeExceeded(packet, 0)
  }

  #timeExceeded(packet: Packet, code: number): void {
    this.#report(packet, this.#ip.src(packet.src), wire.TIME_EXCEEDED, code)
  }

  #input(packet: Packet): void {
    const { frame, offset, end, dst } = packet
    const parsed = wire.parse(frame, offset, end)
    if (!parsed.ok) return this.drop(parsed.error)
    const isForOther = dst !== this.#ip.config.cidr.address && this.#isHost(dst)
    this.input(packet, parsed.value, isForOther)
  }

  /** An echo comes back from where it went to: RFC 1122 §3.2.2.6. One to everyone is not answered. */
  protected override answer(packet: Packet, message: wire.Message): void {
    if (!this.#isHost(packet.dst) || !this.#isHost(packet.src)) return this.drop('unhandled')
    const payload = packet.frame.subarray(message.offset, message.end)
    const header = { type: wire.ECHO_REPLY, code: 0, first: message.first, second: message.second }
    const sent = this.send(packet.src, header, payload, { src: packet.dst })
    if (!sent.ok) this.drop('not-sent')
  }

  protected override inputError({ frame, src: reporter, dst }: Packet, message: wire.Message): void {
    const { type, code } = message
    const kind = kindOf(type, code)
    if (kind === undefined) return this.drop('unhandled')
    const quoted = wire.parseQuoted(frame, message.offset, message.end)
    if (!quoted.ok || quoted.value.src !== dst) return this.drop('bad-quote')
    const { length, ...quote } = quoted.value
    const about = { reporter, type, code, frame, ...quote }
    const isTooBig = kind === 'too-big'
    // Routers older than RFC 1191 do not say what would fit.
    const mtu = message.second === 0 ? plateauBelow(length) : message.second
    const error: DeliveryError = isTooBig ? { kind, mtu, ...about } : { kind, ...about }
    this.tellError(error)
  }

  #report(packet: Packet, src: Ipv4, type: number, code: number, second: number = 0): void {
    if (!this.#mayReport(packet)) return
    if (!this.takeTurn()) return
    const quoteMax = ERROR_SIZE_MAX - ipWire.HEADER_SIZE - wire.HEADER_SIZE
    const quote = packet.frame.subarray(packet.header, Math.min(packet.end, packet.header + quoteMax))
    const sent = this.send(packet.src, { type, code, first: 0, second }, quote, { src })
    if (!sent.ok) this.drop('not-sent')
  }

  /** RFC 1122 §3.2.2. */
  #mayReport({ frame, header, offset, end, src, dst, protocol }: Packet): boolean {
    if (!this.#isHost(src) || !this.#isHost(dst)) return false
    if (ipWire.fragmentOffset(frame, header) !== 0) return false
    return protocol !== ICMP || (end > offset && !wire.isError(frame[offset]!))
  }

  #isHost(address: Ipv4): boolean {
    return this.#ip.isHost(address)
  }

  protected override send(
    dst: Ipv4,
    header: wire.Header,
    payload: Uint8Array,
    options?: WriteOptions<Ipv4>,
  ): Result<void, IpError> {
    const size = wire.HEADER_SIZE + payload.length
    const fill = (message: Uint8Array): number => {
      message.set(payload, wire.HEADER_SIZE)
      wire.emit(message, 0, size, header)
      return size
    }
    return this.#ip.write(dst, ICMP, { ...options, size }, fill)
  }
}
