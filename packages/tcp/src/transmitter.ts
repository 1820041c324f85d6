/** Segments that leave: from the core's records into packets of `Ip`, with nothing made on the way. */
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as checksum from '@mirage/bytes/checksum'
import type { Ip, IpError, Outgoing } from '@mirage/ip'
import type { FillAt } from '@mirage/net'
import type { Result } from '@mirage/result'
import * as wire from './segment.ts'
import { add } from './sequence.ts'
import type { Tcb } from './tcb.ts'

export class Transmitter {
  /** The segment being sent: one for all. */
  readonly out: wire.Segment = new wire.Segment()
  segmentCount = 0
  resetCount = 0
  #ip: Ip
  /** The packet around it. */
  readonly #packet: Outgoing = {
    dst: ipv4.UNSPECIFIED,
    src: ipv4.UNSPECIFIED,
    protocol: wire.PROTOCOL,
    size: 0,
    trafficClass: 0,
    checksumOffset: -1,
    segmentSize: 0,
    headerSize: 0,
  }
  #pseudo: checksum.Sum = 0
  #tcb: Tcb | undefined

  constructor(ip: Ip) {
    this.#ip = ip
  }

  /** Sends `out`, which `nextSegment` has filled for `tcb`. */
  send(tcb: Tcb): Result<void, IpError> {
    this.#tcb = tcb
    return this.#transmit(tcb.ends.localAddr, tcb.ends.remoteAddr)
  }

  /** Resets a connection of ours. */
  reset({ ends, snd, rcv }: Tcb): void {
    this.#bare(ends.localPort, ends.remotePort, wire.RST | wire.ACK)
    this.out.seq = snd.max
    this.out.ack = rcv.nxt
    this.#transmit(ends.localAddr, ends.remoteAddr)
  }

  /** Answers a segment from `src` that belongs to no connection: RFC 9293 §3.10.7.1. */
  refuse(segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    if ((segment.flags & wire.RST) !== 0) return
    const hasAck = (segment.flags & wire.ACK) !== 0
    this.#bare(segment.dstPort, segment.srcPort, hasAck ? wire.RST : wire.RST | wire.ACK)
    this.out.seq = hasAck ? segment.ack : 0
    this.out.ack = hasAck ? 0 : add(segment.seq, wire.span(segment))
    this.#transmit(dst, src)
  }

  /** A reset with nothing in it. */
  #bare(srcPort: number, dstPort: number, flags: number): void {
    const { out } = this
    out.srcPort = srcPort
    out.dstPort = dstPort
    out.flags = flags
    out.window = 0
    out.mss = 0
    out.scale = -1
    out.textLength = 0
    this.resetCount += 1
  }

  #transmit(src: IpAddress, dst: IpAddress): Result<void, IpError> {
    const packet = this.#packet
    packet.src = src
    packet.dst = dst
    packet.size = wire.headerSize(this.out) + this.out.textLength
    this.#pseudo = checksum.pseudo(src, dst, wire.PROTOCOL, packet.size)
    this.segmentCount += 1
    return this.#ip.writeAt(packet, this.#fill)
  }

  /** Made once: a closure for every segment would cost more than its header. */
  #fill: FillAt = (frame, offset) => {
    const { textLength, textOffset } = this.out
    const { size } = this.#packet
    if (textLength > 0) this.#tcb!.snd.queue.copy(textOffset, frame, offset + size - textLength, textLength)
    wire.emit(frame, offset, this.out, this.#pseudo)
    return size
  }
}
