/** A peer that knows the protocol and breaks it. */
import assert from 'node:assert/strict'
import type { IpAddress } from '@mirage/address/ip'
import * as checksum from '@mirage/bytes/checksum'
import { setU16 } from '@mirage/bytes'
import type { IpError, Outgoing } from '@mirage/ip'
import type { DeliveryErrorKind } from '@mirage/ip/errors'
import { ACK, FIN, RST, SYN, Segment, emit, headerSize, parse, span } from '../segment.ts'
import { add, distance, lessThan } from '../sequence.ts'
import type { Chance } from './hostile-chance.ts'
import { type Conversation, begun } from './hostile-conversation.ts'
import { segmentOf, synOf } from './hostile-segment.ts'
import { type Wire, isText, textAt } from './hostile-wire.ts'

const CONVERSATIONS_MAX = 12

const KINDS: readonly DeliveryErrorKind[] = [
  'port-unreachable',
  'host-unreachable',
  'time-exceeded',
  'prohibited',
]

/** All ends of connections but the stack's. */
export class Peer {
  /** Segments that the stack has sent since this was set to 0. */
  answers = 0
  readonly #chance: Chance
  readonly #wire: Wire
  readonly #own: readonly IpAddress[]
  readonly #peers: readonly IpAddress[]
  #conversations: Conversation[] = []
  #nextPort = 1000
  readonly #in: Segment = new Segment()

  /** It has the addresses `peers`, one of each family, and the stack has `own`. */
  constructor(chance: Chance, wire: Wire, own: readonly IpAddress[], peers: readonly IpAddress[]) {
    this.#chance = chance
    this.#wire = wire
    this.#own = own
    this.#peers = peers
    wire.sent = (frame, packet) => this.#sent(frame, packet)
  }

  /** One of its conversations, if there is any. */
  any(): Conversation | undefined {
    return this.#conversations[this.#chance.below(Math.max(this.#conversations.length, 1))]
  }

  /** The conversation between a port of the stack's and one of `peer`. */
  find(ownPort: number, peer: IpAddress, peerPort: number): Conversation | undefined {
    return this.#conversations.find(
      (each) => each.peerPort === peerPort && each.ownPort === ownPort && each.peer === peer,
    )
  }

  /** Begins another conversation. */
  open(): void {
    const family = this.#chance.below(2)
    const irs = this.#chance.rarely(2)
      ? (0x7fff_fff0 + this.#chance.below(32)) | 0
      : this.#chance.below(0x1_0000_0000) | 0
    const names = {
      own: this.#own[family]!,
      peer: this.#peers[family]!,
      ownPort: 80,
      peerPort: this.#nextPort,
    }
    const conversation = begun(names, irs, this.#chance.below(0x1_0000_0000) | 0)
    this.#nextPort = 1000 + ((this.#nextPort + 1) % 60_000)
    this.#keep(conversation)
    this.#sendSyn(conversation, SYN)
  }

  /** Says what comes next, or what does not. */
  speak(conversation: Conversation): void {
    if (conversation.iss === undefined) return this.#sendSyn(conversation, SYN)
    if (conversation.ownPort !== 80 && conversation.ack === conversation.iss) {
      // It answers a SYN of the stack's, or opens at the same time.
      return this.#sendSyn(conversation, this.#chance.rarely(4) ? SYN : SYN | ACK)
    }
    const count = this.#chance.rarely(4) ? 1 + this.#chance.below(20) : 1
    for (let i = 0; i < count; i++) this.#sendOne(conversation)
  }

  /** Reports an error about what was sent, or was not. */
  complain({ own, peer, ownPort, peerPort, ack, end }: Conversation): void {
    const frame = new Uint8Array(16)
    setU16(frame, 2, ownPort)
    setU16(frame, 4, peerPort)
    const seq = this.#chance.rarely(4)
      ? this.#chance.below(0x1_0000_0000)
      : add(ack, this.#chance.below(Math.max(distance(ack, end), 1)))
    setU16(frame, 6, (seq >>> 16) & 0xffff)
    setU16(frame, 8, seq & 0xffff)
    const from = { reporter: peer, type: 3, code: 4 }
    const quote = { ...from, src: own, dst: peer, protocol: 6, frame, offset: 2, end: 16 }
    if (this.#chance.rarely(3)) return this.#wire.unreachable(peer)
    if (this.#chance.rarely(2))
      this.#wire.report({ ...quote, kind: KINDS[this.#chance.below(KINDS.length)]! })
    else this.#wire.report({ ...quote, kind: 'too-big', mtu: this.#chance.below(1600) })
  }

  #sendSyn(conversation: Conversation, flags: number): void {
    const syn = synOf(this.#chance, conversation, flags)
    syn.textLength = this.#chance.rarely(10) ? this.#chance.below(1000) : 0
    this.#transmit(conversation, syn)
    conversation.seq = add(conversation.irs, 1)
    if ((flags & ACK) !== 0) conversation.ack = syn.ack
  }

  #sendOne(conversation: Conversation): void {
    const segment = segmentOf(this.#chance, conversation)
    // It may begin a connection, whose text then begins elsewhere.
    if ((segment.flags & SYN) !== 0) conversation.isTainted = true
    this.#transmit(conversation, segment)
    const next = add(segment.seq, segment.textLength + ((segment.flags & FIN) === 0 ? 0 : 1))
    const isNext = (segment.flags & (SYN | RST)) === 0 && segment.seq === conversation.seq
    if (isNext && lessThan(conversation.seq, next)) conversation.seq = next
  }

  #transmit(conversation: Conversation, segment: Segment): void {
    const { own, peer, irs } = conversation
    segment.srcPort = conversation.peerPort
    segment.dstPort = conversation.ownPort
    const length = segment.textLength
    const size = headerSize(segment) + length
    const frame = new Uint8Array(size + 5)
    frame.set(
      textAt(distance(irs, segment.seq) - 1 + ((segment.flags & SYN) === 0 ? 0 : 1), length),
      5 + size - length,
    )
    const sum = checksum.pseudo(peer, own, 6, size)
    emit(frame, 5, segment, checksum.add(frame, 5 + size - length, 5 + size, sum))
    if (this.#chance.rarely(40)) this.#spoil(conversation, frame, size)
    this.#receive(conversation, frame, 5 + size)
  }

  /** Changes some bytes of a header, and sums it anew. */
  #spoil(conversation: Conversation, frame: Uint8Array, size: number): void {
    conversation.isTainted = true
    for (let i = 1 + this.#chance.below(4); i > 0; i--) {
      frame[5 + 4 + this.#chance.below(Math.min(size, 60) - 4)] = this.#chance.below(256)
    }
    setU16(frame, 5 + 16, 0)
    setU16(
      frame,
      5 + 16,
      checksum.of(frame, 5, 5 + size, checksum.pseudo(conversation.peer, conversation.own, 6, size)),
    )
  }

  #receive({ own, peer }: Conversation, frame: Uint8Array, end: number): void {
    const trafficClass = this.#chance.rarely(10) ? this.#chance.below(4) : 0
    const isChecked = this.#chance.rarely(2)
    const of = { trafficClass, isChecked, segmentSize: undefined, protocol: 6, ttl: 64, header: 0 }
    this.#wire.receive({ frame, offset: 5, end, src: peer, dst: own, ...of })
    // The frame was lent: whoever looks at it later finds this.
    frame.fill(0xee)
  }

  // What the stack sends.

  #sent(
    frame: Uint8Array,
    { src, dst, size, checksumOffset, segmentSize }: Readonly<Outgoing>,
  ): IpError | undefined {
    this.answers += segmentSize > 0 ? Math.ceil(size / segmentSize) : 1
    const segment = this.#in
    const pseudo = checksum.pseudo(src, dst, 6, size)
    const parsed = parse(frame, 3, 3 + size, pseudo, segment, checksumOffset >= 0)
    assert.ok(parsed.ok, 'what is sent can be read')
    const conversation = this.find(segment.srcPort, dst, segment.dstPort)
    if (conversation === undefined) return this.#sentUnasked(segment, src, dst)
    this.#note(conversation, segment)
    return this.#chance.rarely(500) ? 'no-route' : undefined
  }

  /** A SYN of the stack's begins a conversation. */
  #sentUnasked({ flags, srcPort, dstPort, seq }: Segment, src: IpAddress, dst: IpAddress): undefined {
    if ((flags & (SYN | ACK | RST)) !== SYN) return
    const irs = this.#chance.below(0x1_0000_0000) | 0
    const names = { own: src, peer: dst, ownPort: srcPort, peerPort: dstPort }
    const conversation = begun(names, irs, this.#chance.below(0x1_0000_0000) | 0)
    const asked = { iss: seq, ack: seq, end: add(seq, 1), edge: irs }
    this.#keep(Object.assign(conversation, asked))
  }

  /** Remembers one more, and forgets the oldest: whoever it was with gets no answer. */
  #keep(conversation: Conversation): void {
    if (this.#conversations.length >= CONVERSATIONS_MAX) this.#conversations.shift()
    this.#conversations.push(conversation)
  }

  #note(conversation: Conversation, segment: Segment): void {
    const { flags, seq, ack } = segment
    if ((flags & RST) !== 0) return
    if ((flags & SYN) !== 0) {
      if (conversation.iss !== seq) {
        conversation.iss = seq
        conversation.end = add(seq, 1)
        conversation.ack = add(seq, 1)
      }
      conversation.scale = segment.scale
      conversation.hasTimestamps = segment.hasTimestamps
      if ((flags & ACK) !== 0) conversation.edge = add(ack, segment.window)
    } else {
      conversation.edge = add(ack, segment.window << Math.max(conversation.scale, 0))
      this.#checkText(conversation, segment)
    }
    conversation.lastStamp = segment.tsVal
    if (conversation.iss === undefined) return
    const end = add(seq, span(segment))
    if (lessThan(conversation.end, end)) conversation.end = end
  }

  #checkText({ iss }: Conversation, { seq, frame, textOffset, textLength }: Segment): void {
    if (textLength === 0 || iss === undefined) return
    assert.ok(
      isText(frame, textOffset, textLength, distance(iss, seq) - 1),
      `what is sent at ${distance(iss, seq)} is what was written`,
    )
  }
}
