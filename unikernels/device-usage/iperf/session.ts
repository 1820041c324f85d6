/** One test, of either end: the control connection, the streams, and the lines that say how it goes. */
import type { Endpoint } from '@mirage/address/endpoint'
import { equal } from '@mirage/bytes'
import { type Cancel, type Clock, sleep } from '@mirage/clock'
import type { Random } from '@mirage/random'
import { below } from '@mirage/random'
import { type Result, done, err } from '@mirage/result'
import type { Stack } from '@mirage/stack'
import type { TcpFlow } from '@mirage/tcp'
import type { Datagram } from '@mirage/udp'
import { type Action, Control } from './control.ts'
import { type Counted, Meter } from './meter.ts'
import * as protocol from './protocol.ts'
import type { Parameters, StreamResult } from './protocol.ts'
import * as streams from './streams.ts'
import { Table } from './table.ts'

export interface Devices {
  readonly clock: Clock
  readonly random: Random
  readonly stack: Stack
}

export interface Settings {
  /** Where the server listens, or is. */
  readonly port: number
  /** Seconds between two lines of one stream; 0 for none. */
  readonly interval: number
  readonly print: (line: string) => void
}

/** How long the other end may take until the test runs, in milliseconds. */
const PATIENCE = 10_000
/** As long as bytes come in every such time, in milliseconds, a stream goes on behind the end; but not for longer. */
const DRAIN = 20
const DRAIN_MAX = 1000
/** So long nothing may come where it is known that there is more: what lies between the ends may be busy. */
const DRAIN_KNOWN = 5000
/** Tries to find a local port for a UDP stream. */
const PORT_TRIES = 16

interface UdpPeer {
  readonly endpoint: Endpoint
  readonly localPort: number
}

export class Session implements streams.Load {
  readonly clock: Clock
  readonly cookie: Uint8Array
  isOver = false
  readonly #devices: Devices
  readonly #settings: Settings
  readonly #flow: TcpFlow
  readonly #control: Control
  readonly #role: 'client' | 'server'
  #parameters: Parameters | undefined
  #block: Uint8Array | undefined
  #meters: Meter[] = []
  /** From the beginning of the test on. */
  #table: Table | undefined
  #flows: TcpFlow[] = []
  #udpPeers: UdpPeer[] = []
  #theirs: readonly StreamResult[] = []
  #writing: Promise<unknown> = Promise.resolve()
  #timers: Cancel[] = []
  #startedAt = 0
  #seconds = 0
  #left = Number.POSITIVE_INFINITY
  #ended: Result<void, string> | undefined

  private constructor(
    devices: Devices,
    settings: Settings,
    flow: TcpFlow,
    cookie: Uint8Array,
    control: Control,
    role: 'client' | 'server',
  ) {
    this.clock = devices.clock
    this.#devices = devices
    this.#settings = settings
    this.#flow = flow
    this.cookie = cookie
    this.#control = control
    this.#role = role
  }

  /** The server's end of the test whose client has sent `cookie` on `flow`. */
  static async serve(
    devices: Devices,
    settings: Settings,
    flow: TcpFlow,
    cookie: Uint8Array,
  ): Promise<Session> {
    const [control, actions] = Control.server()
    const session = new Session(devices, settings, flow, cookie, control, 'server')
    await session.#perform(actions)
    return session
  }

  /** The client's end of a test with the server at the other end of `flow`. */
  static async request(
    devices: Devices,
    settings: Settings,
    flow: TcpFlow,
    parameters: Parameters,
  ): Promise<Session> {
    const cookie = protocol.makeCookie(devices.random)
    const session = new Session(devices, settings, flow, cookie, Control.client(parameters), 'client')
    session.#send(cookie)
    return session
  }

  get parameters(): Parameters {
    return this.#parameters!
  }

  get block(): Uint8Array {
    this.#block ??= new Uint8Array(this.parameters.blockSize)
    return this.#block
  }

  /** Whether the server waits for another stream that begins with a cookie. */
  takes(cookie: Uint8Array): boolean {
    return (
      this.#parameters?.protocol === 'tcp' &&
      this.#meters.length < this.#streamCount &&
      equal(cookie, this.cookie)
    )
  }

  get left(): number {
    return this.#role === 'client' ? this.#left : Infinity
  }

  carried(length: number): void {
    this.#left -= length
    if (this.#left <= 0 && this.#role === 'client' && !this.isOver) this.#end()
  }

  /** The test, from what arrives on the control connection; how it ended. */
  async run(): Promise<Result<void, string>> {
    this.#at(PATIENCE, () => this.#fail('the other end takes too long'))
    while (this.#ended === undefined) {
      const read = await this.#flow.read()
      if (this.#ended !== undefined) break
      if (!read.ok) this.#fail(`the control connection broke: ${read.error}`)
      else if (read.value === 'eof') this.#fail('the other end has closed the control connection')
      else await this.#perform(this.#control.input(read.value))
    }
    this.isOver = true
    for (const cancel of this.#timers) cancel()
    await this.#writing
    for (const flow of this.#flows) flow.abort()
    for (const { localPort } of this.#udpPeers)
      if (this.#role === 'client') this.#devices.stack.udp.unlisten(localPort)
    this.#flow.close()
    return this.#ended ?? done
  }

  /** A stream that has arrived: the server's end. */
  addFlow(flow: TcpFlow): void {
    this.#flows.push(flow)
    this.#addStream()
  }

  /** A datagram to the server's port. */
  async addDatagram(datagram: Datagram): Promise<void> {
    const { src, payload } = datagram
    const index = this.#udpPeers.findIndex(
      ({ endpoint }) => endpoint.port === src.port && endpoint.address === src.address,
    )
    if (index >= 0) return this.#receive(index, datagram)
    // A stream goes to who controls the test: anybody can put the address of another into a datagram.
    const isOfClient = src.address === this.#flow.remote.address
    const isHello = isOfClient && payload.length === 4 && this.#parameters?.protocol === 'udp'
    if (!isHello || this.#udpPeers.length >= this.#streamCount) return
    this.#udpPeers.push({ endpoint: src, localPort: this.#settings.port })
    this.#devices.stack.udp.write(src, protocol.UDP_WELCOME, { srcPort: this.#settings.port })
    this.#addStream()
  }

  #receive(index: number, datagram: Datagram): void {
    const meter = this.#meters[index]
    if (meter !== undefined && !meter.isSender && this.#startedAt > 0)
      streams.receiveDatagram(this, meter, datagram)
  }

  async #perform(actions: readonly Action[]): Promise<void> {
    for (const action of actions) {
      if (action.kind === 'send') this.#send(action.bytes)
      else if (action.kind === 'streams') await this.#open(action.parameters)
      else if (action.kind === 'run') this.#start()
      else if (action.kind === 'results') this.#theirs = action.results
      else if (action.kind === 'collect') await this.#collect()
      else if (action.kind === 'finished') this.#finish()
      else this.#fail(action.reason)
    }
  }

  #send(bytes: Uint8Array): void {
    this.#writing = this.#writing.then(() => this.#flow.writeNodelay(bytes))
  }

  get #streamCount(): number {
    const { parallel, isBidirectional } = this.parameters
    return isBidirectional ? 2 * parallel : parallel
  }

  #addStream(): void {
    const index = this.#meters.length
    const { parallel, isReverse, isBidirectional } = this.parameters
    const isToServer = isBidirectional ? index < parallel : !isReverse
    this.#meters.push(new Meter(protocol.streamId(index), isToServer === (this.#role === 'client')))
    if (this.#role === 'server' && this.#meters.length === this.#streamCount)
      void this.#perform(this.#control.streamsOpened())
  }

  async #open(parameters: Parameters): Promise<void> {
    this.#parameters = parameters
    if (this.#role === 'server') return
    for (let count = 0; count < this.#streamCount && this.#ended === undefined; count++) {
      const opened = await (parameters.protocol === 'tcp' ? this.#openFlow() : this.#openUdp())
      if (!opened.ok) return this.#fail(opened.error)
    }
  }

  async #openFlow(): Promise<Result<void, string>> {
    const connection = await this.#devices.stack.tcp.connect(this.#flow.remote)
    if (!connection.ok) return err(`a stream was not opened: ${connection.error}`)
    await connection.value.writeNodelay(this.cookie)
    this.addFlow(connection.value)
    return done
  }

  async #openUdp(): Promise<Result<void, string>> {
    const { udp } = this.#devices.stack
    const index = this.#meters.length
    const endpoint = { address: this.#flow.remote.address, port: this.#settings.port }
    let welcome: () => void = () => {}
    const welcomed = new Promise<boolean>((resolve) => {
      welcome = () => resolve(true)
      this.#at(PATIENCE, () => resolve(false))
    })
    const receive = (datagram: Datagram): void => {
      if (this.#meters[index] === undefined) welcome()
      else this.#receive(index, datagram)
    }
    for (let tries = 0; tries < PORT_TRIES; tries++) {
      const localPort = 49_152 + below(this.#devices.random, 16_384)
      if (!udp.listen(localPort, receive).ok) continue
      this.#udpPeers.push({ endpoint, localPort })
      udp.write(endpoint, protocol.UDP_HELLO, { srcPort: localPort })
      if (!(await welcomed)) return err('the server does not answer by UDP')
      this.#addStream()
      return done
    }
    return err('there is no free UDP port')
  }

  #start(): void {
    const { seconds, protocol: transport } = this.parameters
    for (const cancel of this.#timers.splice(0)) cancel()
    this.#startedAt = this.clock.now()
    if (this.#agreed > 0) this.#left = this.#agreed
    else if (this.#role === 'client') this.#at(seconds * 1000, () => this.#end())
    const { omit } = this.parameters
    if (omit > 0) this.#at(omit * 1000, () => this.#omit())
    this.#table = new Table(this.#settings.print, transport, this.#meters)
    this.#table.heading()
    this.#tick(1)
    this.#meters.forEach((meter, index) => this.#startStream(meter, index))
  }

  #startStream(meter: Meter, index: number): void {
    const flow = this.#flows[index]
    const peer = this.#udpPeers[index]
    if (flow !== undefined && meter.isSender) void streams.sendBlocks(this, meter, flow)
    else if (flow !== undefined) streams.receiveBlocks(this, meter, flow)
    else if (peer !== undefined && meter.isSender)
      streams.sendDatagrams(this, meter, this.#devices.stack, peer.endpoint, peer.localPort)
  }

  /** What was carried until now does not count. */
  #omit(): void {
    this.#startedAt = this.clock.now()
    for (const meter of this.#meters) meter.omit()
  }

  /** Prints the intervals, from the `count`-th on. */
  #tick(count: number): void {
    const { interval } = this.#settings
    if (interval === 0) return
    this.#at(this.#startedAt + count * interval * 1000 - this.clock.now(), () => {
      if (this.isOver) return
      this.#table?.rows((count - 1) * interval, count * interval, (meter) => meter.interval())
      this.#tick(count + 1)
    })
  }

  /** The client's end of the time, or of the bytes. */
  #end(): void {
    this.#stop()
    void this.#perform(this.#control.end())
  }

  #stop(): void {
    if (this.isOver) return
    this.isOver = true
    this.#seconds = (this.clock.now() - this.#startedAt) / 1000
  }

  async #collect(): Promise<void> {
    this.#stop()
    if (this.parameters.protocol === 'tcp' && this.#meters.some(({ isSender }) => !isSender))
      await this.#drain()
    const results = this.#meters.map((meter) => ({
      id: meter.id,
      ...resultOf(meter.total),
      seconds: this.#seconds,
    }))
    const isSender = this.#meters.some((meter) => meter.isSender)
    await this.#perform(this.#control.answer(results, isSender))
  }

  /** The word that the test is over may overtake the last bytes, which count with the time until they are here. */
  async #drain(): Promise<void> {
    const { clock } = this
    const endedAt = clock.now()
    // Of a test both ways the client ends as soon as one of them has carried them.
    const promised = this.parameters.isBidirectional ? 0 : this.#agreed
    let bytes = this.#received
    for (let changedAt = endedAt; ; ) {
      await sleep(clock, DRAIN)
      const now = clock.now()
      if (this.#received !== bytes) {
        this.#seconds = (now - this.#startedAt) / 1000
        bytes = this.#received
        changedAt = now
      } else if (bytes >= promised || now - changedAt >= DRAIN_KNOWN) return
      if (bytes >= promised && now - endedAt >= DRAIN_MAX) return
    }
  }

  /** The bytes after which the test is over; 0 if it is over after a time. */
  get #agreed(): number {
    const { bytes, blocks, blockSize } = this.parameters
    return bytes > 0 ? bytes : blocks * blockSize
  }

  get #received(): number {
    return this.#meters.reduce((sum, { isSender, bytes }) => (isSender ? sum : sum + bytes), 0)
  }

  #finish(): void {
    this.#ended = done
    this.#table?.totals(this.#theirs, this.#seconds)
  }

  #fail(reason: string): void {
    this.#ended ??= err(reason)
    this.isOver = true
    // Whoever waits for the control connection waits no longer.
    this.#flow.close()
  }

  #at(delay: number, task: () => void): void {
    this.#timers.push(this.clock.at(this.clock.now() + delay, task))
  }
}

function resultOf({ bytes, packets, lost, jitter }: Counted): Omit<StreamResult, 'id' | 'seconds'> {
  return { bytes, packets, errors: lost, jitter }
}
