/** ICMP for IPv6: it answers echoes, and carries errors both ways. RFC 4443. */
import type { Ipv6 } from '@mirage/address/ipv6'
import { getU16 } from '@mirage/bytes'
import type { Clock } from '@mirage/clock'
import {
  ICMPV6,
  type IpError,
  type Ipv6Layer,
  type Packet as IpPacket,
  type Problem,
  type Protocol,
  type WriteOptions as IpOptions,
} from '@mirage/ip'
import type { DeliveryError } from '@mirage/ip/errors'
import { INCOMPLETE_CHAIN, UNKNOWN_NEXT_HEADER, UNKNOWN_OPTION } from '@mirage/ip/extension'
import * as ipWire from '@mirage/ip/ipv6-wire'
import { type Result, assert } from '@mirage/result'
import type { Echo, EchoReply, Icmp, IcmpDrop } from './icmp.ts'
import * as wire from './icmpv6-wire.ts'
import * as limit from './limit.ts'
import { HEADER_SIZE, type Message } from './wire.ts'

type Packet = IpPacket<Ipv6>
type WriteOptions = Omit<IpOptions<Ipv6>, 'size'>

/**
 * ICMPv6 on `ip`, whose listener for that protocol it becomes: what is neighbour discovery, `ip` keeps for itself.
 * Senders of packets with a problem, or whose fragments do not all arrive in time, are told so.
 */
export function connect({ ip, clock }: { ip: Ipv6Layer; clock: Clock }): Icmp<Ipv6> {
  return new Messenger(ip, clock)
}

class Messenger implements Icmp<Ipv6> {
  readonly drops: Record<IcmpDrop, number> = {
    'too-short': 0,
    'bad-checksum': 0,
    'bad-quote': 0,
    unhandled: 0,
    'rate-limited': 0,
    'not-sent': 0,
  }
  #ip: Ipv6Layer
  #clock: Clock
  #limit: limit.Limit
  #reply: ((reply: EchoReply<Ipv6>) => void)[] = []
  #errors: Map<Protocol, ((error: DeliveryError) => void)[]> = new Map()
  #forward: ((packet: Packet) => void) | undefined

  constructor(ip: Ipv6Layer, clock: Clock) {
    this.#ip = ip
    this.#clock = clock
    this.#limit = limit.create(clock.now())
    ip.listen(ICMPV6, (packet) => this.#input(packet))
    ip.onProblem((packet, problem) => this.#problem(packet, problem))
    ip.onReassemblyTimeout((first) => this.#report(first, wire.TIME_EXCEEDED, wire.REASSEMBLY_TIME_EXCEEDED))
  }

  echo(dst: Ipv6, { id, sequence, payload }: Echo, options?: WriteOptions): Result<void, IpError> {
    const header = { type: wire.ECHO_REQUEST, code: 0, first: id, second: sequence }
    return this.#send(dst, header, payload, options)
  }

  write(dst: Ipv6, message: Uint8Array, options?: WriteOptions): Result<void, IpError> {
    assert(message.length >= HEADER_SIZE, 'an ICMP message has 8 bytes or more')
    const [type = 0, code = 0] = message
    const header = { type, code, first: getU16(message, 4), second: getU16(message, 6) }
    return this.#send(dst, header, message.subarray(HEADER_SIZE), options)
  }

  onReply(receive: (reply: EchoReply<Ipv6>) => void): void {
    this.#reply.push(receive)
  }

  onError(protocol: Protocol, receive: (error: DeliveryError) => void): void {
    const receivers = this.#errors.get(protocol)
    if (receivers === undefined) this.#errors.set(protocol, [receive])
    else receivers.push(receive)
  }

  forward(receive: (packet: Packet) => void): void {
    this.#forward = receive
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
    if (!parsed.ok) return this.#drop(parsed.error)
    const isForOther = !this.#ip.isOwn(dst) && this.#ip.isHost(dst)
    if (isForOther && this.#forward !== undefined) return this.#forward(packet)
    const message = parsed.value
    if (message.type === wire.ECHO_REQUEST) return this.#answer(packet, message)
    if (message.type === wire.ECHO_REPLY) return this.#tellReply(packet, message)
    this.#tellError(packet, message)
  }

  /** RFC 4443 §4.2: also to a group, from an address of our own, but then as rarely as errors. */
  #answer({ frame, src, dst }: Packet, { first, second, offset, end }: Message): void {
    if (!this.#ip.isHost(src)) return this.#drop('unhandled')
    const isToOne = this.#ip.isHost(dst)
    if (!isToOne && !limit.take(this.#limit, this.#clock.now())) return this.#drop('rate-limited')
    const header = { type: wire.ECHO_REPLY, code: 0, first, second }
    const sent = this.#send(src, header, frame.subarray(offset, end), isToOne ? { src: dst } : {})
    if (!sent.ok) this.#drop('not-sent')
  }

  #tellReply({ frame, src }: Packet, { first, second, offset, end }: Message): void {
    const reply: EchoReply<Ipv6> = { src, id: first, sequence: second, payload: frame.subarray(offset, end) }
    for (const receive of this.#reply) receive(reply)
  }

  #tellError({ frame, src: reporter, dst }: Packet, message: Message): void {
    const { type, code, first, second } = message
    const kind = wire.kindOf(type, code)
    if (kind === undefined) return this.#drop('unhandled')
    const quoted = wire.parseQuoted(frame, message.offset, message.end)
    if (!quoted.ok || quoted.value.src !== dst) return this.#drop('bad-quote')
    const about = { reporter, type, code, frame, ...quoted.value }
    const error: DeliveryError =
      kind === 'too-big' ? { kind, mtu: first * 0x1_0000 + second, ...about } : { kind, ...about }
    for (const receive of this.#errors.get(quoted.value.protocol) ?? []) receive(error)
  }

  /** `rest` is what stands between checksum and payload. */
  #report(packet: Packet, type: number, code: number, rest: number = 0): void {
    if (!this.#mayReport(packet, type, code)) return
    if (!limit.take(this.#limit, this.#clock.now())) return this.#drop('rate-limited')
    const quoteMax = ipWire.MTU_MIN - ipWire.HEADER_SIZE - HEADER_SIZE
    const quote = packet.frame.subarray(packet.header, Math.min(packet.end, packet.header + quoteMax))
    const header = { type, code, first: rest >>> 16, second: rest & 0xffff }
    // In the name of the destination if that is ours to speak for, and nobody else is: RFC 4443 §2.2.
    const isDestination =
      this.#ip.isHost(packet.dst) && type !== wire.PACKET_TOO_BIG && !isOfRouters(type, code)
    const sent = this.#send(packet.src, header, quote, isDestination ? { src: packet.dst } : {})
    if (!sent.ok) this.#drop('not-sent')
  }

  /** RFC 4443 §2.4 e. Groups are told what a path does not carry, and what options they must know. */
  #mayReport({ frame, offset, end, src, dst, protocol }: Packet, type: number, code: number): boolean {
    if (!this.#ip.isHost(src)) return false
    const isForGroups =
      type === wire.PACKET_TOO_BIG || (type === wire.PARAMETER_PROBLEM && code === UNKNOWN_OPTION)
    if (!this.#ip.isHost(dst) && !isForGroups) return false
    return protocol !== ICMPV6 || (end > offset && !wire.isError(frame[offset]!))
  }

  #send(
    dst: Ipv6,
    header: Omit<Message, 'offset' | 'end'>,
    payload: Uint8Array,
    options: WriteOptions = {},
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

  #drop(reason: IcmpDrop): void {
    this.drops[reason] += 1
  }
}

/** Whether routers say it of packets that they would have sent on. */
function isOfRouters(type: number, code: number): boolean {
  if (type === wire.UNREACHABLE) return code !== wire.PORT_UNREACHABLE
  if (type === wire.TIME_EXCEEDED) return code !== wire.REASSEMBLY_TIME_EXCEEDED
  return type === wire.PARAMETER_PROBLEM && code === INCOMPLETE_CHAIN
}
