/**
 * Ports that somebody listens on, and what peers ask for there: SEGMENT ARRIVES in LISTEN and CLOSED, RFC 9293 §3.10.7.1
 * and §3.10.7.2. A backlog of handshakes that are not over, cookies when it is full, and decisions of a gateway.
 */
import type { IpAddress } from '@mirage/address/ip'
import type { Millis } from '@mirage/clock'
import { type Result, done, err } from '@mirage/result'
import type { Connection, Group, Opened } from './connection.ts'
import { type Cookies, PERIOD } from './cookies.ts'
import type { Answer } from './input.ts'
import * as opening from './opening.ts'
import { requestOf } from './request.ts'
import * as wire from './segment.ts'
import { type Sequence, add } from './sequence.ts'
import type { ConnectError, KeepAlive, ListenOptions, Request, TcpFlow } from './tcp.ts'
import { type Ends, type Limits, MSS_DEFAULT, type Tcb } from './tcb.ts'
import type { Transmitter } from './transmitter.ts'
import * as user from './user.ts'
import { WaitingList } from './waiting-list.ts'

/** What listeners ask of their stack. */
export interface Host {
  readonly transmitter: Transmitter
  now(): Millis
  limitsTo(remote: IpAddress): Limits
  initialSequence(ends: Ends, now: Millis): Sequence
  /** Whether there may be one connection more. */
  hasRoom(): boolean
  /** Makes a connection of `tcb`, and keeps it. */
  add(tcb: Tcb, opened: Opened): Connection
  /** Puts `connection` into `list`, of which the oldest goes to make room. */
  wait(connection: Connection, list: WaitingList<Connection>, countMax: number): void
  /** Sends what is due. */
  settle(connection: Connection, now: Millis): void
  input(connection: Connection, segment: wire.Segment): void
  ended(connection: Connection, answer: Answer): void
}

interface Listener {
  readonly accept: (flow: TcpFlow) => void
  readonly keepAlive: KeepAlive | undefined
  readonly userTimeout: Millis
  /** Those in SYN-RECEIVED, oldest first. */
  readonly halfOpen: WaitingList<Connection>
  readonly backlogMax: number
  readonly connectionsMax: number
  readonly group: Group
  /** Until when an acknowledgement may be of a cookie. */
  cookiesUntil: Millis
}

export class Listeners {
  readonly counts: { cookiesOut: number; cookiesIn: number; synsIgnored: number } = {
    cookiesOut: 0,
    cookiesIn: 0,
    synsIgnored: 0,
  }
  #host: Host
  #cookies: Cookies
  #backlogMax: number
  #listeners: Map<number, Listener> = new Map()
  #decide: ((request: Request) => void) | undefined
  /** Those whose SYN waits for a decision, oldest first. */
  #held: WaitingList<Connection> = new WaitingList()
  /** The SYN that a cookie stands for: one for all. */
  #syn: wire.Segment = new wire.Segment()

  /** A listener has a backlog of `backlogMax` unless it says so. */
  constructor(host: Host, cookies: Cookies, backlogMax: number) {
    this.#host = host
    this.#cookies = cookies
    this.#backlogMax = backlogMax
  }

  has(port: number): boolean {
    return this.#listeners.has(port)
  }

  listen(
    port: number,
    accept: (flow: TcpFlow) => void,
    { backlogMax = this.#backlogMax, connectionsMax = Number.POSITIVE_INFINITY, ...of }: Listening,
  ): Result<void, 'port-in-use'> {
    if (this.#listeners.has(port)) return err('port-in-use')
    this.#listeners.set(port, {
      accept,
      keepAlive: of.keepAlive,
      userTimeout: of.userTimeout ?? 0,
      halfOpen: new WaitingList(),
      backlogMax,
      connectionsMax,
      group: { count: 0 },
      cookiesUntil: Number.NEGATIVE_INFINITY,
    })
    return done
  }

  unlisten(port: number): void {
    const listener = this.#listeners.get(port)
    if (listener === undefined) return
    this.#listeners.delete(port)
    for (const connection of listener.halfOpen) this.#host.ended(connection, user.abort(connection.tcb))
  }

  forward(decide: (request: Request) => void): void {
    this.#decide = decide
  }

  /** Nobody listens any more. */
  clear(): void {
    this.#listeners.clear()
    this.#decide = undefined
  }

  /** A segment of no connection. */
  arrives(segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    const { transmitter } = this.#host
    const listener = this.#listeners.get(segment.dstPort)
    if (!opening.isOpening(segment)) {
      if (listener === undefined || !this.#redeem(listener, segment, src, dst))
        transmitter.refuse(segment, src, dst)
      return
    }
    if (listener === undefined && this.#decide === undefined) return transmitter.refuse(segment, src, dst)
    if (!this.#hasRoom(listener)) this.counts.synsIgnored += 1
    else if (listener === undefined) this.#hold(segment, src, dst)
    else if (listener.halfOpen.size < listener.backlogMax) this.#answer(listener, segment, src, dst)
    else this.#promise(listener, segment, src, dst)
  }

  #hasRoom(listener: Listener | undefined): boolean {
    if (!this.#host.hasRoom()) return false
    return listener === undefined || listener.group.count < listener.connectionsMax
  }

  #answer(listener: Listener, segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    const now = this.#host.now()
    const connection = this.#receive(segment, src, dst, listener.keepAlive, now, acceptedBy(listener))
    connection.tcb.userTimeout = listener.userTimeout
    join(connection, listener)
    this.#host.wait(connection, listener.halfOpen, listener.backlogMax)
    this.#host.settle(connection, now)
  }

  /** The backlog is full: the answer to a SYN holds all that is kept of it. */
  #promise(listener: Listener, segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    const now = this.#host.now()
    const mss = segment.mss === 0 ? MSS_DEFAULT : segment.mss
    const cookie = this.#cookies.make(endsOf(segment, src, dst), segment.seq, mss, now)
    listener.cookiesUntil = now + 2 * PERIOD
    this.counts.cookiesOut += 1
    this.#host.transmitter.promise(segment, src, dst, cookie, this.#host.limitsTo(src))
  }

  /** Makes the connection that a cookie stands for, if `segment` brings one back. */
  #redeem(listener: Listener, segment: wire.Segment, src: IpAddress, dst: IpAddress): boolean {
    const now = this.#host.now()
    if (now > listener.cookiesUntil || (segment.flags & (wire.SYN | wire.ACK | wire.RST)) !== wire.ACK)
      return false
    const ends = endsOf(segment, src, dst)
    const iss = add(segment.ack, -1)
    const syn = this.#syn
    syn.seq = add(segment.seq, -1)
    const mss = this.#cookies.check(ends, syn.seq, iss, now)
    if (mss === undefined) return false
    // The peer believes that it is connected, and tries again.
    if (!this.#hasRoom(listener)) return true
    syn.mss = mss
    syn.window = segment.window
    const tcb = opening.synArrives(ends, this.#host.limitsTo(src), iss, listener.keepAlive, syn, now)
    tcb.userTimeout = listener.userTimeout
    tcb.snd.nxt = tcb.snd.max = segment.ack
    const connection = this.#host.add(tcb, acceptedBy(listener))
    join(connection, listener)
    this.counts.cookiesIn += 1
    this.#host.input(connection, segment)
    return true
  }

  /** A connection in SYN-RECEIVED. */
  #receive(
    segment: wire.Segment,
    src: IpAddress,
    dst: IpAddress,
    keepAlive: KeepAlive | undefined,
    now: Millis,
    opened: Opened,
  ): Connection {
    const ends = endsOf(segment, src, dst)
    const iss = this.#host.initialSequence(ends, now)
    const tcb = opening.synArrives(ends, this.#host.limitsTo(src), iss, keepAlive, segment, now)
    return this.#host.add(tcb, opened)
  }

  /** A SYN that a gateway decides about. */
  #hold(segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    let answered: (result: Result<TcpFlow, ConnectError>) => void = () => {}
    const result = new Promise<Result<TcpFlow, ConnectError>>((resolve) => {
      answered = resolve
    })
    const connection = this.#receive(segment, src, dst, undefined, this.#host.now(), answered)
    const answer = (): void => this.#host.settle(connection, this.#host.now())
    const reset = (): void => this.#host.ended(connection, user.abort(connection.tcb))
    const request = requestOf(connection, result, answer, reset)
    this.#host.wait(connection, this.#held, this.#backlogMax)
    this.#decide?.(request)
  }
}

/** As `ListenOptions`, with what was checked of it. */
type Listening = Omit<ListenOptions, 'keepAlive'> & { readonly keepAlive: KeepAlive | undefined }

function endsOf({ srcPort, dstPort }: wire.Segment, src: IpAddress, dst: IpAddress): Ends {
  return { localAddr: dst, localPort: dstPort, remoteAddr: src, remotePort: srcPort }
}

function acceptedBy({ accept }: Listener): Opened {
  return (result) => {
    if (result.ok) accept(result.value)
  }
}

function join(connection: Connection, { group }: Listener): void {
  connection.group = group
  group.count += 1
}
