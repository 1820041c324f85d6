/**
 * The variables of a connection: the transmission control block, RFC 9293 §3.3.1.
 *
 * They are data: `input.ts`, `output.ts`, `timers.ts` and `user.ts` change them, and say what each change means.
 */
import type { IpAddress } from '@mirage/address/ip'
import type { Millis } from '@mirage/clock'
import type { FlowError } from '@mirage/flow'
import { type Assembler, NO_RUNS } from './assembler.ts'
import * as congestion from './congestion/congestion.ts'
import { cubic } from './congestion/cubic.ts'
import { SSTHRESH_INITIAL } from './congestion/slow-start.ts'
import type { SlowStart } from './congestion/slow-start.ts'
import type { Narrowed } from './black-hole.ts'
import type { Rack } from './rack.ts'
import type { Recovery } from './recovery.ts'
import { SIZE_START } from './receive-window.ts'
import * as roundTrip from './round-trip.ts'
import type { Holes } from './sack.ts'
import * as scoreboard from './scoreboard.ts'
import { NO_QUEUE, type SendQueue } from './send-queue.ts'
import { type Sequence, add, distance, lessThan } from './sequence.ts'
import { type State, type Event, next } from './state.ts'
import type { KeepAlive } from './tcp.ts'
import { NO_TEXT, type Text } from './text.ts'

/**
 * No deadline. A small integer, as all that a connection keeps: any other number takes a box of 16 bytes, which deadlines
 * do after 25 days.
 */
export const NEVER: Millis = -1

/** Both ends of a connection, which name it. */
export interface Ends {
  readonly localAddr: IpAddress
  readonly localPort: number
  readonly remoteAddr: IpAddress
  readonly remotePort: number
}

/** What is the same for all connections of a stack. */
export interface Limits {
  /** The largest text of one segment that the link carries: the packet without IP's and TCP's 20 bytes each. */
  readonly mss: number
  /** Text that waits to be read, at most, and so how far the receive window may grow. */
  readonly receiveSize: number
  /** Text that is accepted and not acknowledged, at most. */
  readonly sendSize: number
  /** The most text that is sent as one, whole segments that are cut later; one segment unless told. */
  readonly segmentMax?: number
  /** How the congestion window grows and shrinks; CUBIC unless told. */
  readonly algorithm?: congestion.Algorithm
}

/** The send sequence space. `una <= nxt <= max`. */
export interface Send {
  readonly iss: Sequence
  una: Sequence
  /** The next to send. After a timeout of a SYN or at a closed window it goes back to `una`. */
  nxt: Sequence
  /** The end of what was ever sent. */
  max: Sequence
  /** The peer's window, in bytes. */
  wnd: number
  /** The largest that it ever was. */
  wndMax: number
  /** The segment that `wnd` was taken from. */
  wl1: Sequence
  wl2: Sequence
  /** The peer's window field is to be shifted left by this. */
  scale: number
  mss: number
  /** End of the last text shorter than a segment: Nagle's algorithm waits for its acknowledgement. */
  shortTo: Sequence
  /** From the byte at `una` on, once our SYN is acknowledged. */
  queue: SendQueue
  /** The end of `queue`, and where the FIN is or will be. */
  end: Sequence
  /** The application writes no more: a FIN follows. */
  isFinished: boolean
  /** Text before this is not held back by Nagle's algorithm. */
  urgentTo: Sequence
  /** What the next segment asks the peer, if it is to ask. */
  probe: Probe
}

/**
 * Whether a closed window has opened; whether the tail has arrived, by the end of what is in flight or something new
 * behind it (RFC 8985 §7); whether the peer is alive.
 */
export type Probe = 'none' | 'window' | 'tail' | 'alive'

/** The receive sequence space. */
export interface Receive {
  nxt: Sequence
  /** The end of the window that the peer was told: it never moves back. */
  edge: Sequence
  /** Our window field is shifted right by this; -1 before it is agreed. */
  scale: number
  /** The window, if all of it were free; it grows up to what the limits allow. */
  size: number
  /** A round trip of `receive-window.ts`: where it ends, and when it began. */
  roundEnd: Sequence
  roundAt: roundTrip.Micros
  /** In order, to be read. */
  ready: Text
  /** Out of order. */
  assembler: Assembler
  /** What the peer is told of that, and how soon. */
  holes: Holes | undefined
  /** Where the peer's FIN is, if it came before its turn. */
  fin: Sequence | undefined
  /** The peer's FIN was taken: there is no more to come. */
  isFinished: boolean
  /** The last acknowledgement that was sent. */
  acked: Sequence
  /** The longest text of a segment so far: what "full-sized" means to the peer. */
  longest: number
  /** The application reads no more. */
  isShut: boolean
  /** Text was thrown away because of that: the peer must learn it. */
  isDiscarded: boolean
}

/** What keep-alive needs to know; most connections do without. */
export interface Watch {
  readonly keepAlive: KeepAlive
  heardAt: Millis
  /** Probes that are accounted for since. */
  probesSent: number
  dueAt: Millis
}

/**
 * Whether an acknowledgement is owed: with text that may follow, or by itself after `ackAt`; with all that arrived in
 * this turn, by its end (`turnEnds`); now.
 */
export type AckDue = 'none' | 'later' | 'soon' | 'now'

/** Why `retransmitAt` comes: RFC 6298; the tail may be lost, RFC 8985 §7; what is late may be lost, RFC 8985 §6.3. */
export type RetransmitBy = 'timeout' | 'tail' | 'reordering'

/**
 * One connection. An idle one takes 870 bytes with all that the shell keeps of it: what only a transfer needs is made for
 * the transfer, and a million of these fit into a GiB.
 */
export class Tcb implements Ends, congestion.Congestion, roundTrip.RoundTrip {
  readonly localAddr: IpAddress
  readonly localPort: number
  readonly remoteAddr: IpAddress
  readonly remotePort: number
  readonly limits: Limits
  state: State | 'gone'
  /** Why it is gone, where that was not in order. */
  error: FlowError | undefined = undefined
  readonly snd: Send
  readonly rcv: Receive
  flight: scoreboard.Flight = scoreboard.NOTHING

  cwnd: number
  ssthresh: number = SSTHRESH_INITIAL
  counted = 0
  slowStart: SlowStart | undefined = undefined
  epoch: congestion.Epoch | undefined = undefined

  srtt: roundTrip.Micros = -1
  rttvar: roundTrip.Micros = 0
  rttMin: roundTrip.Micros = roundTrip.RTT_MAX
  rto: Millis = roundTrip.RTO_INITIAL

  /** Both ends agreed on timestamps: the peer's clock as we know it, TS.Recent, and when that was heard. RFC 7323. */
  hasTimestamps = false
  tsRecent = 0
  tsRecentAt: Millis = 0
  /** Both ends agreed on blocks of what arrives out of order. */
  isSackPermitted = false
  /** What is made when it is needed, at the first block and the first sign of a loss. */
  rack: Rack | undefined = undefined
  recovery: Recovery | undefined = undefined
  /** What `ecn.ts` knows; 0 where both ends have not agreed on it. */
  ecn = 0
  /** Segments are smaller than agreed: whole ones seem not to arrive. */
  narrowed: Narrowed | undefined = undefined
  /** How long text may be without an acknowledgement before the peer counts as gone; 0: as often as it is sent. RFC 5482. */
  userTimeout: Millis = 0
  /** Since when it is. */
  waitingSince: Millis = 0
  ackDue: AckDue = 'none'

  /** When this is acknowledged, the next round trip is measured. */
  roundEnd: Sequence
  /** Retransmissions or probes without an answer. */
  attempts = 0
  /** When something was last sent that wants an answer. */
  sentAt: Millis
  challengedAt: Millis = -1000

  readonly watch: Watch | undefined

  retransmitAt: Millis = NEVER
  retransmitBy: RetransmitBy = 'timeout'
  persistAt: Millis = NEVER
  ackAt: Millis = NEVER
  /** The end of TIME-WAIT, and of FIN-WAIT-2 once the application has left. */
  lifetimeEndsAt: Millis = NEVER

  constructor(
    ends: Ends,
    state: 'syn-sent' | 'syn-received',
    limits: Limits,
    iss: Sequence,
    keepAlive: KeepAlive | undefined,
    now: Millis,
  ) {
    this.localAddr = ends.localAddr
    this.localPort = ends.localPort
    this.remoteAddr = ends.remoteAddr
    this.remotePort = ends.remotePort
    this.state = state
    this.limits = limits
    this.snd = send(iss)
    this.rcv = receive(limits)
    this.cwnd = congestion.initialWindow(limits.mss)
    this.roundEnd = iss
    this.watch = keepAlive && { keepAlive, heardAt: Math.floor(now), probesSent: 0, dueAt: NEVER }
    this.sentAt = Math.floor(now)
  }

  get algorithm(): congestion.Algorithm {
    return this.limits.algorithm ?? cubic
  }
}

function send(iss: Sequence): Send {
  return {
    iss,
    una: iss,
    nxt: iss,
    max: iss,
    wnd: 0,
    wndMax: 0,
    wl1: 0,
    wl2: 0,
    scale: 0,
    mss: MSS_DEFAULT,
    shortTo: iss,
    queue: NO_QUEUE,
    end: add(iss, 1),
    isFinished: false,
    urgentTo: iss,
    probe: 'none',
  }
}

function receive({ receiveSize }: Limits): Receive {
  return {
    nxt: 0,
    edge: 0,
    scale: -1,
    size: Math.min(receiveSize, SIZE_START),
    roundEnd: 0,
    roundAt: 0,
    ready: NO_TEXT,
    assembler: NO_RUNS,
    holes: undefined,
    fin: undefined,
    isFinished: false,
    acked: 0,
    longest: 1,
    isShut: false,
    isDiscarded: false,
  }
}

/** What a peer takes that does not say: RFC 9293 §3.7.1. */
export const MSS_DEFAULT = 536

/** RFC 7323 §2.3. */
const SCALE_MAX = 14
/** The most that the window field can say. */
export const RECEIVE_SIZE_MAX: number = 0xffff << SCALE_MAX

/** The smallest shift that lets the window field say `size`: RFC 7323 §2.2. */
export function scaleOf(size: number): number {
  let scale = 0
  while (scale < SCALE_MAX && size > 0xffff << scale) scale += 1
  return scale
}

/** What is sent and not acknowledged, in sequence numbers. */
export function flightSize({ snd }: Tcb): number {
  return distance(snd.una, snd.max)
}

/** Whether the peer has acknowledged our FIN. */
export function isFinAcked({ snd }: Tcb): boolean {
  return snd.isFinished && lessThan(snd.end, snd.una)
}

/** Moves on, and says where to: the table knows. */
export function move(tcb: Tcb, event: Event): State | 'gone' {
  if (tcb.state !== 'gone') tcb.state = next(tcb.state, event)
  return tcb.state
}

/** Ends a connection at once, whatever its state: `error` tells the application why. */
export function end(tcb: Tcb, error: FlowError | undefined): void {
  tcb.state = 'gone'
  tcb.error = error
}
