/**
 * A peer that knows the protocol and breaks it, and an application that does everything in any order: for the tests.
 *
 * The peer keeps what an honest one would, so that what it sends is nearly right: it lies in the window, acknowledges
 * what was sent, carries the clocks and blocks that were agreed on; and then something about it is wrong. All text is a
 * function of its place in the stream, so that neither end needs to remember any of it to check all of it.
 */
import assert from 'node:assert/strict'
import type { IpAddress } from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import * as ipv6 from '@mirage/address/ipv6'
import * as checksum from '@mirage/bytes/checksum'
import { setU16 } from '@mirage/bytes'
import { type ManualClock, manual } from '@mirage/clock/manual'
import type { IpError, Outgoing } from '@mirage/ip'
import type { DeliveryErrorKind } from '@mirage/ip/errors'
import { type Random, below } from '@mirage/random'
import { seeded } from '@mirage/random/seeded'
import { connect } from '../connect.ts'
import { ACK, CWR, ECE, FIN, PSH, RST, SYN, Segment, URG, emit, headerSize, parse, span } from '../segment.ts'
import { add, distance, lessThan } from '../sequence.ts'
import type { TcpFlow } from '../tcp.ts'
import { Wire, textAt } from './hostile-wire.ts'

const CONNECTIONS_MAX = 64
const MEMORY_MAX = 4_000_000
/** Segments that one event may be answered with: a whole window in the smallest of segments, some times over. */
const ANSWERS_MAX = 400_000

/** What the peer knows of one connection. */
interface Conversation {
  readonly own: IpAddress
  readonly peer: IpAddress
  readonly ownPort: number
  readonly peerPort: number
  /** The peer's initial sequence number, and what it sends next. */
  readonly irs: number
  seq: number
  /** Where the stack's begins, what was acknowledged, and the end of what it sent; nothing before its SYN. */
  iss: number | undefined
  ack: number
  end: number
  /** The window that the stack said last. */
  window: number
  scale: number
  hasTimestamps: boolean
  clock: number
  lastStamp: number
  /** A segment with arbitrary bytes was sent: its text may be any. */
  isTainted: boolean
  edge: number
}

/** What the application does with one flow. */
interface User {
  readonly flow: TcpFlow
  read: number
  written: number
  isReading: boolean
  isWriting: boolean
  isShut: boolean
  isListening: boolean
}

export interface Report {
  readonly segmentsOut: number
  readonly opened: number
  readonly readBytes: number
  readonly longestMs: number
}

const KINDS: readonly DeliveryErrorKind[] = [
  'port-unreachable',
  'host-unreachable',
  'time-exceeded',
  'prohibited',
]

/** One stack, attacked `steps` times; what it does is told by `seed` alone. Throws where it does what it must not. */
export async function attack(seed: number, steps: number): Promise<Report> {
  return new Attack(seed).run(steps)
}

class Attack {
  readonly #random: Random
  readonly #clock: ManualClock = manual()
  readonly #wire: Wire
  readonly #stack: ReturnType<typeof connect>
  readonly #own: readonly IpAddress[] = [ipv4.of(10, 0, 0, 1), address6(1)]
  readonly #peers: readonly IpAddress[] = [ipv4.of(10, 0, 0, 2), address6(2)]
  #conversations: Conversation[] = []
  #users: User[] = []
  #nextPort = 1000
  #answers = 0
  #opened = 0
  #readBytes = 0
  readonly #in: Segment = new Segment()

  constructor(seed: number) {
    const random = (this.#random = seeded(seed))
    const isOffloaded = below(random, 2) === 0
    this.#wire = new Wire(this.#own, { checksum: isOffloaded, segmentation: isOffloaded ? 65_535 : 0 })
    this.#wire.sent = (frame, packet) => this.#sent(frame, packet)
    this.#stack = connect(
      { ip: this.#wire, icmp: this.#wire, clock: this.#clock, random },
      {
        connectionsMax: CONNECTIONS_MAX,
        backlogMax: 8,
        timeWaitMax: 16,
        memoryMax: MEMORY_MAX,
        ...(below(random, 3) === 0 ? { receiveSize: 1 + below(random, 100_000) } : {}),
        ...(below(random, 3) === 0 ? { sendSize: 1 + below(random, 100_000) } : {}),
      },
    )
    this.#listen()
  }

  async run(steps: number): Promise<Report> {
    let longestMs = 0
    for (let i = 0; i < steps; i++) {
      this.#answers = 0
      const began = performance.now()
      this.#step()
      await settled()
      longestMs = Math.max(longestMs, performance.now() - began)
      this.#check()
    }
    await this.#end()
    const { segmentsOut } = this.#stack.counters
    return { segmentsOut, opened: this.#opened, readBytes: this.#readBytes, longestMs }
  }

  #check(): void {
    const { connections, memory } = this.#stack.usage
    assert.ok(connections <= CONNECTIONS_MAX)
    assert.ok(memory >= 0 && memory <= MEMORY_MAX + CONNECTIONS_MAX * 330_000, `${memory} bytes`)
    assert.ok(this.#answers <= ANSWERS_MAX, `${this.#answers} segments for one event`)
    const { deadline } = this.#clock
    assert.ok(deadline === undefined || !Number.isNaN(deadline))
  }

  /** Everybody leaves, and nobody answers any more: after some hours nothing is left. */
  async #end(): Promise<void> {
    for (const { flow } of this.#users) flow.close()
    for (let i = 0; i < 300 && this.#clock.deadline !== undefined; i++) {
      this.#clock.advance(60_000)
      await settled()
    }
    assert.deepEqual(this.#stack.usage, { connections: 0, memory: 0 })
    assert.equal(this.#clock.deadline, undefined, 'nobody waits')
    this.#stack.disconnect()
  }

  #below(count: number): number {
    return below(this.#random, count)
  }

  /** One in `count` times. */
  #rarely(count: number): boolean {
    return this.#below(count) === 0
  }

  #step(): void {
    const conversation = this.#conversations[this.#below(Math.max(this.#conversations.length, 1))]
    const what = this.#below(100)
    if (conversation === undefined || what < 4) return this.#open()
    if (what < 70) return this.#speak(conversation)
    if (what < 85) return this.#use()
    if (what < 87) return this.#errorArrives(conversation)
    if (what < 88) return this.#connectOut()
    this.#clock.advance(
      this.#rarely(30) ? this.#below(600_000) : this.#rarely(3) ? this.#below(2000) : this.#below(20),
    )
  }

  // The peer.

  #open(): void {
    if (this.#conversations.length >= 12) this.#conversations.shift()
    const family = this.#below(2)
    const irs = this.#rarely(2) ? (0x7fff_fff0 + this.#below(32)) | 0 : this.#below(0x1_0000_0000) | 0
    const conversation: Conversation = {
      own: this.#own[family]!,
      peer: this.#peers[family]!,
      ownPort: 80,
      peerPort: this.#nextPort,
      irs,
      seq: add(irs, 1),
      iss: undefined,
      ack: 0,
      end: 0,
      window: 65_535,
      scale: 0,
      hasTimestamps: false,
      clock: this.#below(0x1_0000_0000) | 0,
      lastStamp: 0,
      isTainted: false,
      edge: add(irs, 65_535),
    }
    this.#nextPort = 1000 + ((this.#nextPort + 1) % 60_000)
    this.#conversations.push(conversation)
    this.#sendSyn(conversation, SYN)
  }

  #sendSyn(conversation: Conversation, flags: number): void {
    const syn = new Segment()
    syn.seq = conversation.irs
    syn.ack = conversation.iss === undefined ? 0 : add(conversation.iss, 1)
    syn.flags = flags | (this.#rarely(3) ? ECE | CWR : 0) | (this.#rarely(20) ? FIN | PSH : 0)
    syn.window = this.#rarely(4) ? this.#below(3) : this.#below(65_536)
    syn.mss = [0, 88, 89, 536, 1460, 65_535][this.#below(6)]!
    syn.scale = [-1, 0, 7, 14][this.#below(4)]!
    syn.isSackPermitted = !this.#rarely(4)
    syn.hasTimestamps = this.#rarely(2)
    syn.tsVal = conversation.clock
    this.#transmit(conversation, syn, this.#rarely(10) ? this.#below(1000) : 0)
    conversation.seq = add(conversation.irs, 1)
    if ((flags & ACK) !== 0) conversation.ack = syn.ack
  }

  #speak(conversation: Conversation): void {
    if (conversation.iss === undefined) return this.#sendSyn(conversation, SYN)
    if (conversation.ownPort !== 80 && conversation.ack === conversation.iss) {
      // It answers a SYN of the stack's, or opens at the same time.
      return this.#sendSyn(conversation, this.#rarely(4) ? SYN : SYN | ACK)
    }
    const count = this.#rarely(4) ? 1 + this.#below(20) : 1
    for (let i = 0; i < count; i++) this.#sendOne(conversation)
  }

  #sendOne(conversation: Conversation): void {
    const segment = new Segment()
    segment.flags = ACK
    this.#chooseAck(conversation, segment)
    this.#chooseOptions(conversation, segment)
    segment.window = [0, 1, 10, 500, 65_535, 65_535, 65_535, this.#below(65_536)][this.#below(8)]!
    const length = this.#chooseText(conversation, segment)
    if (this.#rarely(60))
      segment.flags |= [FIN, RST, SYN, URG, SYN | FIN, RST | FIN, FIN | URG, ECE][this.#below(8)]!
    if (this.#rarely(20)) segment.flags |= [PSH, ECE, CWR, URG][this.#below(4)]!
    if (this.#rarely(200)) segment.flags &= ~ACK
    // It may begin a connection, whose text then begins elsewhere.
    if ((segment.flags & SYN) !== 0) conversation.isTainted = true
    this.#transmit(conversation, segment, length)
    const next = add(segment.seq, length + ((segment.flags & FIN) === 0 ? 0 : 1))
    if (
      (segment.flags & (SYN | RST)) === 0 &&
      lessThan(conversation.seq, next) &&
      distance(conversation.seq, next) < 1e6
    )
      if (segment.seq === conversation.seq) conversation.seq = next
  }

  #chooseAck(conversation: Conversation, segment: Segment): void {
    const flight = Math.max(distance(conversation.ack, conversation.end), 0)
    const how = this.#below(20)
    if (how < 8) segment.ack = conversation.end
    else if (how < 12) segment.ack = add(conversation.ack, this.#below(flight + 1))
    else if (how < 18) segment.ack = conversation.ack
    else if (how === 18) segment.ack = add(conversation.ack, -this.#below(100_000))
    else segment.ack = add(conversation.end, [1, 1000, 0x7fff_ffff, 0x8000_0000][this.#below(4)]!)
    if (how < 12) conversation.ack = segment.ack
    if (flight > 0 && this.#rarely(2)) this.#chooseBlocks(conversation, segment, flight)
  }

  /** Blocks of what is in flight, in any order, one over the other, and some of what is not. */
  #chooseBlocks(conversation: Conversation, segment: Segment, flight: number): void {
    segment.sackCount = 1 + this.#below(3)
    for (let i = 0; i < segment.sackCount; i++) {
      const left = this.#below(flight)
      const right = left + 1 + this.#below(this.#rarely(2) ? 3000 : flight)
      const base = this.#rarely(15)
        ? add(conversation.ack, [-5000, 0x7fff_0000, 0x8000_0000][this.#below(3)]!)
        : conversation.ack
      segment.sacks[2 * i] = add(base, left)
      segment.sacks[2 * i + 1] = this.#rarely(20)
        ? add(base, left - 10)
        : add(base, Math.min(right, this.#rarely(10) ? right : flight))
    }
  }

  #chooseOptions(conversation: Conversation, segment: Segment): void {
    segment.hasTimestamps = conversation.hasTimestamps ? !this.#rarely(50) : this.#rarely(50)
    conversation.clock = add(conversation.clock, this.#below(20))
    segment.tsVal = this.#rarely(100)
      ? add(conversation.clock, [-1, -100_000, 100_000, 0x7fff_ffff, 0x8000_0000][this.#below(5)]!)
      : conversation.clock
    segment.tsEcr = this.#rarely(50) ? this.#below(0x1_0000_0000) | 0 : conversation.lastStamp
    if (segment.hasTimestamps && segment.sackCount > 3) segment.sackCount = 3
  }

  /** Says where the text of `segment` begins, and returns how long it is. */
  #chooseText(conversation: Conversation, segment: Segment): number {
    segment.seq = conversation.seq
    const how = this.#below(20)
    if (how < 8) return 0
    const room = Math.max(distance(conversation.seq, conversation.edge), 0)
    if (how < 14) return Math.min(1 + this.#below(3000), Math.max(room, 1))
    if (how === 14) return Math.min(this.#below(65_000), room + this.#below(2))
    if (how < 18) {
      segment.seq = add(conversation.seq, this.#below(Math.max(room, 1) + 10))
      return 1 + this.#below(this.#rarely(2) ? 10 : 2000)
    }
    const behind = Math.min(
      this.#below(70_000),
      Math.max(distance(conversation.irs, conversation.seq) - 1, 0),
    )
    segment.seq = add(conversation.seq, -behind)
    if (how === 18) return this.#below(behind + 3000) % 60_000
    segment.seq = add(segment.seq, [0x7fff_ffff, 0x8000_0000, room, room + 1][this.#below(4)]!)
    return this.#below(2000)
  }

  #transmit(conversation: Conversation, segment: Segment, length: number): void {
    const { own, peer, irs } = conversation
    segment.srcPort = conversation.peerPort
    segment.dstPort = conversation.ownPort
    segment.textLength = length
    const size = headerSize(segment) + length
    const frame = new Uint8Array(size + 5)
    frame.set(
      textAt(distance(irs, segment.seq) - 1 + ((segment.flags & SYN) === 0 ? 0 : 1), length),
      5 + size - length,
    )
    emit(frame, 5, segment, checksum.pseudo(peer, own, 6, size))
    if (this.#rarely(40)) this.#spoil(conversation, frame, size)
    this.#receive(conversation, frame, 5 + size)
  }

  /** Changes some bytes of a header, and sums it anew. */
  #spoil(conversation: Conversation, frame: Uint8Array, size: number): void {
    conversation.isTainted = true
    for (let i = 1 + this.#below(4); i > 0; i--) {
      frame[5 + 4 + this.#below(Math.min(size, 60) - 4)] = this.#below(256)
    }
    setU16(frame, 5 + 16, 0)
    setU16(
      frame,
      5 + 16,
      checksum.of(frame, 5, 5 + size, checksum.pseudo(conversation.peer, conversation.own, 6, size)),
    )
  }

  #receive({ own, peer }: Conversation, frame: Uint8Array, end: number): void {
    const trafficClass = this.#rarely(10) ? this.#below(4) : 0
    const of = { trafficClass, isChecked: this.#rarely(2), protocol: 6, ttl: 64, header: 0 }
    this.#wire.receive({ frame, offset: 5, end, src: peer, dst: own, ...of })
    // The frame was lent: whoever looks at it later finds this.
    frame.fill(0xee)
  }

  /** A report about what was sent, or was not. */
  #errorArrives({ own, peer, ownPort, peerPort, ack, end }: Conversation): void {
    const frame = new Uint8Array(16)
    setU16(frame, 2, ownPort)
    setU16(frame, 4, peerPort)
    const seq = this.#rarely(4)
      ? this.#below(0x1_0000_0000)
      : add(ack, this.#below(Math.max(distance(ack, end), 1)))
    setU16(frame, 6, (seq >>> 16) & 0xffff)
    setU16(frame, 8, seq & 0xffff)
    const quote = {
      reporter: peer,
      type: 3,
      code: 4,
      src: own,
      dst: peer,
      protocol: 6,
      frame,
      offset: 2,
      end: 16,
    }
    if (this.#rarely(3)) return this.#wire.unreachable(peer)
    if (this.#rarely(2)) this.#wire.report({ ...quote, kind: KINDS[this.#below(KINDS.length)]! })
    else this.#wire.report({ ...quote, kind: 'too-big', mtu: this.#below(1600) })
  }

  // What the stack sends.

  #sent(
    frame: Uint8Array,
    { src, dst, size, checksumOffset, segmentSize }: Readonly<Outgoing>,
  ): IpError | undefined {
    this.#answers += segmentSize > 0 ? Math.ceil(size / segmentSize) : 1
    const segment = this.#in
    const pseudo = checksum.pseudo(src, dst, 6, size)
    const parsed = parse(frame, 3, 3 + size, pseudo, segment, checksumOffset >= 0)
    assert.ok(parsed.ok, 'what is sent can be read')
    const conversation = this.#conversations.find(
      (each) => each.peerPort === segment.dstPort && each.ownPort === segment.srcPort && each.peer === dst,
    )
    if (conversation === undefined) return this.#sentUnasked(segment, src, dst)
    this.#note(conversation, segment)
    return this.#rarely(500) ? 'no-route' : undefined
  }

  /** A SYN of the stack's begins a conversation. */
  #sentUnasked({ flags, srcPort, dstPort, seq }: Segment, src: IpAddress, dst: IpAddress): undefined {
    if ((flags & (SYN | ACK | RST)) !== SYN) return
    if (this.#conversations.length >= 12) this.#conversations.shift()
    const irs = this.#below(0x1_0000_0000) | 0
    const names = { own: src, peer: dst, ownPort: srcPort, peerPort: dstPort }
    const clock = this.#below(0x1_0000_0000) | 0
    const send = { irs, seq: add(irs, 1), iss: seq, ack: seq, end: add(seq, 1), window: 65_535, scale: 0 }
    this.#conversations.push({
      ...names,
      ...send,
      hasTimestamps: false,
      clock,
      lastStamp: 0,
      isTainted: false,
      edge: irs,
    })
  }

  #note(conversation: Conversation, segment: Segment): void {
    const { flags, seq, ack, textLength } = segment
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
    assert.ok(textLength <= 65_535)
  }

  #checkText({ iss }: Conversation, { seq, frame, textOffset, textLength }: Segment): void {
    if (textLength === 0 || iss === undefined) return
    const expected = textAt(distance(iss, seq) - 1, textLength)
    assert.ok(
      isSame(frame, textOffset, expected),
      `what is sent at ${distance(iss, seq)} is what was written`,
    )
  }

  // The application.

  #listen(): void {
    const keepAlive = this.#rarely(2)
      ? { after: 1000 + this.#below(10_000), interval: 100 + this.#below(1000), probes: 3 }
      : undefined
    this.#stack.listen(80, (flow) => this.#accepted(flow), {
      ...(keepAlive === undefined ? {} : { keepAlive }),
      ...(this.#rarely(3) ? { userTimeout: 1 + this.#below(60_000) } : {}),
      connectionsMax: 40,
    })
  }

  #accepted(flow: TcpFlow): void {
    this.#opened += 1
    this.#users.push({
      flow,
      read: 0,
      written: 0,
      isReading: false,
      isWriting: false,
      isShut: false,
      isListening: false,
    })
    if (this.#rarely(2)) this.#act(this.#users.at(-1)!)
  }

  #connectOut(): void {
    const family = this.#below(2)
    const remote = { address: this.#peers[family]!, port: 1 + this.#below(65_535) }
    void this.#stack.connect(remote).then((result) => {
      if (result.ok) this.#accepted(result.value)
    })
  }

  #use(): void {
    if (this.#users.length === 0) return
    if (this.#users.length > 30) this.#users.shift()!.flow.abort()
    if (this.#rarely(100)) {
      this.#stack.unlisten(80)
      this.#listen()
    }
    this.#act(this.#users[this.#below(this.#users.length)]!)
  }

  #act(user: User): void {
    const what = this.#below(40)
    if (what < 14) this.#read(user)
    else if (what < 28) this.#write(user)
    else if (what < 31) this.#offer(user)
    else if (what < 34) this.#lend(user)
    else if (what === 35) this.#leave(user, () => user.flow.shutdown())
    else if (what === 36) this.#leave(user, () => user.flow.close())
    else if (what === 37 && this.#rarely(2)) this.#leave(user, () => user.flow.abort())
  }

  #leave(user: User, how: () => void): void {
    user.isShut = true
    how()
  }

  #read(user: User): void {
    if (user.isReading || user.isListening) return
    if (this.#rarely(2)) {
      user.isReading = true
      void user.flow.read().then((result) => {
        user.isReading = false
        if (result.ok && result.value !== 'eof') this.#took(user, result.value, 0, result.value.length)
        if (this.#rarely(3)) this.#act(user)
      })
      return
    }
    const wake = (): void => {
      user.isReading = false
      this.#read(user)
    }
    for (let i = 0; i < 20; i++) {
      user.isReading = true
      const result = user.flow.poll(wake)
      if (result === undefined) return
      user.isReading = false
      if (!result.ok || result.value === 'eof') return
      this.#took(user, result.value, 0, result.value.length)
    }
  }

  #lend(user: User): void {
    if (user.isReading || user.isListening) return
    user.isListening = true
    user.flow.listen(
      (frame, offset, end) => {
        this.#took(user, frame, offset, end)
        if (this.#rarely(10)) this.#act(user)
      },
      () => {
        user.isListening = false
        if (this.#rarely(2)) this.#act(user)
      },
    )
  }

  #took(user: User, frame: Uint8Array, offset: number, end: number): void {
    const length = end - offset
    this.#readBytes += length
    const { remote, local } = user.flow
    const conversation = this.#conversations.find(
      (each) => each.peerPort === remote.port && each.ownPort === local.port && each.peer === remote.address,
    )
    if (conversation?.isTainted !== false) {
      user.read += length
      return
    }
    for (let at = offset; at < end; at += 60_000) {
      const expected = textAt(user.read + at - offset, Math.min(60_000, end - at))
      assert.ok(isSame(frame, at, expected), `what is read at ${user.read} is what was sent`)
    }
    user.read += length
  }

  #write(user: User): void {
    if (user.isWriting || user.isShut) return
    user.isWriting = true
    const count = this.#rarely(4) ? this.#below(60_000) : this.#below(2000)
    const bytes = textAt(user.written, count).slice()
    user.written += count
    const written = this.#rarely(2) ? user.flow.write(bytes) : user.flow.writeNodelay(bytes)
    void written.then(() => {
      user.isWriting = false
      if (this.#rarely(3)) this.#act(user)
    })
  }

  #offer(user: User): void {
    if (user.isWriting || user.isShut) return
    const count = this.#below(5000)
    if (user.flow.offer(textAt(user.written, count), 0, count)) user.written += count
  }
}

function isSame(frame: Uint8Array, offset: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (frame[offset + i] !== expected[i]) return false
  return true
}

function address6(last: number): IpAddress {
  const parsed = ipv6.parse(`2001:db8::${last}`)
  assert.ok(parsed.ok)
  return parsed.value
}

/** Continuations of continuations have run. */
async function settled(): Promise<void> {
  for (let i = 0; i < 6; i++) await Promise.resolve()
}
