/** ICMP for IPv6: it answers echoes, and carries errors both ways. RFC 4443. */
import type { Ipv6 } from '@mirage/address/ipv6'
import { ICMPV6, type IpError, type Ipv6Layer, type Packet as IpPacket, type Problem } from '@mirage/ip'
import { INCOMPLETE_CHAIN, UNKNOWN_NEXT_HEADER, UNKNOWN_OPTION } from '@mirage/ip/extension'
import * as ipWire from '@mirage/ip/ipv6-wire'
import type { Result } from '@mirage/result'
import type { Icmp } from './icmp.ts'
import * as wire from './icmpv6-wire.ts'
import { type Devices, Messenger, type WriteOptions } from './messenger.ts'
import { HEADER_SIZE, type Header, type Message } from './wire.ts'

type Packet = IpPacket<Ipv6>

/**
 * ICMPv6 on `ip`, whose listener for that protocol it becomes: what is neighbour discovery, `ip` keeps for itself.
 * Senders of packets with a problem, or whose fragments do not all arrive in time, are told so.
 */
export function connect({ ip, ...devices }: Devices & { readonly ip: Ipv6Layer }): Icmp<Ipv6> {
  return new Icmpv6(ip, devices)
}

class Icmpv6 extends Messenger<Ipv6> implements Icmp<Ipv6> {
  readonly #ip: Ipv6Layer

  constructor(ip: Ipv6Layer, devices: Devices) {
    super(devices, { request: wire.ECHO_REQUEST, reply: wire.ECHO_REPLY })
    this.#ip = ip
    ip.listen(ICMPV6, (packet) => this.#input(packet))
    ip.onProblem((packet, problem) => this.#problem(packet, problem))
    ip.onReassemblyTimeout((first) => this.#report(first, wire.TIME_EXCEEDED, wire.REASSEMBLY_TIME_EXCEEDED))
  }

  portUnreachable(packet: Packet): void {
    this.#report(packet, wire.UNREACHABLE, wire.PORT_UNREACHABLE)
  }

  protocolUnreachable(packet: Packet): void {
    // Where the number of the protocol stands, if nothing stands between.
    this.#problem(packet, { code: UNKNOWN_NEXT_HEADER, pointer: 6 })
  }

  hostUnreachable(packet: Packet): void {
    this.#report(packet, wire.UNREACHABLE, wire.ADDRESS_UNREACHABLE)
  }

  fragmentationNeeded(packet: Packet, mtu: number): void {
    this.#report(packet, wire.PACKET_TOO_BIG, 0, mtu)
  }

  timeExceeded(packet: Packet): void {
    this.#report(packet, wire.TIME_EXCEEDED, 0)
  }

  #problem(packet: Packet, { code, pointer }: Problem): void {
    this.#report(packet, wire.PARAMETER_PROBLEM, code, pointer)
  }

  #input(packet: Packet): void {
    const { frame, offset, end, src, dst } = packet
    const parsed = wire.parse(frame, offset, end, src, dst)
    if (!parsed.ok) return this.drop(parsed.error)
    const isForOther = !this.#ip.isOwn(dst) && this.#ip.isHost(dst)
    this.input(packet, parsed.value, isForOther)
  }

  /** RFC 4443 §4.2: also to a group, from an address of our own, but then as rarely as errors. */
  protected override answer({ frame, src, dst }: Packet, { first, second, offset, end }: Message): void {
    if (!this.#ip.isHost(src)) return this.drop('unhandled')
    const isToOne = this.#ip.isHost(dst)
    if (!isToOne && !this.takeTurn()) return
    const header = { type: wire.ECHO_REPLY, code: 0, first, second }
    const sent = this.send(src, header, frame.subarray(offset, end), isToOne ? { src: dst } : {})
    if (!sent.ok) this.drop('not-sent')
  }

  protected override inputError({ frame, src: reporter, dst }: Packet, message: Message): void {
    const { type, code, first, second } = message
    const kind = wire.kindOf(type, code)
    if (kind === undefined) return this.drop('unhandled')
    const quoted = wire.parseQuoted(frame, message.offset, message.end)
    if (!quoted.ok || quoted.value.src !== dst) return this.drop('bad-quote')
    const about = { reporter, type, code, frame, ...quoted.value }
    if (kind !== 'too-big') return this.tellError({ kind, ...about })
    const mtu = first * 0x1_0000 + second
    // RFC 8201 §4: no link of IPv6 is so narrow.
    if (mtu < ipWire.MTU_MIN) return this.drop('unhandled')
    this.tellError({ kind, mtu, ...about })
  }

  /** `rest` is what stands between checksum and payload. */
  #report(packet: Packet, type: number, code: number, rest: number = 0): void {
    if (!this.#mayReport(packet, type, code)) return
    if (!this.takeTurn()) return
    const quoteMax = ipWire.MTU_MIN - ipWire.HEADER_SIZE - HEADER_SIZE
    const quote = packet.frame.subarray(packet.header, Math.min(packet.end, packet.header + quoteMax))
    const header = { type, code, first: rest >>> 16, second: rest & 0xffff }
    // In the name of the destination if that is ours to speak for, and nobody else is: RFC 4443 §2.2.
    const isDestination =
      this.#ip.isHost(packet.dst) && type !== wire.PACKET_TOO_BIG && !isOfRouters(type, code)
    const sent = this.send(packet.src, header, quote, isDestination ? { src: packet.dst } : {})
    if (!sent.ok) this.drop('not-sent')
  }

  /** RFC 4443 §2.4 e. Groups are told what a path does not carry, and what options they must know. */
  #mayReport({ frame, offset, end, src, dst, protocol }: Packet, type: number, code: number): boolean {
    if (!this.#ip.isHost(src)) return false
    const isForGroups =
      type === wire.PACKET_TOO_BIG || (type === wire.PARAMETER_PROBLEM && code === UNKNOWN_OPTION)
    if (!this.#ip.isHost(dst) && !isForGroups) return false
    return protocol !== ICMPV6 || (end > offset && !wire.isError(frame[offset]!))
  }

  protected override send(
    dst: Ipv6,
    header: Header,
    payload: Uint8Array,
    options: WriteOptions<Ipv6> = {},
  ): Result<void, IpError> {
    const size = HEADER_SIZE + payload.length
    const src = options.src ?? this.#ip.src(dst)
    const fill = (message: Uint8Array): number => {
      message.set(payload, HEADER_SIZE)
      wire.emit(message, 0, size, header, src, dst)
      return size
    }
    return this.#ip.write(dst, ICMPV6, { ...options, src, size }, fill)
  }
}

/** Whether routers say it of packets that they would have sent on. */
function isOfRouters(type: number, code: number): boolean {
  if (type === wire.UNREACHABLE) return code !== wire.PORT_UNREACHABLE
  if (type === wire.TIME_EXCEEDED) return code !== wire.REASSEMBLY_TIME_EXCEEDED
  return type === wire.PARAMETER_PROBLEM && code === INCOMPLETE_CHAIN
}
