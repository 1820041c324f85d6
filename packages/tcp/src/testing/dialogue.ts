/**
 * A connection's half of a conversation, for tests: what arrives, when, and what must be answered.
 *
 * Every segment that the connection sends must be expected, in order, before anything else happens; time only
 * goes forward, and what comes due on the way happens at its own time. Sequence numbers are those of the wire;
 * both ends begin at 0 unless told, so that the first byte of text is number 1.
 */
import assert from 'node:assert/strict'
import * as ipv4 from '@mirage/address/ipv4'
import { type Answer, type Stores, segmentArrives } from '../input.ts'
import type { Algorithm } from '../congestion/congestion.ts'
import * as opening from '../opening.ts'
import { nextSegment } from '../output.ts'
import * as roundTrip from '../round-trip.ts'
import { ACK, CWR, ECE, FIN, RST, SYN, Segment } from '../segment.ts'
import { Chunks } from '../send-queue.ts'
import type { State } from '../state.ts'
import type { KeepAlive } from '../tcp.ts'
import type { Ends, Limits, Tcb } from '../tcb.ts'
import { Slabs } from '../text.ts'
import * as timers from '../timers.ts'
import * as user from '../user.ts'

/** A segment as a test writes it. */
export interface Said {
  readonly seq?: number
  readonly ack?: number | undefined
  readonly syn?: boolean
  readonly fin?: boolean
  readonly rst?: boolean
  readonly window?: number
  readonly mss?: number
  readonly scale?: number
  readonly sackPermitted?: boolean
  readonly ece?: boolean
  readonly cwr?: boolean
  /** The two bits of congestion notification in its packet. */
  readonly ecn?: number
  /** TSval and TSecr. */
  readonly stamps?: readonly [number, number] | undefined
  /** The edges of each block. */
  readonly sacks?: readonly (readonly [number, number])[]
  /** The text, or how many bytes of it. */
  readonly text?: string | number
}

interface Sent extends Required<Omit<Said, 'text'>> {
  readonly segmentSize: number
  readonly at: number
  readonly text: string
}

export interface Setting {
  readonly iss?: number
  readonly irs?: number
  readonly mss?: number
  readonly receiveSize?: number
  readonly sendSize?: number
  readonly keepAlive?: KeepAlive
  /** How the congestion window grows; CUBIC unless told. */
  readonly algorithm?: Algorithm
  /** Whether the peer permits blocks; it does not unless told. */
  readonly sackPermitted?: boolean
  /** The peer's clock, if it sends timestamps, at the SYN. */
  readonly clock?: number
  /** The peer's window, 65,535 unless told. */
  readonly window?: number
  /** The peer's MSS, ours unless told. */
  readonly peerMss?: number
  /** The most text that leaves as one; one segment unless told. */
  readonly segmentMax?: number
}

const ENDS: Ends = {
  localAddr: ipv4.of(10, 0, 0, 1),
  localPort: 80,
  remoteAddr: ipv4.of(10, 0, 0, 2),
  remotePort: 4000,
}

export class Dialogue {
  readonly tcb: Tcb
  readonly stores: Stores = { slabs: new Slabs(), chunks: new Chunks() }
  now = 0
  #sent: Sent[] = []
  #isTurn = false
  #out: Segment = new Segment()
  /** How a segment without `seq`, `ack` or `window` is meant: the next, of everything, with the window as before. */
  #peer: { seq: number; window: number }

  constructor(tcb: Tcb, peer: { seq: number; window: number }) {
    this.tcb = tcb
    this.#peer = peer
    this.#flush()
  }

  get state(): State | 'gone' {
    return this.tcb.state
  }

  /** Lets time pass up to `time`. */
  at(time: number): this {
    assert.ok(time >= this.now, 'time goes forward')
    this.#nothingUnexpected()
    for (;;) {
      const due = timers.earliest(this.tcb)
      if (due > time || this.state === 'gone') break
      this.now = Math.max(due, this.now)
      timers.expire(this.tcb, this.now)
      this.#flush()
    }
    this.now = time
    return this
  }

  receives(said: Said): this {
    this.#nothingUnexpected()
    const segment = this.#segment(said)
    const answer =
      this.state === 'syn-sent'
        ? opening.answerArrives(this.tcb, segment, this.stores, this.now)
        : segmentArrives(this.tcb, segment, this.stores, this.now)
    this.#answered(answer, segment.ack)
    this.#flush()
    return this
  }

  /** Writes `text`, or this many bytes, which must all be accepted. */
  writes(text: string | number, isUrgent: boolean = false): this {
    const bytes = bytesOf(text)
    assert.equal(user.send(this.tcb, this.stores, bytes, 0, isUrgent), bytes.length, 'all was accepted')
    this.#flush()
    return this
  }

  writesNodelay(text: string | number): this {
    return this.writes(text, true)
  }

  /** Reads everything that can be read. */
  reads(expected: string | number): this {
    assert.equal(this.#read(), textOf(bytesOf(expected)))
    return this
  }

  /** Reads everything that can be read, whatever it is. */
  readsAll(): this {
    this.#read()
    return this
  }

  #read(): string {
    let all = ''
    for (let bytes = user.receive(this.tcb); bytes !== undefined; bytes = user.receive(this.tcb))
      all += textOf(bytes)
    this.#flush()
    return all
  }

  shutsDown(): this {
    user.shutdown(this.tcb)
    this.#flush()
    return this
  }

  closes(): this {
    const answer = user.stopReading(this.tcb, this.now)
    user.shutdown(this.tcb)
    this.#answered(answer, this.tcb.snd.max)
    this.#flush()
    return this
  }

  aborts(): this {
    this.#answered(user.abort(this.tcb), this.tcb.snd.max)
    return this
  }

  /** The next segment that was sent was this one, in what `said` names; without `text` it had none. */
  sends(said: Said & { readonly at?: number; readonly segmentSize?: number }): this {
    const sent = this.#sent.shift()
    assert.ok(sent !== undefined, `sends ${JSON.stringify(said)}`)
    const expected = { syn: false, fin: false, rst: false, text: '', ...said }
    const actual = Object.fromEntries(Object.keys(expected).map((key) => [key, sent[key as keyof Sent]]))
    if (typeof expected.text === 'number') actual['text'] = sent.text.length
    assert.deepEqual(actual, expected)
    return this
  }

  /** Nothing was sent that is not accounted for. */
  sendsNothing(): this {
    this.#nothingUnexpected()
    return this
  }

  /** The application is told that no more comes. */
  hasEnded(): this {
    assert.ok(this.tcb.rcv.isFinished)
    return this
  }

  is(state: State | 'gone'): this {
    assert.equal(this.state, state)
    return this
  }

  /** How many segments were sent and not yet expected; forgets them. */
  sentCount(): number {
    return this.#sent.splice(0).length
  }

  #nothingUnexpected(): void {
    assert.deepEqual(this.#sent, [], 'sends nothing that was not expected')
  }

  #segment(said: Said): Segment {
    const segment = new Segment()
    const text = bytesOf(said.text ?? '')
    segment.srcPort = ENDS.remotePort
    segment.dstPort = ENDS.localPort
    segment.seq = (said.seq ?? this.#peer.seq) | 0
    segment.ack = (said.ack ?? 0) | 0
    segment.flags =
      (said.ack === undefined ? 0 : ACK) |
      (said.syn ? SYN : 0) |
      (said.fin ? FIN : 0) |
      (said.rst ? RST : 0) |
      (said.ece ? ECE : 0) |
      (said.cwr ? CWR : 0)
    segment.window = said.window ?? this.#peer.window
    segment.mss = said.mss ?? 0
    segment.scale = said.scale ?? -1
    segment.isSackPermitted = said.sackPermitted ?? false
    segment.ecn = said.ecn ?? 0
    takeOptions(segment, said)
    segment.frame = text
    segment.textLength = text.length
    this.#peer.seq = (segment.seq + text.length + (said.syn ? 1 : 0) + (said.fin ? 1 : 0)) | 0
    this.#peer.window = segment.window
    return segment
  }

  /** What happens in `events` is one turn; without this every event is one. */
  during(events: () => void): this {
    this.#isTurn = true
    events()
    this.#isTurn = false
    this.#flush()
    return this
  }

  #flush(): void {
    if (this.#isTurn && this.tcb.ackDue !== 'now') return
    if (!this.#isTurn) timers.turnEnds(this.tcb)
    while (nextSegment(this.tcb, this.#out, this.now)) this.#note(this.#out)
  }

  #answered(answer: Answer, seq: number): void {
    if (answer === 'nothing') return
    const out = new Segment()
    out.flags = RST
    out.seq = seq
    this.#note(out)
  }

  #note(out: Segment): void {
    const text = new Uint8Array(out.textLength)
    if (text.length > 0) this.tcb.snd.queue.copy(out.textOffset, text, 0, text.length, false)
    this.#sent.push({
      at: this.now,
      seq: out.seq,
      ack: (out.flags & ACK) === 0 ? undefined : out.ack,
      syn: (out.flags & SYN) !== 0,
      fin: (out.flags & FIN) !== 0,
      rst: (out.flags & RST) !== 0,
      window: out.window,
      mss: out.mss,
      scale: out.scale,
      sackPermitted: out.isSackPermitted,
      ece: (out.flags & ECE) !== 0,
      cwr: (out.flags & CWR) !== 0,
      ecn: out.ecn,
      stamps: out.hasTimestamps ? [out.tsVal, out.tsEcr] : undefined,
      sacks: Array.from(
        { length: out.sackCount },
        (_, i) => [out.sacks[2 * i]!, out.sacks[2 * i + 1]!] as const,
      ),
      segmentSize: out.segmentSize,
      text: textOf(text),
    })
  }
}

/** A connection that we open: its SYN is sent. */
export function opens(setting: Setting = {}): Dialogue {
  const tcb = opening.open(ENDS, limitsOf(setting), setting.iss ?? 0, setting.keepAlive, 0)
  return new Dialogue(tcb, { seq: setting.irs ?? 0, window: setting.window ?? 65_535 })
}

/** A connection that a peer opens: the SYN-ACK is sent. */
export function answers(setting: Setting = {}, said: Said = {}): Dialogue {
  const syn = new Segment()
  syn.flags = SYN | (said.ece ? ECE : 0) | (said.cwr ? CWR : 0)
  syn.seq = (setting.irs ?? 0) | 0
  syn.window = setting.window ?? 65_535
  syn.mss = said.mss ?? setting.peerMss ?? setting.mss ?? 1000
  syn.scale = said.scale ?? -1
  syn.isSackPermitted = setting.sackPermitted ?? false
  if (setting.clock !== undefined) takeOptions(syn, { stamps: [setting.clock, 0] })
  const tcb = opening.synArrives(ENDS, limitsOf(setting), setting.iss ?? 0, setting.keepAlive, syn, 0)
  return new Dialogue(tcb, { seq: ((setting.irs ?? 0) + 1) | 0, window: syn.window })
}

/** A connection that a peer opened and that is established, at time 0, without window scaling. */
export function established(setting: Setting = {}): Dialogue {
  const { iss = 0, irs = 0 } = setting
  const tcp = answers(setting).sends({ syn: true, seq: iss | 0, ack: (irs + 1) | 0 })
  const { clock } = setting
  tcp.receives({ seq: irs + 1, ack: iss + 1, stamps: clock === undefined ? undefined : [clock, iss] })
  tcp.is('established')
  opening.begin(tcp.tcb, 0)
  // Tests of the first exchange want round numbers: the handshake took no time, and left the timeout as it was.
  Object.assign(tcp.tcb, roundTrip.unknown())
  return tcp
}

function takeOptions(segment: Segment, { stamps, sacks = [] }: Said): void {
  segment.hasTimestamps = stamps !== undefined
  if (stamps !== undefined) [segment.tsVal, segment.tsEcr] = stamps
  segment.sackCount = sacks.length
  segment.sacks.set(sacks.flat())
}

function limitsOf(setting: Setting): Limits {
  const { mss = 1000, receiveSize = 65_535, sendSize = 1 << 20, segmentMax = 0 } = setting
  const limits = { mss, receiveSize, sendSize, segmentMax }
  return setting.algorithm === undefined ? limits : { ...limits, algorithm: setting.algorithm }
}

/** A text of a length is as good as any, but not the same byte again and again. */
function bytesOf(text: string | number): Uint8Array {
  if (typeof text === 'number') return Uint8Array.from({ length: text }, (_, i) => 97 + (i % 26))
  return Uint8Array.from(text, (each) => each.charCodeAt(0))
}

function textOf(bytes: Uint8Array): string {
  let all = ''
  for (const byte of bytes) all += String.fromCharCode(byte)
  return all
}
