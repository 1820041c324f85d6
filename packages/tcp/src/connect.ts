/**
 * TCP on an `Ip`: the shell around the core, and the only file here with a clock, randomness and a network.
 *
 * A segment is parsed, handed to the core, and what is then due is sent, before the next one is looked at.
 * Applications are woken once what runs now is over, so that what several segments brought is read at once, and
 * what several writes left is sent together with the acknowledgement that is owed. One timer serves all.
 */
import type { Endpoint } from '@mirage/address/endpoint'
import { type IpAddress, isUnspecified } from '@mirage/address/ip'
import * as checksum from '@mirage/bytes/checksum'
import type { Clock, Millis } from '@mirage/clock'
import type { Ip, Packet } from '@mirage/ip'
import { u32 } from '@mirage/random'
import { type Result, assert, err, ok } from '@mirage/result'
import { Alarm } from './alarm.ts'
import { Budget } from './budget.ts'
import { Connection, type Driver } from './connection.ts'
import { Cookies } from './cookies.ts'
import { type Answer, type Stores, isNewerSyn, segmentArrives } from './input.ts'
import { type Host, Listeners } from './listeners.ts'
import { KEY_SIZE, Numbers } from './numbers.ts'
import * as opening from './opening.ts'
import { nextSegment } from './output.ts'
import * as path from './path.ts'
import { Reports } from './reports.ts'
import type { Counters, Needs, Options, Usage } from './settings.ts'
import * as wire from './segment.ts'
import { Chunks } from './send-queue.ts'
import { type Sequence, add, later } from './sequence.ts'
import { SharedLimits } from './limits.ts'
import { isSynchronized } from './state.ts'
import { Table } from './table.ts'
import type { ConnectError, KeepAlive, ListenOptions, Request, Tcp, TcpFlow, TcpOptions } from './tcp.ts'
import { type Ends, RECEIVE_SIZE_MAX } from './tcb.ts'
import { Slabs } from './text.ts'
import * as timers from './timers.ts'
import { Transmitter } from './transmitter.ts'
import { Turn } from './turn.ts'
import * as user from './user.ts'
import { WaitingList } from './waiting-list.ts'

export type { Counters, Needs, Options, Usage } from './settings.ts'

/** TCP on `ip`, whose listener for that protocol it becomes. `disconnect` resets every connection. */
export function connect(
  needs: Needs,
  options: Options = {},
): Tcp & { disconnect(): void; readonly counters: Readonly<Counters>; readonly usage: Usage } {
  return new Stack(needs, options)
}

class Stack implements Tcp, Driver {
  readonly stores: Stores = { slabs: new Slabs(), chunks: new Chunks() }
  #ip: Ip
  #clock: Clock
  #limits: SharedLimits
  #connectionsMax: number
  #timeWaitMax: number
  #numbers: Numbers
  #budget: Budget<Connection>
  /** While a connection follows one in TIME-WAIT: where its sequence numbers begin at the earliest. */
  #issMin: Sequence | undefined

  #connections: Table<Connection>
  #listeners: Listeners
  /** Those in TIME-WAIT, oldest first. */
  #lingering: WaitingList<Connection> = new WaitingList()
  #reports: Reports

  #alarm: Alarm<Connection>
  #turn: Turn
  #isDisconnected = false
  #segmentsIn = 0
  #urgentsIn = 0
  #halfOpenDropped = 0
  #textsDropped = 0
  #drops: Record<wire.SegmentError, number> = {
    'too-short': 0,
    'bad-offset': 0,
    'bad-checksum': 0,
    'bad-option': 0,
    'bad-mss': 0,
  }

  /** The segment that arrived: one for all. */
  #in: wire.Segment = new wire.Segment()
  #transmitter: Transmitter

  constructor({ ip, icmp, clock, random }: Needs, options: Options) {
    const { receiveSize = 6_291_456, sendSize = 4_194_304 } = options
    assert(receiveSize >= 1 && receiveSize <= RECEIVE_SIZE_MAX, 'tcp: a receive window has 1 byte to 1 GiB')
    assert(sendSize >= 1 && sendSize <= 0x4000_0000, 'tcp: a send queue has 1 to 2^30 bytes')
    this.#ip = ip
    this.#clock = clock
    this.#connectionsMax = options.connectionsMax ?? 131_072
    this.#timeWaitMax = options.timeWaitMax ?? 4096
    this.#numbers = new Numbers(random.generate(KEY_SIZE))
    const cookies = new Cookies(random.generate(KEY_SIZE))
    const wake = (connection: Connection): void => this.touch(connection)
    this.#budget = new Budget(options.memoryMax ?? 134_217_728, wake)
    this.#connections = new Table(u32(random))
    this.#transmitter = new Transmitter(ip)
    this.#limits = new SharedLimits(ip, { receiveSize, sendSize, segmentMax: this.#transmitter.textMax })
    this.#turn = new Turn(clock, (connection, now) => this.#turnEnds(connection, now))
    this.#listeners = new Listeners(this.#host(), cookies, options.backlogMax ?? 256)
    this.#alarm = new Alarm(clock, (connection, now) => {
      timers.expire(connection.tcb, now)
      this.#settle(connection, now)
    })
    const [connections, limits] = [this.#connections, this.#limits]
    const settle = (connection: Connection): void => this.#settle(connection, this.now())
    const ended = (connection: Connection, answer: Answer): void => this.ended(connection, answer)
    this.#reports = new Reports(ip, icmp, { connections, limits, settle, ended })
    ip.listen(wire.PROTOCOL, (packet) => this.#input(packet))
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
      ...this.#listeners.counts,
      halfOpenDropped: this.#halfOpenDropped,
      textsDropped: this.#textsDropped,
      drops,
    }
  }

  get usage(): Usage {
    return { connections: this.#connections.count, memory: this.#budget.used }
  }

  get localPortMin(): number {
    return this.#numbers.portMin
  }

  set localPortMin(port: number) {
    assertPort(port)
    this.#numbers.portMin = port
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
    const tcb = opening.open(ends, this.#limits.to(remote.address), iss, checked(options.keepAlive), now)
    tcb.userTimeout = options.userTimeout ?? 0
    return new Promise((resolve) => {
      const connection = new Connection(tcb, this, resolve)
      this.#connections.add(connection)
      connection.waitIn(this.#reports.opening)
      this.#settle(connection, now)
    })
  }

  listen(
    port: number,
    accept: (flow: TcpFlow) => void,
    options: ListenOptions = {},
  ): Result<void, 'port-in-use'> {
    assertPort(port)
    return this.#listeners.listen(port, accept, { ...options, keepAlive: checked(options.keepAlive) })
  }

  unlisten(port: number): void {
    this.#listeners.unlisten(port)
  }

  forward(decide: (request: Request) => void): void {
    this.#listeners.forward(decide)
  }

  disconnect(): void {
    this.#isDisconnected = true
    this.#listeners.clear()
    for (const connection of this.#connections.all()) this.ended(connection, user.abort(connection.tcb))
    this.#alarm.stop()
  }

  now(): Millis {
    return this.#clock.now()
  }

  touch(connection: Connection): void {
    this.#turn.touch(connection)
  }

  ended(connection: Connection, answer: Answer): void {
    if (answer === 'reset') this.#transmitter.reset(connection.tcb)
    this.#settle(connection, this.now())
  }

  /** Wakes whom the turn concerned, and sends what they left to be sent. */
  #turnEnds(connection: Connection, now: Millis): void {
    this.#tellOpened(connection)
    connection.wake()
    timers.turnEnds(connection.tcb)
    // What they left is done now: it needs no turn of its own.
    connection.isTouched = false
    this.#settle(connection, now)
  }

  /** Sends what is due for `connection`, and arranges for what comes next. */
  #settle(connection: Connection, now: Millis): void {
    const { tcb } = connection
    if (!connection.isHeld) while (nextSegment(tcb, this.#transmitter.out, now)) this.#send(connection)
    if (tcb.state === 'time-wait') this.#wait(connection, this.#lingering, this.#timeWaitMax)
    else if (tcb.state !== 'syn-received' && tcb.state !== 'syn-sent') connection.leave()
    if (connection.hasNews || tcb.ackDue === 'soon') this.#turn.touch(connection)
    if (tcb.state === 'gone') return this.#remove(connection)
    this.#alarm.set(connection, timers.earliest(tcb))
    this.#budget.count(connection)
    this.#budget.wake()
  }

  isOver(connection: Connection): boolean {
    return this.#budget.isOver(connection, this.#connections.count)
  }

  waitForShare(connection: Connection): void {
    this.#budget.wait(connection)
  }

  #send(connection: Connection): void {
    const { tcb } = connection
    const sent = this.#transmitter.send(tcb)
    // Another protocol learned that the path is narrower.
    if (!sent.ok && sent.error === 'would-fragment') path.shrink(tcb, this.#limits.mssTo(tcb.remoteAddr))
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
    connection.tcb.snd.queue.clear()
    connection.leave()
    this.#budget.release(connection)
    if (connection.group !== undefined) connection.group.count -= 1
    this.#connections.remove(connection)
    this.#alarm.remove(connection)
  }

  /** Puts `connection` into a list of limited length, of which the oldest goes, without a word, to make room. */
  #wait(connection: Connection, list: WaitingList<Connection>, countMax: number): void {
    if (list.has(connection)) return
    connection.waitIn(list)
    if (list.size <= countMax) return
    const oldest = list.oldest()
    if (list !== this.#lingering) this.#halfOpenDropped += 1
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
    const now = this.#turn.arrival()
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
    this.#turn.touch(connection)
  }

  #dropText(segment: wire.Segment): void {
    this.#textsDropped += 1
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
    this.#listeners.arrives(segment, src, dst)
  }

  /** What those that listen do with the stack. */
  #host(): Host {
    return {
      transmitter: this.#transmitter,
      now: () => this.now(),
      limitsTo: (remote) => this.#limits.to(remote),
      initialSequence: (ends, now) => {
        const iss = this.#numbers.initialSequence(ends, now)
        return this.#issMin === undefined ? iss : later(iss, this.#issMin)
      },
      hasRoom: () => this.#connections.count < this.#connectionsMax && !this.#budget.isExhausted,
      add: (tcb, opened) => {
        const connection = new Connection(tcb, this, opened)
        this.#connections.add(connection)
        return connection
      },
      wait: (connection, list, countMax) => this.#wait(connection, list, countMax),
      settle: (connection, now) => this.#settle(connection, now),
      input: (connection, segment) => this.#known(connection, segment),
      ended: (connection, answer) => this.ended(connection, answer),
    }
  }

  #isHost(address: IpAddress): boolean {
    return this.#ip.isHost(address)
  }
}

function assertPort(port: number): void {
  assert(Number.isInteger(port) && port >= 1 && port <= 0xffff, 'tcp: a port is 1 to 65535')
}

function checked(keepAlive: KeepAlive | undefined): KeepAlive | undefined {
  assert(keepAlive === undefined || keepAlive.interval > 0, 'tcp: keep-alive probes have an interval')
  return keepAlive
}
