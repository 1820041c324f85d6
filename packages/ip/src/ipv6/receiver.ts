/** Packets of IPv6 that arrive: from the frame, past extension headers and fragments, to who listens. */
import * as ipv6 from '@mirage/address/ipv6'
import type { Mac } from '@mirage/address/mac'
import * as checksum from '@mirage/bytes/checksum'
import type { Clock } from '@mirage/clock'
import { assert } from '@mirage/result'
import { ICMPV6, type IpDrop, type Packet, type Problem, TCP } from '../ip.ts'
import type { Discovery } from '../ndp/discovery.ts'
import { Reassembler } from '../reassembler.ts'
import { isTrain } from '../train.ts'
import * as extension from './extension.ts'
import * as fragment from './fragment.ts'
import { Names } from './names.ts'
import * as reassemble from './reassemble.ts'
import * as wire from './wire.ts'

/** Takes a packet that is lent. */
export type Receive = (packet: Packet<ipv6.Ipv6>) => void
/** Takes a packet that was dropped, and what was the matter. */
export type TellProblem = (packet: Packet<ipv6.Ipv6>, problem: Problem) => void

/** What it is made on. */
export interface Needs {
  readonly mac: Mac
  readonly clock: Clock
  readonly discovery: Discovery
  /** Whether packets to an address are for us. */
  readonly isOwn: (address: ipv6.Ipv6) => boolean
  readonly isPromiscuous: boolean
  /** Where it counts. */
  readonly drops: Record<IpDrop, number>
  /** Bytes that are kept of packets whose fragments did not all arrive. */
  readonly sizeMax: number | undefined
}

/** What a first fragment of TCP carries at least; every other protocol has 8 bytes of header or fewer. */
const TCP_HEADER_SIZE = 20

/** The input half of an interface. */
export class Receiver {
  readonly listeners: (Receive | undefined)[] = []
  other: Receive | undefined
  take: ((packet: Packet<ipv6.Ipv6>, isToGroup: boolean) => boolean) | undefined
  readonly problems: TellProblem[] = []
  readonly timeouts: Receive[] = []
  readonly #needs: Needs
  readonly #reassembler: Reassembler
  // One object each serves for every packet.
  readonly #packet: wire.MutablePacket = wire.create()
  readonly #walk: extension.Walk = { next: 0, problem: -1, pointer: 0 }
  readonly #names: Names = new Names()

  constructor(needs: Needs) {
    const { clock, drops, sizeMax } = needs
    this.#needs = needs
    const timedOut = (first: Uint8Array): void => this.#timedOut(first)
    this.#reassembler = new Reassembler({ clock, drops, timedOut, sizeMax })
  }

  /** Takes a packet that begins at `offset` of a frame to `dstMac`. */
  input(
    frame: Uint8Array,
    offset: number,
    dstMac: Mac,
    isChecked: boolean,
    segmentSize: number | undefined,
  ): void {
    const packet = this.#packet
    const parsed = wire.parse(frame, offset, packet, this.#names)
    if (!parsed.ok) return this.#drop(parsed.error)
    packet.isChecked = isChecked
    packet.segmentSize = segmentSize
    const isToGroup = dstMac !== this.#needs.mac
    if (!isToGroup && this.take?.(packet, false) === true) return
    if (!this.#isForUs(packet.dst, dstMac)) return this.#drop('not-for-us')
    if (!this.#isFromHost(packet.src)) return this.#drop('bad-source')
    if (isToGroup && this.take?.(packet, true) === true) return
    extension.begin(this.#walk, packet)
    this.#follow(packet, false)
  }

  /** Waits for no fragments any more. */
  disconnect(): void {
    this.#reassembler.disconnect()
  }

  /** Bytes of fragments that wait for others. */
  get fragmentsSize(): number {
    return this.#reassembler.size
  }

  #isForUs(dst: ipv6.Ipv6, dstMac: Mac): boolean {
    if (this.#needs.isOwn(dst)) return dstMac === this.#needs.mac
    if (ipv6.isMulticast(dst)) return this.#needs.discovery.groups.has(dst)
    return this.#needs.isPromiscuous && dstMac === this.#needs.mac
  }

  /** RFC 4291 §2.5.2, §2.7. A host that has no address yet sends from none. */
  #isFromHost(src: ipv6.Ipv6): boolean {
    return !ipv6.isMulticast(src) && src !== ipv6.LOOPBACK && !this.#needs.isOwn(src)
  }

  /** Steps over the extension headers of `packet`, from the one at its offset on. */
  #follow(packet: wire.MutablePacket, isJoined: boolean): void {
    const verdict = extension.walk(this.#walk, packet)
    if (verdict === 'payload') return this.#deliver(packet, isJoined)
    if (verdict === 'drop') return this.#refuse(packet)
    // Fragments in fragments are nobody's: a packet may be full of headers that each say "the whole".
    if (isJoined) return this.#drop('bad-extension')
    if (reassemble.isAtomic(packet)) {
      extension.step(this.#walk, packet)
      return this.#follow(packet, true)
    }
    this.#inputFragment(packet)
  }

  #inputFragment(packet: wire.MutablePacket): void {
    if (this.#isCutTooEarly(packet)) {
      this.#walk.problem = extension.INCOMPLETE_CHAIN
      this.#walk.pointer = 0
      return this.#refuse(packet)
    }
    const whole = this.#reassembler.input(reassemble.keyOf(packet), reassemble.fragmentOf(packet))
    if (whole === undefined) return
    const parsed = wire.parse(whole.bytes, reassemble.restore(whole), packet, this.#names)
    assert(parsed.ok, 'what is joined is a packet')
    packet.isChecked = false
    packet.segmentSize = undefined
    extension.begin(this.#walk, packet)
    this.#follow(packet, true)
  }

  /** Whether a first fragment ends before its payload begins, behind which a filter cannot look: RFC 7112. */
  #isCutTooEarly(packet: wire.MutablePacket): boolean {
    if (fragment.fragmentOffset(packet.frame, packet.offset) !== 0) return false
    const { offset, protocol } = packet
    extension.step(this.#walk, packet)
    const isReached = extension.walk(this.#walk, packet) === 'payload'
    const isTooEarly = isReached
      ? packet.end - packet.offset < (packet.protocol === TCP ? TCP_HEADER_SIZE : 8)
      : this.#walk.problem < 0
    packet.offset = offset
    packet.protocol = protocol
    return isTooEarly
  }

  #deliver(packet: wire.MutablePacket, isJoined: boolean): void {
    if (packet.protocol === ICMPV6 && this.#discover(packet, isJoined)) return
    if (packet.segmentSize !== undefined && !isTrain(packet)) return this.#drop('bad-segment-size')
    const receive = this.listeners[packet.protocol] ?? this.other
    if (receive !== undefined) return receive(packet)
    this.#walk.problem = extension.UNKNOWN_NEXT_HEADER
    this.#walk.pointer = this.#walk.next - packet.header
    this.#tellProblem(packet)
    this.#drop('unknown-protocol')
  }

  /** Whether it was a message of neighbour discovery: those are never in fragments (RFC 6980). */
  #discover(packet: wire.MutablePacket, isJoined: boolean): boolean {
    const { frame, offset, end, src, dst } = packet
    if (!this.#needs.discovery.isOurs(packet)) return false
    const length = end - offset
    const isIntact = checksum.of(frame, offset, end, checksum.pseudo(src, dst, ICMPV6, length)) === 0
    if (isJoined || !isIntact || !this.#needs.discovery.input(packet)) this.#drop('bad-discovery')
    return true
  }

  #refuse(packet: wire.MutablePacket): void {
    if (this.#walk.problem >= 0) this.#tellProblem(packet)
    this.#drop('bad-extension')
  }

  #tellProblem(packet: Packet<ipv6.Ipv6>): void {
    const { problem: code, pointer } = this.#walk
    for (const notify of this.problems) notify(packet, { code, pointer })
  }

  #timedOut(first: Uint8Array): void {
    const packet = wire.create()
    // Its length is still that of the fragment, which came whole.
    const parsed = wire.parse(first, 0, packet, this.#names)
    assert(parsed.ok, 'the first fragment was a packet')
    for (const notify of this.timeouts) notify(packet)
  }

  #drop(reason: IpDrop): void {
    this.#needs.drops[reason] += 1
  }
}
