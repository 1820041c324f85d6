/** Segments that leave: from the core's records into packets of `Ip`, with nothing made on the way. */
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as checksum from '@mirage/bytes/checksum'
import type { Ip, IpError, Outgoing } from '@mirage/ip'
import type { FillAt } from '@mirage/net'
import type { Result } from '@mirage/result'
import { clear } from './options.ts'
import * as wire from './segment.ts'
import { type Sequence, add } from './sequence.ts'
import type { Limits, Tcb } from './tcb.ts'

/** The headers of IP and TCP, with all of their options. */
const HEADERS_SIZE_MAX = 120
/** The most text that is cut here, if the device cuts none: more at a time makes nothing faster. */
const CUT_MAX = 65_536

export class Transmitter {
  /** The most text in one segment that is cut on its way. */
  readonly textMax: number
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
    const { segmentation } = ip.offloads
    this.textMax = segmentation > 0 ? segmentation - HEADERS_SIZE_MAX : CUT_MAX
    if (ip.offloads.checksum) this.#packet.checksumOffset = wire.CHECKSUM_OFFSET
  }

  /** Sends `out`, which `nextSegment` has filled for `tcb`, cut into segments here if the device does not. */
  send(tcb: Tcb): Result<void, IpError> {
    this.#tcb = tcb
    const { out } = this
    const { localAddr, remoteAddr } = tcb
    const isWhole = out.textLength <= out.segmentSize || out.segmentSize === 0
    if (isWhole || this.#ip.offloads.segmentation > 0) return this.#transmit(localAddr, remoteAddr, !isWhole)
    return this.#cut(localAddr, remoteAddr)
  }

  /** Sends `out` in pieces. What comes after the last text, a FIN or a push, goes with the last. */
  #cut(src: IpAddress, dst: IpAddress): Result<void, IpError> {
    const { out } = this
    const { flags, segmentSize } = out
    out.flags = flags & ~(wire.PSH | wire.FIN)
    let left = out.textLength
    for (out.textLength = segmentSize; left > segmentSize; left -= segmentSize) {
      const sent = this.#transmit(src, dst, false)
      // The device is full, or gone: those behind would be lost as well.
      if (!sent.ok) return sent
      out.seq = add(out.seq, segmentSize)
      out.textOffset += segmentSize
    }
    out.flags = flags
    out.textLength = left
    return this.#transmit(src, dst, false)
  }

  /** Answers a SYN from `src` that nothing is kept of with `iss`, a cookie. */
  promise(segment: wire.Segment, src: IpAddress, dst: IpAddress, iss: Sequence, limits: Limits): void {
    const { out } = this
    this.#bare(segment.dstPort, segment.srcPort, wire.SYN | wire.ACK)
    out.seq = iss
    out.ack = add(segment.seq, 1)
    out.mss = limits.mss
    out.window = Math.min(limits.receiveSize, 0xffff)
    this.#transmit(dst, src, false)
  }

  /** Resets a connection of ours. */
  reset({ localAddr, localPort, remoteAddr, remotePort, snd, rcv }: Tcb): void {
    this.#bare(localPort, remotePort, wire.RST | wire.ACK)
    this.resetCount += 1
    this.out.seq = snd.max
    this.out.ack = rcv.nxt
    this.#transmit(localAddr, remoteAddr, false)
  }

  /** Answers a segment from `src` that belongs to no connection: RFC 9293 §3.10.7.1. */
  refuse(segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    if ((segment.flags & wire.RST) !== 0) return
    const hasAck = (segment.flags & wire.ACK) !== 0
    this.#bare(segment.dstPort, segment.srcPort, hasAck ? wire.RST : wire.RST | wire.ACK)
    this.resetCount += 1
    this.out.seq = hasAck ? segment.ack : 0
    this.out.ack = hasAck ? 0 : add(segment.seq, wire.span(segment))
    this.#transmit(dst, src, false)
  }

  /** A segment with nothing in it. */
  #bare(srcPort: number, dstPort: number, flags: number): void {
    const { out } = this
    out.srcPort = srcPort
    out.dstPort = dstPort
    out.flags = flags
    out.window = 0
    clear(out)
    out.ecn = 0
    out.textLength = 0
    out.segmentSize = 0
  }

  /** Sends `out` in one packet, of which the device makes several segments if `isCut`. */
  #transmit(src: IpAddress, dst: IpAddress, isCut: boolean): Result<void, IpError> {
    const { out } = this
    const packet = this.#packet
    const headerSize = wire.headerSize(out)
    packet.src = src
    packet.dst = dst
    packet.size = headerSize + out.textLength
    packet.trafficClass = out.ecn
    packet.segmentSize = isCut ? out.segmentSize : 0
    packet.headerSize = headerSize
    this.#pseudo = checksum.pseudo(src, dst, wire.PROTOCOL, packet.size)
    this.segmentCount += isCut ? Math.ceil(out.textLength / out.segmentSize) : 1
    return this.#ip.writeAt(packet, this.#fill)
  }

  /** Made once: a closure for every segment would cost more than its header. */
  #fill: FillAt = (frame, offset) => {
    const { textLength, textOffset } = this.out
    const { size, checksumOffset } = this.#packet
    const isPartial = checksumOffset >= 0
    const text =
      textLength === 0
        ? 0
        : this.#tcb!.snd.queue.copy(textOffset, frame, offset + size - textLength, textLength, !isPartial)
    wire.emit(frame, offset, this.out, checksum.join(this.#pseudo, 0, text), isPartial)
    return size
  }
}
