/**
 * One connection of a server: requests in, responses out, in order: RFC 9112 §9.
 *
 *      idle ──first byte──> head ──complete──> handler, body ──> response ──┬── kept alive ──> idle
 *        │                   │                                              │
 *        └─ closed silently  └─ refused: response, shutdown, linger <───────┘
 *
 * Requests that arrive together are answered together: whatever is gathered is written when there is no
 * further whole head to read. Nothing here looks at a byte before the code that checks it has.
 */
import type { Endpoint } from '@mirage/address/endpoint'
import type { Millis } from '@mirage/clock'
import { type Source, source } from '@mirage/console/logs'
import type { Dates } from './dates.ts'
import { Deadline } from './deadline.ts'
import { describe } from './describe.ts'
import { Exchange, type SharedByExchanges } from './exchange.ts'
import { type Filled, Input } from './input.ts'
import { Listening } from './listening.ts'
import { type Buffers, Output, type ServedFlow } from './output.ts'
import { Head, STATUS_OF } from './parse.ts'
import { Presence } from './presence.ts'
import type { Recent } from './recent.ts'
import type { Peer } from './request.ts'
import { Sender } from './sender.ts'

const log: Source = source('http')

/** Bytes and time that the peer of a refused request has to notice: RFC 9112 §9.6. */
const LINGER_MAX = 262144
const LINGER_TIMEOUT: Millis = 2000

/** What the connections of one server have in common. */
export interface Shared extends SharedByExchanges {
  readonly buffers: Buffers
  readonly dates: Dates
  readonly recent: Recent
}

/** Serves one flow until it ends: `run` once, `finish` or `abort` at any time. */
export class Connection implements Peer {
  readonly remote: Endpoint | undefined
  private readonly flow: ServedFlow
  private readonly shared: Shared
  private readonly input: Input
  /** For requests like the one before. */
  private readonly listening: Listening
  private readonly output: Output
  private readonly presence: Presence
  private readonly exchange: Exchange
  private readonly patience: Deadline
  private head: Head = new Head()
  private now: Millis
  private headDeadline: Millis | undefined = undefined
  private isIdle = true
  /** Whether the last request had the head of one before. */
  private isRepeating = false
  private ended: () => void = () => {}

  constructor(flow: ServedFlow & { readonly remote?: Endpoint }, shared: Shared) {
    const { clock, limits } = shared
    this.flow = flow
    this.remote = flow.remote
    this.shared = shared
    this.now = clock.now()
    this.input = new Input(flow)
    this.listening = new Listening(flow, this.input, this.heard, () => this.leave())
    this.patience = new Deadline(clock, () => this.expire())
    this.output = new Output(flow, shared.buffers, clock, limits.writeTimeout, () => {
      shared.counters.timeouts++
      flow.abort()
    })
    this.presence = new Presence(this.input, () => this.exchange.gone())
    const sender = new Sender(this.output, this.presence, shared.dates)
    const { input, output, presence, patience } = this
    this.exchange = new Exchange({ flow, input, output, presence, sender, patience }, shared, this)
  }

  /** Serves until the connection ends. Never rejects. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.ended = resolve
      this.serve()
    })
  }

  /** Ends the connection: at once if it is idle, else with the response to the request at hand. */
  finish(): void {
    this.exchange.isLast = true
    if (this.isIdle) this.expire()
  }

  private expire(): void {
    if (this.listening.leave()) this.leave()
    else this.input.expire()
  }

  /** Ends the connection at once, whatever the handler does. */
  abort(): void {
    this.flow.abort()
    this.presence.leave()
  }

  watch(): void {
    this.presence.watch()
  }

  /**
   * Goes on until it has to wait, and is called again then. Without promises where a handler answers at once: a request
   * that is one segment is answered in the turn in which it arrived, 0.7 us sooner than with them.
   */
  private readonly serve = (): void => {
    try {
      while (this.step());
    } catch (error) {
      this.fail(error)
    }
  }

  /** Reads on in the head, and answers it. Whether there is more to do now. */
  private step(): boolean {
    const { input } = this
    const { bytes, start, end } = input
    const { recent, limits } = this.shared
    const known = this.head.isBegun ? undefined : recent.find(bytes, start, end)
    const state = known === undefined ? this.head.parse(bytes, start, end, limits) : 'done'
    if (state === 'more') return this.more()
    if (state === 'done') {
      this.isRepeating = known !== undefined
      const head = known ?? this.finishedHead(input)
      input.start = start + head.length
      const isKept = this.answer(head, bytes, start)
      if (typeof isKept === 'boolean') return isKept || this.leave()
      void isKept.then(this.answered, this.fail)
      return false
    }
    log.debug(() => `refused a request: ${state}`)
    void this.exchange.refuse(STATUS_OF[state], this.now).then(this.answered, this.fail)
    return false
  }

  /** The head that is done; the next one begins. */
  private finishedHead({ bytes, start }: Input): Head {
    const { head } = this
    this.head = new Head()
    this.shared.recent.keep(bytes, start, head)
    return head
  }

  private readonly answered = (isKept: boolean): void => {
    if (!isKept) return void this.leave()
    this.exchange.hasUnread = false
    this.now = this.shared.clock.now()
    this.serve()
  }

  private answer(head: Head, bytes: Uint8Array, base: number): boolean | Promise<boolean> {
    this.headDeadline = undefined
    this.isIdle = false
    return this.exchange.answer(head, bytes, base, this.now)
  }

  /** Sends what was gathered, and waits for more of a head. Whether there is more already. */
  private more(): boolean {
    if (this.output.offer()) return this.wait()
    void this.output.flush(this.now).then(this.sent, this.fail)
    return false
  }

  private readonly sent = (isSent: boolean): void => {
    if (isSent ? this.wait() : this.leave()) this.serve()
  }

  private wait(): boolean {
    const { limits } = this.shared
    this.isIdle = this.input.start === this.input.end
    if (this.isIdle) {
      if (this.exchange.isLast) return this.leave()
      this.headDeadline = undefined
      this.patience.set(this.now + limits.idleTimeout)
      if (this.isRepeating && this.listening.begin()) return false
    } else {
      this.headDeadline ??= this.now + limits.headTimeout
      this.patience.set(this.headDeadline)
    }
    const filled = this.input.next(this.filled)
    return filled !== undefined && this.took(filled)
  }

  private readonly filled = (filled: Filled): void => {
    if (this.took(filled)) this.serve()
  }

  /** A wait has ended. Whether there is more to do now. */
  private took(filled: Filled): boolean {
    this.now = this.shared.clock.now()
    if (filled === 'bytes') return true
    if (filled !== 'expired' || this.isIdle) return this.leave()
    this.shared.counters.timeouts++
    void this.exchange.refuse(408, this.now).then(this.answered, this.fail)
    return false
  }

  private readonly heard = (frame: Uint8Array, offset: number, end: number): void => {
    this.now = this.shared.clock.now()
    try {
      this.hear(frame, offset, end)
    } catch (error) {
      this.listening.stop(end)
      this.fail(error)
    }
  }

  /**
   * Answers requests like the one before where they lie, without a copy of them; what is anything else is read as always.
   * It saves a fifth of what a short request costs, the network included.
   */
  private hear(frame: Uint8Array, offset: number, end: number): void {
    const { recent } = this.shared
    let at = offset
    while (at < end) {
      const head = recent.find(frame, at, end)
      if (head === undefined || head.contentLength > 0 || head.isChunked) break
      at += head.length
      const isKept = this.answer(head, recent.found(), 0)
      if (isKept === true) continue
      this.listening.stop(at)
      this.exchange.hasUnread = at < end
      if (isKept === false) return void this.leave()
      void isKept.then(this.answered, this.fail)
      return void Promise.resolve().then(() => this.input.readOn())
    }
    if (at === end && this.output.offer()) {
      this.isIdle = true
      return this.patience.set(this.now + this.shared.limits.idleTimeout)
    }
    this.isRepeating = at === end
    this.listening.stop(at)
    // What was not taken is there to be read once this has returned.
    void Promise.resolve().then(this.serve)
  }

  /** Nothing is served any more. */
  private leave(): false {
    void this.end().then(this.over, this.fail)
    return false
  }

  private readonly fail = (error: unknown): void => {
    log.error(`connection failed: ${describe(error)}`)
    this.flow.abort()
    this.over()
  }

  private readonly over = (): void => {
    this.patience.cancel()
    this.output.end()
    this.exchange.gone()
    this.ended()
  }

  /** Sends what was gathered and closes; lingers where a reset could destroy what the peer has not read. */
  private async end(): Promise<void> {
    this.presence.unwatch()
    const isSent = await this.output.flush()
    if (isSent && (this.exchange.hasUnread || this.input.end > this.input.start)) await this.linger()
    this.flow.close()
  }

  /** RFC 9112 §9.6: says that no more is coming, and waits a little for the peer to say it too. */
  private async linger(): Promise<void> {
    const { input } = this
    this.flow.shutdown()
    const deadline = this.shared.clock.now() + LINGER_TIMEOUT
    for (let left = LINGER_MAX; left > 0; ) {
      input.start = input.end
      // It is set for each wait: it may have passed between two of them, when nobody waited.
      this.patience.set(deadline)
      if ((await input.fill()) !== 'bytes') return
      left -= input.end - input.start
    }
  }
}
