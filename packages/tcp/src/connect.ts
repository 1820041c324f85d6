/**
 * TCP on an `Ip`: the shell around the core, and the only file here with a clock, randomness and a network.
 *
 * A segment is parsed, handed to the core, and what is then due is sent, before the next one is looked at.
 * Applications are woken once what runs now is over, so that what several segments brought is read at once, and
 * what several writes left is sent together with the acknowledgement that is owed. One timer serves all.
 */
import type { Endpoint } from '@mirage/address/endpoint'
import * as ipv4 from '@mirage/address/ipv4'
import * as checksum from '@mirage/bytes/checksum'
import type { Cancel, Clock, Millis } from '@mirage/clock'
import type { Ip, IpError, Packet } from '@mirage/ip'
import type { FillAt } from '@mirage/net'
import { type Random, u32 } from '@mirage/random'
import { type Result, assert, done, err, ok } from '@mirage/result'
import { Connection, type Driver, type Opened } from './connection.ts'
import { Deadlines } from './deadlines.ts'
import { type Answer, type Stores, isNewerSyn, segmentArrives } from './input.ts'
import { KEY_SIZE, Numbers } from './numbers.ts'
import * as opening from './opening.ts'
import { nextSegment } from './output.ts'
import * as wire from './segment.ts'
import { Chunks } from './send-queue.ts'
import { type Sequence, add, later } from './sequence.ts'
import { isSynchronized } from './state.ts'
import { Table } from './table.ts'
import type { ConnectError, KeepAlive, Request, Tcp, TcpFlow, TcpOptions } from './tcp.ts'
import { type Ends, type Limits, NEVER, type Tcb } from './tcb.ts'
import { Slabs } from './text.ts'
import * as timers from './timers.ts'
import * as user from './user.ts'

export interface Needs {
  readonly ip: Ip
  readonly clock: Clock
  readonly random: Random
}

export interface Options {
  /** The receive window of a connection in bytes, up to 2^30; 262,144 unless told. */
  readonly receiveSize?: number
  /** Bytes that a connection accepts before the peer acknowledges them; 262,144 unless told. */
  readonly sendSize?: number
  /** Connections in all; a SYN for one more is ignored. 131,072 unless told. */
  readonly connectionsMax?: number
  /** Connections of one listener, or that wait for a decision, whose handshake is not over; then the oldest goes. */
  readonly backlogMax?: number
  /** Connections in TIME-WAIT; then the oldest goes. */
  readonly timeWaitMax?: number
}

/** What has happened since `connect`. */
export interface Counters {
  segmentsIn: number
  segmentsOut: number
  resetsOut: number
  /** Segments that were dropped unread, by why. */
  readonly drops: Record<wire.SegmentError, number>
}

/** TCP on `ip`, whose listener for that protocol it becomes. `disconnect` resets every connection. */
export function connect(
  needs: Needs,
  options: Options = {},
): Tcp & { disconnect(): void; readonly counters: Readonly<Counters> } {
  return new Stack(needs, options)
}

interface Listener {
  readonly accept: (flow: TcpFlow) => void
  readonly keepAlive: KeepAlive | undefined
  /** Those in SYN-RECEIVED, oldest first. */
  readonly halfOpen: Set<Connection>
}

class Stack implements Tcp, Driver {
  readonly counters: Counters = counters()
  readonly stores: Stores = { slabs: new Slabs(), chunks: new Chunks() }
  #ip: Ip
  #clock: Clock
  #limits: Limits
  #connectionsMax: number
  #backlogMax: number
  #timeWaitMax: number
  #numbers: Numbers
  /** While a connection follows one in TIME-WAIT: where its sequence numbers begin at the earliest. */
  #issMin: Sequence | undefined

  #connections: Table<Connection>
  #listeners: Map<number, Listener> = new Map()
  #decide: ((request: Request) => void) | undefined
  /** Those whose SYN waits for a decision, oldest first. */
  #held: Set<Connection> = new Set()
  /** Those in TIME-WAIT, oldest first. */
  #lingering: Set<Connection> = new Set()

  #deadlines: Deadlines<Connection> = new Deadlines()
  #timerAt: Millis = NEVER
  #cancelTimer: Cancel = () => {}
  #touched: Connection[] = []
  #isTurnDue = false
  #isDisconnected = false

  // The segment that arrived, and the one being sent: one object each, made once.
  #in: wire.Segment = new wire.Segment()
  #out: wire.Segment = new wire.Segment()
  #outSize = 0
  #outPseudo: checksum.Sum = 0
  #outTcb: Tcb | undefined

  constructor({ ip, clock, random }: Needs, options: Options) {
    const { receiveSize = 262_144, sendSize = 262_144 } = options
    assert(receiveSize >= 1 && receiveSize <= 0x4000_0000, 'tcp: a receive window has 1 to 2^30 bytes')
    assert(sendSize >= 1 && sendSize <= 0x4000_0000, 'tcp: a send queue has 1 to 2^30 bytes')
    this.#ip = ip
    this.#clock = clock
    this.#limits = { mss: ip.mtu - wire.HEADER_SIZE, receiveSize, sendSize }
    this.#connectionsMax = options.connectionsMax ?? 131_072
    this.#backlogMax = options.backlogMax ?? 256
    this.#timeWaitMax = options.timeWaitMax ?? 4096
    this.#numbers = new Numbers(random.generate(KEY_SIZE))
    this.#connections = new Table(u32(random))
    ip.listen(wire.PROTOCOL, (packet) => this.#input(packet))
    ip.onUnreachable((dst) => this.#unreachable(dst))
  }

  connect(remote: Endpoint, options: TcpOptions = {}): Promise<Result<TcpFlow, ConnectError>> {
    assertPort(remote.port)
    const localAddr = this.#ip.src(remote.address)
    if (this.#isDisconnected || localAddr === ipv4.UNSPECIFIED) return Promise.resolve(err('no-route'))
    const localPort = this.#numbers.localPort(
      localAddr,
      remote.address,
      remote.port,
      (port) =>
        !this.#listeners.has(port) &&
        this.#connections.find(localAddr, port, remote.address, remote.port) === undefined,
    )
    if (localPort === undefined || this.#connections.count >= this.#connectionsMax)
      return Promise.resolve(err('no-port'))
    const ends: Ends = { localAddr, localPort, remoteAddr: remote.address, remotePort: remote.port }
    const now = this.now()
    const iss = this.#numbers.initialSequence(ends, now)
    const tcb = opening.open(ends, this.#limits, iss, checked(options.keepAlive), now)
    return new Promise((resolve) => {
      const connection = new Connection(tcb, this, resolve)
      this.#connections.add(connection)
      this.#settle(connection, now)
    })
  }

  listen(
    port: number,
    accept: (flow: TcpFlow) => void,
    options: TcpOptions = {},
  ): Result<void, 'port-in-use'> {
    assertPort(port)
    if (this.#listeners.has(port)) return err('port-in-use')
    this.#listeners.set(port, { accept, keepAlive: checked(options.keepAlive), halfOpen: new Set() })
    return done
  }

  unlisten(port: number): void {
    const listener = this.#listeners.get(port)
    if (listener === undefined) return
    this.#listeners.delete(port)
    for (const connection of listener.halfOpen) this.ended(connection, user.abort(connection.tcb))
  }

  forward(decide: (request: Request) => void): void {
    this.#decide = decide
  }

  disconnect(): void {
    this.#isDisconnected = true
    this.#listeners.clear()
    this.#decide = undefined
    for (const connection of this.#connections.all()) this.ended(connection, user.abort(connection.tcb))
    this.#cancelTimer()
  }

  now(): Millis {
    return this.#clock.now()
  }

  touch(connection: Connection): void {
    if (connection.isTouched) return
    connection.isTouched = true
    this.#touched.push(connection)
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    void Promise.resolve().then(this.#turn)
  }

  ended(connection: Connection, answer: Answer): void {
    if (answer === 'reset') this.#reset(connection.tcb)
    this.#settle(connection, this.now())
  }

  /** What runs now is over: wakes whom it concerned, and sends what they left to be sent. */
  #turn = (): void => {
    this.#isTurnDue = false
    const touched = this.#touched
    this.#touched = []
    const now = this.now()
    for (const connection of touched) {
      connection.isTouched = false
      this.#tellOpened(connection)
      connection.wake()
      this.#settle(connection, now)
    }
  }

  /** Sends what is due for `connection`, and arranges for what comes next. */
  #settle(connection: Connection, now: Millis): void {
    const { tcb } = connection
    if (!connection.isHeld) while (nextSegment(tcb, this.#out, now)) this.#send(tcb, connection)
    if (tcb.state === 'gone') this.#remove(connection)
    else if (tcb.state === 'time-wait' && !connection.isLingering) this.#linger(connection)
    if (connection.opened !== undefined && (isSynchronized(tcb.state) || tcb.state === 'gone'))
      this.touch(connection)
    else if (connection.hasNews) this.touch(connection)
    if (tcb.state === 'gone') return
    const dueAt = timers.earliest(tcb)
    if (dueAt < connection.dueAt) {
      this.#deadlines.add(connection, dueAt)
      this.#arm()
    }
  }

  #tellOpened(connection: Connection): void {
    const { opened, tcb } = connection
    if (opened === undefined) return
    connection.opened = undefined
    if (isSynchronized(tcb.state)) {
      opening.begin(tcb, this.now())
      return opened(ok(connection))
    }
    if (connection.isUnreachable) return opened(err('no-route'))
    opened(err(tcb.error === 'timed-out' ? 'timed-out' : 'refused'))
  }

  #remove(connection: Connection): void {
    const { ends } = connection
    if (
      this.#connections.find(ends.localAddr, ends.localPort, ends.remoteAddr, ends.remotePort) !== connection
    )
      return
    connection.tcb.snd.queue.clear(this.stores.chunks)
    this.#connections.remove(connection)
    this.#deadlines.remove(connection)
    this.#held.delete(connection)
    this.#lingering.delete(connection)
    this.#listeners.get(ends.localPort)?.halfOpen.delete(connection)
  }

  #linger(connection: Connection): void {
    connection.isLingering = true
    this.#lingering.add(connection)
    if (this.#lingering.size <= this.#timeWaitMax) return
    const [oldest] = this.#lingering
    user.forget(oldest!.tcb)
    this.#settle(oldest!, this.now())
  }

  // Time.

  #arm(): void {
    if (this.#deadlines.first >= this.#timerAt) return
    this.#cancelTimer()
    this.#timerAt = this.#deadlines.first
    this.#cancelTimer = this.#clock.at(this.#timerAt, this.#expire)
  }

  #expire = (): void => {
    this.#timerAt = NEVER
    const now = this.now()
    for (;;) {
      const connection = this.#deadlines.take(now)
      if (connection === undefined) break
      timers.expire(connection.tcb, now)
      this.#settle(connection, now)
    }
    if (this.#deadlines.first < NEVER) this.#arm()
  }

  // Segments that arrive.

  #input({ frame, offset, end, src, dst }: Packet): void {
    this.counters.segmentsIn += 1
    const segment = this.#in
    const pseudo = checksum.pseudo(src, dst, wire.PROTOCOL, end - offset)
    const parsed = wire.parse(frame, offset, end, pseudo, segment)
    if (!parsed.ok) {
      this.counters.drops[parsed.error] += 1
      return
    }
    const connection = this.#connections.find(dst, segment.dstPort, src, segment.srcPort)
    if (connection === undefined) return this.#unknown(segment, src, dst)
    this.#known(connection, segment)
  }

  #known(connection: Connection, segment: wire.Segment): void {
    const { tcb } = connection
    if (connection.isHeld) return this.#whileHeld(connection, segment)
    const now = this.now()
    if (isNewerSyn(tcb, segment)) return this.#reopen(connection, segment, now)
    const answer =
      tcb.state === 'syn-sent'
        ? opening.answerArrives(tcb, segment, now)
        : segmentArrives(tcb, segment, this.stores, now)
    if (answer === 'reset') this.#refuse(segment, tcb.ends.remoteAddr, tcb.ends.localAddr)
    this.#settle(connection, now)
  }

  /** A new connection between the ends of one in TIME-WAIT, with sequence numbers past all of the old one's. */
  #reopen(connection: Connection, segment: wire.Segment, now: Millis): void {
    const { ends, snd } = connection.tcb
    user.forget(connection.tcb)
    this.#settle(connection, now)
    this.#issMin = add(snd.max, 1)
    this.#unknown(segment, ends.remoteAddr, ends.localAddr)
    this.#issMin = undefined
  }

  /** Until somebody has decided, more SYNs change nothing, and the peer may take its own back. */
  #whileHeld(connection: Connection, segment: wire.Segment): void {
    const { tcb } = connection
    if ((segment.flags & wire.RST) === 0 || segment.seq !== tcb.rcv.nxt) return
    user.forget(tcb)
    this.#settle(connection, this.now())
  }

  /** SEGMENT ARRIVES in LISTEN or CLOSED: RFC 9293 §3.10.7.1, §3.10.7.2. */
  #unknown(segment: wire.Segment, src: ipv4.Ipv4, dst: ipv4.Ipv4): void {
    // RFC 1122 §4.2.3.10.
    if (this.#isDisconnected || !isHost(src) || !isHost(dst)) return
    if (!opening.isOpening(segment)) return this.#refuse(segment, src, dst)
    const listener = this.#listeners.get(segment.dstPort)
    if (listener === undefined && this.#decide === undefined) return this.#refuse(segment, src, dst)
    if (this.#connections.count >= this.#connectionsMax) return
    if (listener !== undefined) this.#answer(listener, segment, src, dst)
    else this.#hold(segment, src, dst)
  }

  #answer(listener: Listener, segment: wire.Segment, src: ipv4.Ipv4, dst: ipv4.Ipv4): void {
    const now = this.now()
    const connection = this.#receive(segment, src, dst, listener.keepAlive, now, (result) => {
      if (result.ok) listener.accept(result.value)
    })
    const opened = connection.opened
    connection.opened = (result) => {
      listener.halfOpen.delete(connection)
      opened?.(result)
    }
    bounded(listener.halfOpen, connection, this.#backlogMax, (oldest) => this.#drop(oldest))
    this.#settle(connection, now)
  }

  /** A connection in SYN-RECEIVED. */
  #receive(
    segment: wire.Segment,
    src: ipv4.Ipv4,
    dst: ipv4.Ipv4,
    keepAlive: KeepAlive | undefined,
    now: Millis,
    opened: Opened,
  ): Connection {
    const ends: Ends = {
      localAddr: dst,
      localPort: segment.dstPort,
      remoteAddr: src,
      remotePort: segment.srcPort,
    }
    const clocked = this.#numbers.initialSequence(ends, now)
    const iss = this.#issMin === undefined ? clocked : later(clocked, this.#issMin)
    const tcb = opening.synArrives(ends, this.#limits, iss, keepAlive, segment, now)
    const connection = new Connection(tcb, this, opened)
    this.#connections.add(connection)
    return connection
  }

  /** A SYN that a gateway decides about. */
  #hold(segment: wire.Segment, src: ipv4.Ipv4, dst: ipv4.Ipv4): void {
    let answered: (result: Result<TcpFlow, ConnectError>) => void = () => {}
    const result = new Promise<Result<TcpFlow, ConnectError>>((resolve) => {
      answered = resolve
    })
    const connection = this.#receive(segment, src, dst, undefined, this.now(), answered)
    connection.isHeld = true
    bounded(this.#held, connection, this.#backlogMax, (oldest) => this.#drop(oldest))
    const release = (): boolean => {
      const isFirst = connection.isHeld
      connection.isHeld = false
      return isFirst && connection.tcb.state !== 'gone'
    }
    this.#decide?.({
      local: connection.local,
      remote: connection.remote,
      accept: () => {
        this.#held.delete(connection)
        if (release()) this.#settle(connection, this.now())
        return result
      },
      refuse: () => {
        if (release()) this.ended(connection, user.abort(connection.tcb))
      },
    })
  }

  /** Forgets a connection that never was established, without a word. */
  #drop(connection: Connection): void {
    user.forget(connection.tcb)
    this.#settle(connection, this.now())
  }

  #unreachable(dst: ipv4.Ipv4): void {
    for (const connection of this.#connections.all()) {
      const { tcb } = connection
      if (tcb.state !== 'syn-sent' || tcb.ends.remoteAddr !== dst) continue
      connection.isUnreachable = true
      this.ended(connection, user.abort(tcb))
    }
  }

  // Segments that leave.

  #send(tcb: Tcb, connection: Connection): void {
    const { localAddr, remoteAddr } = tcb.ends
    this.#outTcb = tcb
    const sent = this.#transmit(localAddr, remoteAddr)
    // Any other failure is a loss like those on the way: what is lost goes again.
    if (sent.ok || sent.error !== 'no-route' || tcb.state !== 'syn-sent') return
    connection.isUnreachable = true
    user.abort(tcb)
  }

  #transmit(src: ipv4.Ipv4, dst: ipv4.Ipv4): Result<void, IpError> {
    const out = this.#out
    this.#outSize = wire.headerSize(out) + out.textLength
    this.#outPseudo = checksum.pseudo(src, dst, wire.PROTOCOL, this.#outSize)
    this.counters.segmentsOut += 1
    return this.#ip.writeAt(dst, wire.PROTOCOL, this.#outSize, this.#fill, src)
  }

  #fill: FillAt = (frame, offset) => {
    const out = this.#out
    if (out.textLength > 0) {
      const at = offset + this.#outSize - out.textLength
      this.#outTcb!.snd.queue.copy(out.textOffset, frame, at, out.textLength)
    }
    wire.emit(frame, offset, out, this.#outPseudo)
    return this.#outSize
  }

  /** Resets a connection of ours. */
  #reset({ ends, snd, rcv }: Tcb): void {
    this.#bare(ends.localPort, ends.remotePort, wire.RST | wire.ACK)
    this.#out.seq = snd.max
    this.#out.ack = rcv.nxt
    this.counters.resetsOut += 1
    this.#transmit(ends.localAddr, ends.remoteAddr)
  }

  /** Answers a segment that belongs to no connection: RFC 9293 §3.10.7.1. */
  #refuse(segment: wire.Segment, src: ipv4.Ipv4, dst: ipv4.Ipv4): void {
    if ((segment.flags & wire.RST) !== 0) return
    const hasAck = (segment.flags & wire.ACK) !== 0
    this.#bare(segment.dstPort, segment.srcPort, hasAck ? wire.RST : wire.RST | wire.ACK)
    this.#out.seq = hasAck ? segment.ack : 0
    this.#out.ack = hasAck ? 0 : add(segment.seq, wire.span(segment))
    this.counters.resetsOut += 1
    this.#transmit(dst, src)
  }

  /** A segment with nothing in it. */
  #bare(srcPort: number, dstPort: number, flags: number): void {
    const out = this.#out
    out.srcPort = srcPort
    out.dstPort = dstPort
    out.flags = flags
    out.window = 0
    out.mss = 0
    out.scale = -1
    out.textLength = 0
  }
}

function bounded<T>(set: Set<T>, entry: T, countMax: number, drop: (oldest: T) => void): void {
  set.add(entry)
  if (set.size <= countMax) return
  const [oldest] = set
  set.delete(oldest!)
  drop(oldest!)
}

function counters(): Counters {
  const drops = { 'too-short': 0, 'bad-offset': 0, 'bad-checksum': 0, 'bad-option': 0, 'bad-mss': 0 }
  return { segmentsIn: 0, segmentsOut: 0, resetsOut: 0, drops }
}

function isHost(address: ipv4.Ipv4): boolean {
  return address !== ipv4.UNSPECIFIED && address >>> 28 < 0xe
}

function assertPort(port: number): void {
  assert(Number.isInteger(port) && port >= 1 && port <= 0xffff, 'tcp: a port is 1 to 65535')
}

function checked(keepAlive: KeepAlive | undefined): KeepAlive | undefined {
  assert(keepAlive === undefined || keepAlive.interval > 0, 'tcp: keep-alive probes have an interval')
  return keepAlive
}
