/**
 * TCP on an `Ip`: the shell around the core, and the only file here with a clock, randomness and a network.
 *
 * A segment is parsed, handed to the core, and what is then due is sent, before the next one is looked at.
 * Applications are woken once what runs now is over, so that what several segments brought is read at once, and
 * what several writes left is sent together with the acknowledgement that is owed. One timer serves all.
 */
import type { Endpoint } from '@mirage/address/endpoint'
import { type IpAddress, isUnspecified } from '@mirage/address/ip'
import { getU16 } from '@mirage/bytes'
import * as checksum from '@mirage/bytes/checksum'
import type { Clock, Millis } from '@mirage/clock'
import type { Ip, Packet } from '@mirage/ip'
import type { DeliveryError } from '@mirage/ip/errors'
import { u32 } from '@mirage/random'
import { type Result, assert, done, err, ok } from '@mirage/result'
import { Alarm } from './alarm.ts'
import { Budget } from './budget.ts'
import { Connection, type Driver, type Group, type Opened } from './connection.ts'
import { Cookies, PERIOD } from './cookies.ts'
import { type Answer, type Stores, isNewerSyn, segmentArrives } from './input.ts'
import { KEY_SIZE, Numbers } from './numbers.ts'
import * as opening from './opening.ts'
import { nextSegment } from './output.ts'
import * as path from './path.ts'
import { requestOf } from './request.ts'
import type { Counters, Needs, Options, Usage } from './settings.ts'
import * as wire from './segment.ts'
import { Chunks } from './send-queue.ts'
import { type Sequence, add, later } from './sequence.ts'
import { isSynchronized } from './state.ts'
import { Table } from './table.ts'
import type { ConnectError, KeepAlive, ListenOptions, Request, Tcp, TcpFlow, TcpOptions } from './tcp.ts'
import { type Ends, type Limits, MSS_DEFAULT, NEVER, RECEIVE_SIZE_MAX } from './tcb.ts'
import { Slabs } from './text.ts'
import * as timers from './timers.ts'
import { Transmitter } from './transmitter.ts'
import * as user from './user.ts'

export type { Counters, Needs, Options, Usage } from './settings.ts'

/** TCP on `ip`, whose listener for that protocol it becomes. `disconnect` resets every connection. */
export function connect(
  needs: Needs,
  options: Options = {},
): Tcp & { disconnect(): void; readonly counters: Readonly<Counters>; readonly usage: Usage } {
  return new Stack(needs, options)
}

interface Listener {
  readonly accept: (flow: TcpFlow) => void
  readonly keepAlive: KeepAlive | undefined
  readonly userTimeout: Millis
  /** Those in SYN-RECEIVED, oldest first. */
  readonly halfOpen: Set<Connection>
  readonly backlogMax: number
  readonly connectionsMax: number
  readonly group: Group
  /** Until when an acknowledgement may be of a cookie. */
  cookiesUntil: Millis
}

class Stack implements Tcp, Driver {
  readonly stores: Stores = { slabs: new Slabs(), chunks: new Chunks() }
  #ip: Ip
  #clock: Clock
  #receiveSize: number
  #sendSize: number
  /** By maximum segment size: there are few. */
  #limits: Map<number, Limits> = new Map()
  #connectionsMax: number
  #backlogMax: number
  #timeWaitMax: number
  #numbers: Numbers
  #cookies: Cookies
  #budget: Budget
  /** While a connection follows one in TIME-WAIT: where its sequence numbers begin at the earliest. */
  #issMin: Sequence | undefined

  #connections: Table<Connection>
  #listeners: Map<number, Listener> = new Map()
  #decide: ((request: Request) => void) | undefined
  /** Those whose SYN waits for a decision, oldest first. */
  #held: Set<Connection> = new Set()
  /** Those in TIME-WAIT, oldest first. */
  #lingering: Set<Connection> = new Set()
  /** Those that we open: only they end because a neighbour does not answer, and nobody walks over all to find them. */
  #opening: Set<Connection> = new Set()
  /** Those with a write that waits because all together hold too much. */
  #waiting: Set<Connection> = new Set()

  #alarm: Alarm<Connection>
  #touched: Connection[] = []
  #isTurnDue = false
  /** When the segments of this turn arrived, once it was asked. */
  #arrivedAt: Millis = NEVER
  #isDisconnected = false
  #segmentsIn = 0
  #urgentsIn = 0
  #counts = { cookiesOut: 0, cookiesIn: 0, synsIgnored: 0, halfOpenDropped: 0, textsDropped: 0 }
  #drops: Record<wire.SegmentError, number> = {
    'too-short': 0,
    'bad-offset': 0,
    'bad-checksum': 0,
    'bad-option': 0,
    'bad-mss': 0,
  }

  /** The segment that arrived: one for all. */
  #in: wire.Segment = new wire.Segment()
  /** The SYN that a cookie stands for: one for all. */
  #syn: wire.Segment = new wire.Segment()
  #transmitter: Transmitter

  constructor({ ip, icmp, clock, random }: Needs, options: Options) {
    const { receiveSize = 6_291_456, sendSize = 4_194_304 } = options
    assert(receiveSize >= 1 && receiveSize <= RECEIVE_SIZE_MAX, 'tcp: a receive window has 1 byte to 1 GiB')
    assert(sendSize >= 1 && sendSize <= 0x4000_0000, 'tcp: a send queue has 1 to 2^30 bytes')
    this.#ip = ip
    this.#clock = clock
    this.#receiveSize = receiveSize
    this.#sendSize = sendSize
    this.#connectionsMax = options.connectionsMax ?? 131_072
    this.#backlogMax = options.backlogMax ?? 256
    this.#timeWaitMax = options.timeWaitMax ?? 4096
    this.#numbers = new Numbers(random.generate(KEY_SIZE))
    this.#cookies = new Cookies(random.generate(KEY_SIZE))
    this.#budget = new Budget(options.memoryMax ?? 134_217_728)
    this.#connections = new Table(u32(random))
    this.#transmitter = new Transmitter(ip)
    this.#alarm = new Alarm(clock, (connection, now) => {
      timers.expire(connection.tcb, now)
      this.#settle(connection, now)
    })
    ip.listen(wire.PROTOCOL, (packet) => this.#input(packet))
    ip.onUnreachable((dst) => this.#unreachable(dst))
    icmp?.onError(wire.PROTOCOL, (error) => this.#inputError(error))
  }

  get counters(): Counters {
    const { segmentCount, resetCount } = this.#transmitter
    const [segmentsIn, drops] = [this.#segmentsIn, this.#drops]
    const { exhaustions } = this.#budget
    return {
      segmentsIn,
      urgentsIn: this.#urgentsIn,
      segmentsOut: segmentCount,
      resetsOut: resetCount,
      exhaustions,
      ...this.#counts,
      drops,
    }
  }

  get usage(): Usage {
    return { connections: this.#connections.count, memory: this.#budget.used }
  }

  connect(remote: Endpoint, options: TcpOptions = {}): Promise<Result<TcpFlow, ConnectError>> {
    assertPort(remote.port)
    const localAddr = this.#ip.src(remote.address)
    if (this.#isDisconnected || isUnspecified(localAddr) || !this.#isHost(remote.address))
      return Promise.resolve(err('no-route'))
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
    const tcb = opening.open(ends, this.#limitsTo(remote.address), iss, checked(options.keepAlive), now)
    tcb.userTimeout = options.userTimeout ?? 0
    return new Promise((resolve) => {
      const connection = new Connection(tcb, this, resolve)
      this.#connections.add(connection)
      connection.waitIn(this.#opening)
      this.#settle(connection, now)
    })
  }

  listen(
    port: number,
    accept: (flow: TcpFlow) => void,
    options: ListenOptions = {},
  ): Result<void, 'port-in-use'> {
    assertPort(port)
    if (this.#listeners.has(port)) return err('port-in-use')
    const { backlogMax = this.#backlogMax, connectionsMax = this.#connectionsMax } = options
    this.#listeners.set(port, {
      accept,
      keepAlive: checked(options.keepAlive),
      userTimeout: options.userTimeout ?? 0,
      halfOpen: new Set(),
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
    this.#alarm.stop()
  }

  now(): Millis {
    return this.#clock.now()
  }

  /** The time of a segment. Those of one batch have the same: asking takes 40 ns, a tenth of an acknowledgement. */
  #arrival(): Millis {
    if (!this.#isTurnDue) return this.now()
    if (this.#arrivedAt === NEVER) this.#arrivedAt = this.now()
    return this.#arrivedAt
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
    if (answer === 'reset') this.#transmitter.reset(connection.tcb)
    this.#settle(connection, this.now())
  }

  /** What runs now is over: wakes whom it concerned, and sends what they left to be sent. */
  #turn = (): void => {
    this.#isTurnDue = false
    this.#arrivedAt = NEVER
    const touched = this.#touched
    this.#touched = []
    const now = this.now()
    for (const connection of touched) {
      connection.isTouched = false
      this.#tellOpened(connection)
      connection.wake()
      timers.turnEnds(connection.tcb)
      this.#settle(connection, now)
    }
  }

  /** Sends what is due for `connection`, and arranges for what comes next. */
  #settle(connection: Connection, now: Millis): void {
    const { tcb } = connection
    if (!connection.isHeld) while (nextSegment(tcb, this.#transmitter.out, now)) this.#send(connection)
    if (tcb.state === 'time-wait') this.#wait(connection, this.#lingering, this.#timeWaitMax)
    else if (tcb.state !== 'syn-received' && tcb.state !== 'syn-sent') connection.leave()
    if (connection.hasNews || tcb.ackDue === 'soon') this.touch(connection)
    if (tcb.state === 'gone') return this.#remove(connection)
    this.#alarm.set(connection, timers.earliest(tcb))
    this.#budget.count(connection)
    this.#wakeWaiting()
  }

  isOver(connection: Connection): boolean {
    return this.#budget.isOver(connection, this.#connections.count)
  }

  waitForShare(connection: Connection): void {
    this.#waiting.add(connection)
  }

  #wakeWaiting(): void {
    if (this.#waiting.size === 0 || this.#budget.isExhausted) return
    for (const connection of this.#waiting) this.touch(connection)
    this.#waiting.clear()
  }

  #send(connection: Connection): void {
    const { tcb } = connection
    const sent = this.#transmitter.send(tcb)
    // Another protocol learned that the path is narrower.
    if (!sent.ok && sent.error === 'would-fragment') path.shrink(tcb, this.#mssTo(tcb.remoteAddr))
    // Any other failure is a loss like those on the way: what is lost goes again.
    if (sent.ok || sent.error !== 'no-route' || tcb.state !== 'syn-sent') return
    connection.isUnreachable = true
    user.abort(tcb)
  }

  #tellOpened(connection: Connection): void {
    const { opened, tcb } = connection
    if (opened === undefined || tcb.state === 'syn-sent' || tcb.state === 'syn-received') return
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
    connection.leave()
    this.#budget.release(connection)
    this.#waiting.delete(connection)
    this.#wakeWaiting()
    if (connection.group !== undefined) connection.group.count -= 1
    this.#connections.remove(connection)
    this.#alarm.remove(connection)
  }

  /** Puts `connection` into a list of limited length, of which the oldest goes, without a word, to make room. */
  #wait(connection: Connection, list: Set<Connection>, countMax: number): void {
    if (list.has(connection)) return
    connection.waitIn(list)
    if (list.size <= countMax) return
    const [oldest] = list
    if (list !== this.#lingering) this.#counts.halfOpenDropped += 1
    user.forget(oldest!.tcb)
    this.#settle(oldest!, this.now())
  }

  // Segments that arrive.

  #input({ frame, offset, end, src, dst, isChecked, trafficClass }: Packet): void {
    this.#segmentsIn += 1
    const segment = this.#in
    const pseudo = isChecked ? 0 : checksum.pseudo(src, dst, wire.PROTOCOL, end - offset)
    const parsed = wire.parse(frame, offset, end, pseudo, segment, isChecked)
    segment.ecn = trafficClass & 3
    if (!parsed.ok) {
      this.#drops[parsed.error] += 1
      return
    }
    if ((segment.flags & wire.URG) !== 0) this.#urgentsIn += 1
    const connection = this.#connections.find(dst, segment.dstPort, src, segment.srcPort)
    if (connection === undefined) return this.#unknown(segment, src, dst)
    this.#known(connection, segment)
  }

  #known(connection: Connection, segment: wire.Segment): void {
    const { tcb } = connection
    if (connection.isHeld) return this.#whileHeld(connection, segment)
    const now = this.#arrival()
    const { state } = tcb
    // The window that the peer was told cannot be taken back; what it sends can, and it will send it again.
    const isDropped = segment.textLength > 0 && this.isOver(connection)
    if (isDropped) this.#dropText(segment)
    if (state === 'time-wait' && isNewerSyn(tcb, segment)) return this.#reopen(connection, segment, now)
    const answer =
      state === 'syn-sent'
        ? opening.answerArrives(tcb, segment, this.stores, now)
        : segmentArrives(tcb, segment, this.stores, now)
    // The peer lives longer than its patience if it hears that we do.
    if (isDropped && isSynchronized(tcb.state)) timers.oweAck(tcb, now)
    connection.pour()
    if (answer === 'reset') this.#transmitter.refuse(segment, tcb.remoteAddr, tcb.localAddr)
    // What is due for several segments is done once, at the end of the turn; what has to be told of each is not.
    if (state !== 'established' || tcb.state !== state || tcb.ackDue === 'now')
      return this.#settle(connection, now)
    this.#budget.count(connection)
    this.touch(connection)
  }

  #dropText(segment: wire.Segment): void {
    this.#counts.textsDropped += 1
    segment.textLength = 0
    segment.flags &= ~wire.FIN
  }

  /** A new connection between the ends of one in TIME-WAIT, with sequence numbers past all of the old one's. */
  #reopen(connection: Connection, segment: wire.Segment, now: Millis): void {
    const { snd, remoteAddr, localAddr } = connection.tcb
    user.forget(connection.tcb)
    this.#settle(connection, now)
    this.#issMin = add(snd.max, 1)
    this.#unknown(segment, remoteAddr, localAddr)
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
  #unknown(segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    // RFC 1122 §4.2.3.10.
    if (this.#isDisconnected || !this.#isHost(src) || !this.#isHost(dst)) return
    const listener = this.#listeners.get(segment.dstPort)
    if (!opening.isOpening(segment)) {
      if (listener === undefined || !this.#redeem(listener, segment, src, dst))
        this.#transmitter.refuse(segment, src, dst)
      return
    }
    if (listener === undefined && this.#decide === undefined)
      return this.#transmitter.refuse(segment, src, dst)
    if (!this.#hasRoom(listener)) this.#counts.synsIgnored += 1
    else if (listener === undefined) this.#hold(segment, src, dst)
    else if (listener.halfOpen.size < listener.backlogMax) this.#answer(listener, segment, src, dst)
    else this.#promise(listener, segment, src, dst)
  }

  #hasRoom(listener: Listener | undefined): boolean {
    if (this.#connections.count >= this.#connectionsMax || this.#budget.isExhausted) return false
    return listener === undefined || listener.group.count < listener.connectionsMax
  }

  #answer(listener: Listener, segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    const now = this.now()
    const connection = this.#receive(segment, src, dst, listener.keepAlive, now, acceptedBy(listener))
    connection.tcb.userTimeout = listener.userTimeout
    join(connection, listener)
    this.#wait(connection, listener.halfOpen, listener.backlogMax)
    this.#settle(connection, now)
  }

  /** The backlog is full: the answer to a SYN holds all that is kept of it. */
  #promise(listener: Listener, segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    const now = this.now()
    const mss = segment.mss === 0 ? MSS_DEFAULT : segment.mss
    const cookie = this.#cookies.make(endsOf(segment, src, dst), segment.seq, mss, now)
    listener.cookiesUntil = now + 2 * PERIOD
    this.#counts.cookiesOut += 1
    this.#transmitter.promise(segment, src, dst, cookie, this.#limitsTo(src))
  }

  /** Makes the connection that a cookie stands for, if `segment` brings one back. */
  #redeem(listener: Listener, segment: wire.Segment, src: IpAddress, dst: IpAddress): boolean {
    const now = this.now()
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
    const tcb = opening.synArrives(ends, this.#limitsTo(src), iss, listener.keepAlive, syn, now)
    tcb.userTimeout = listener.userTimeout
    tcb.snd.nxt = tcb.snd.max = segment.ack
    const connection = new Connection(tcb, this, acceptedBy(listener))
    this.#connections.add(connection)
    join(connection, listener)
    this.#counts.cookiesIn += 1
    this.#known(connection, segment)
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
    const clocked = this.#numbers.initialSequence(ends, now)
    const iss = this.#issMin === undefined ? clocked : later(clocked, this.#issMin)
    const tcb = opening.synArrives(ends, this.#limitsTo(src), iss, keepAlive, segment, now)
    const connection = new Connection(tcb, this, opened)
    this.#connections.add(connection)
    return connection
  }

  /** A SYN that a gateway decides about. */
  #hold(segment: wire.Segment, src: IpAddress, dst: IpAddress): void {
    let answered: (result: Result<TcpFlow, ConnectError>) => void = () => {}
    const result = new Promise<Result<TcpFlow, ConnectError>>((resolve) => {
      answered = resolve
    })
    const connection = this.#receive(segment, src, dst, undefined, this.now(), answered)
    const answer = (): void => this.#settle(connection, this.now())
    const reset = (): void => this.ended(connection, user.abort(connection.tcb))
    const request = requestOf(connection, result, answer, reset)
    this.#wait(connection, this.#held, this.#backlogMax)
    this.#decide?.(request)
  }

  #unreachable(dst: IpAddress): void {
    for (const connection of this.#opening) {
      const { tcb } = connection
      if (tcb.state !== 'syn-sent' || tcb.remoteAddr !== dst) continue
      connection.isUnreachable = true
      this.ended(connection, user.abort(tcb))
    }
  }

  #inputError(error: DeliveryError): void {
    const { kind, src, dst, frame, offset } = error
    const connection = this.#connections.find(src, getU16(frame, offset), dst, getU16(frame, offset + 2))
    if (connection === undefined || !path.isBelieved(connection.tcb, error)) return
    if (error.kind === 'too-big') return this.#narrowed(connection, error.mtu)
    const failure = path.failureOf(connection.tcb, kind)
    if (failure === undefined) return
    connection.isUnreachable = failure === 'no-route'
    this.ended(connection, user.abort(connection.tcb))
  }

  /** What another connection to the same host loses, it finds out by an error of its own. */
  #narrowed(connection: Connection, mtu: number): void {
    const { tcb } = connection
    const { remoteAddr } = tcb
    this.#ip.reducePathMtu(remoteAddr, mtu)
    if (path.shrink(tcb, this.#mssTo(remoteAddr))) this.#settle(connection, this.now())
  }

  #mssTo(remote: IpAddress): number {
    return this.#ip.mtu(remote) - wire.HEADER_SIZE
  }

  /** Connections share their limits, so that an idle one is small. */
  #limitsTo(remote: IpAddress): Limits {
    const mss = this.#mssTo(remote)
    const found = this.#limits.get(mss)
    if (found !== undefined) return found
    const limits = {
      mss,
      receiveSize: this.#receiveSize,
      sendSize: this.#sendSize,
      segmentMax: this.#transmitter.textMax,
    }
    this.#limits.set(mss, limits)
    return limits
  }

  #isHost(address: IpAddress): boolean {
    return this.#ip.isHost(address)
  }
}

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

function assertPort(port: number): void {
  assert(Number.isInteger(port) && port >= 1 && port <= 0xffff, 'tcp: a port is 1 to 65535')
}

function checked(keepAlive: KeepAlive | undefined): KeepAlive | undefined {
  assert(keepAlive === undefined || keepAlive.interval > 0, 'tcp: keep-alive probes have an interval')
  return keepAlive
}
