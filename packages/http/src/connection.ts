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
import type { Clock, Millis } from '@mirage/clock'
import { type Source, source } from '@mirage/console/logs'
import { assert, err } from '@mirage/result'
import { Body, type BodyError } from './body.ts'
import { Deadline } from './deadline.ts'
import { type Filled, Input } from './input.ts'
import * as latin1 from './latin1.ts'
import { type Buffers, Output, type ServedFlow } from './output.ts'
import { Head, STATUS_OF } from './parse.ts'
import { type Peer, Request } from './request.ts'
import { Response, type Stream, isBodiless, plain } from './response.ts'
import type { Counters, Dates, Handler, Limits } from './server.ts'

const log: Source = source('http')

/** Bytes of a body that nobody read which are read over to keep the connection; beyond, it is closed. */
const DISCARDED_MAX = 65536
/** Bytes and time that the peer of a refused request has to notice: RFC 9112 §9.6. */
const LINGER_MAX = 262144
const LINGER_TIMEOUT: Millis = 2000

const CONTINUE = latin1.encode('HTTP/1.1 100 Continue\r\n\r\n')
const CHUNKED = latin1.encode('transfer-encoding: chunked\r\n')
const CLOSE = latin1.encode('connection: close\r\n\r\n')
const KEEP_ALIVE = latin1.encode('connection: keep-alive\r\n\r\n')
const CRLF = latin1.encode('\r\n')
const LAST_CHUNK = latin1.encode('0\r\n\r\n')
/** Bytes that follow `response.head` at most: date, encoding, connection, and the size of a first chunk. */
const TAIL_MAX = 256

const ERROR_STATUS: Readonly<Record<BodyError, number>> = {
  malformed: 400,
  truncated: 400,
  reset: 400,
  'timed-out': 408,
  'too-large': 413,
}

/** What the connections of one server have in common. */
export interface Shared {
  readonly clock: Clock
  readonly limits: Limits
  readonly handler: Handler
  readonly counters: Counters
  readonly buffers: Buffers
  readonly dates: Dates
}

export class Connection implements Peer {
  readonly remote: Endpoint | undefined
  private readonly flow: ServedFlow
  private readonly shared: Shared
  private readonly input: Input
  private readonly output: Output
  private readonly patience: Deadline
  private head: Head = new Head()
  /** The request that is being answered, where that takes time. */
  private request: Request | undefined = undefined
  private now: Millis
  private headDeadline: Millis | undefined = undefined
  private requestCount = 0
  private isIdle = true
  private isFinishing = false
  /** Whether the peer may still be sending what nobody will read. */
  private lingers = false
  /** Whether the peer is known to be gone. */
  private isGone = false
  private wake: (() => void) | undefined = undefined
  /** Whether the client waits for leave to send its body: RFC 9110 §10.1.1. */
  private awaitsContinue = false
  private readonly empty: Body

  constructor(flow: ServedFlow & { readonly remote?: Endpoint }, shared: Shared) {
    const { clock, limits } = shared
    this.flow = flow
    this.remote = flow.remote
    this.shared = shared
    this.now = clock.now()
    this.input = new Input(flow)
    this.patience = new Deadline(clock, () => this.input.expire())
    this.output = new Output(flow, shared.buffers, clock, limits.writeTimeout, () => {
      shared.counters.timeouts++
      flow.abort()
    })
    this.empty = new Body(this.input, this.waitForBody, 0, 0)
  }

  /** Serves until the connection ends. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.serve()
    } catch (error) {
      log.error(`connection failed: ${describe(error)}`)
      this.flow.abort()
    }
    this.patience.cancel()
    this.output.end()
    this.request?.gone()
  }

  /** Ends the connection: at once if it is idle, else with the response to the request at hand. */
  finish(): void {
    this.isFinishing = true
    if (this.isIdle) this.input.expire()
  }

  /** Ends the connection at once, whatever the handler does. */
  abort(): void {
    this.flow.abort()
    this.broke()
  }

  watch(): void {
    this.input.watch(this.broke)
  }

  private readonly broke = (): void => {
    this.isGone = true
    this.request?.gone()
    this.wake?.()
  }

  /** Waits for what a handler promised, which may be for ever, or until the connection breaks. */
  private async until<T>(promise: Promise<T>): Promise<T | 'gone'> {
    if (this.isGone) return 'gone'
    // A race would leave something behind in a promise of the connection for each piece of a long stream.
    const result = await new Promise<T | 'gone'>((resolve, reject) => {
      this.wake = () => resolve('gone')
      promise.then(resolve, reject)
    })
    this.wake = undefined
    return result
  }

  private async serve(): Promise<void> {
    const { input } = this
    const { limits } = this.shared
    for (;;) {
      const state = this.head.parse(input.bytes, input.start, input.end, limits)
      if (state === 'done') {
        const isKept = this.answer()
        if (isKept === true) continue
        if (isKept === false || !(await isKept)) break
      } else if (state === 'more') {
        const filled = await this.more()
        if (filled === 'bytes') continue
        if (filled !== 'expired' || this.isIdle) break
        this.shared.counters.timeouts++
        await this.refuse(408)
        break
      } else {
        log.debug(() => `refused a request: ${state}`)
        await this.refuse(STATUS_OF[state])
        break
      }
    }
    return this.end()
  }

  /** Sends what was gathered, and waits for more of a head. */
  private async more(): Promise<Filled> {
    const { limits, clock } = this.shared
    if (this.output.length > 0 && !(await this.output.flush(this.now))) return 'reset'
    this.isIdle = this.input.start === this.input.end
    if (this.isIdle) {
      if (this.isFinishing) return 'expired'
      this.headDeadline = undefined
      this.patience.set(this.now + limits.idleTimeout)
    } else {
      this.headDeadline ??= this.now + limits.headTimeout
      this.patience.set(this.headDeadline)
    }
    const filled = await this.input.fill()
    this.now = clock.now()
    return filled
  }

  /** The last response of this connection, to a request that the handler never sees. */
  private async refuse(status: number): Promise<false> {
    this.shared.counters.refusedRequests++
    this.lingers = true
    const response = plain(status, {}, true)
    if (this.output.room >= response.head.length + TAIL_MAX || (await this.output.flush())) {
      this.putHead(response, 1, false)
      this.output.put(response.body as Uint8Array)
    }
    return false
  }

  /** Sends what was gathered and closes; lingers where a reset could destroy what the peer has not read. */
  private async end(): Promise<void> {
    this.input.unwatch()
    const isSent = await this.output.flush()
    if (isSent && (this.lingers || this.input.end > this.input.start)) await this.linger()
    this.flow.close()
  }

  /** RFC 9112 §9.6: says that no more is coming, and waits a little for the peer to say it too. */
  private async linger(): Promise<void> {
    const { input } = this
    this.flow.shutdown()
    this.patience.set(this.shared.clock.now() + LINGER_TIMEOUT)
    for (let left = LINGER_MAX; left > 0; ) {
      input.start = input.end
      if ((await input.fill()) !== 'bytes') return
      left -= input.end - input.start
    }
  }

  /** Hands the request of the head that is done to the handler. Whether the connection goes on after it. */
  private answer(): boolean | Promise<boolean> {
    const { head, input } = this
    const { limits, counters, handler } = this.shared
    const base = input.start
    input.start = base + head.length
    this.head = new Head()
    this.headDeadline = undefined
    this.isIdle = false
    counters.requests++
    this.requestCount++
    if (head.contentLength > limits.bodySizeMax) return this.refuse(413)
    const length = head.isChunked ? 'chunked' : head.contentLength
    const body = length === 0 ? this.empty : new Body(input, this.waitForBody, length, limits.bodySizeMax)
    const request = new Request(head, input.bytes, base, body, this.now, this)
    this.awaitsContinue = head.expectsContinue
    this.request = request
    try {
      const answered = handler(request)
      if (answered instanceof Response && this.isShort(answered, body))
        return this.put(head, request, answered)
      return this.respond(head, request, answered)
    } catch (error) {
      return this.respond(head, request, this.failed(request, error))
    }
  }

  /** Whether the response is gathered without waiting for anything. */
  private isShort(response: Response, body: Body): boolean {
    return (
      body.isComplete &&
      response.body instanceof Uint8Array &&
      response.head.length + response.body.length + TAIL_MAX <= this.output.room
    )
  }

  private put(head: Head, request: Request, response: Response): boolean {
    const isKept = this.isKept(head, request.body, response)
    this.putHead(response, head.minor, isKept)
    if (request.method !== 'HEAD' && !isBodiless(response.status))
      this.output.put(response.body as Uint8Array)
    this.request = undefined
    return isKept
  }

  private async respond(
    head: Head,
    request: Request,
    answered: Response | Promise<Response>,
  ): Promise<boolean> {
    // Earlier responses do not wait for this one.
    if (this.output.length > 0 && !(answered instanceof Response)) void this.output.flush()
    const response = answered instanceof Response ? answered : await this.response(request, answered)
    if (response === 'gone') return false
    const isKept = this.isKept(head, request.body, response)
    this.awaitsContinue = false
    const isSent = await this.send(head, request, response, isKept)
    if (!isSent) request.gone()
    this.request = undefined
    this.input.unwatch()
    this.now = this.shared.clock.now()
    if (!isSent) this.flow.abort()
    const isRead = await this.finished(request.body, isKept)
    this.lingers = !isRead
    return isSent && isKept && isRead
  }

  /** Whether all of the request has been read, also what the handler left. */
  private async finished(body: Body, isKept: boolean): Promise<boolean> {
    if (body.isComplete) return true
    // The peer may want the response before it sends the rest.
    await this.output.flush()
    return body.discard(isKept ? DISCARDED_MAX : 0)
  }

  private async response(request: Request, answered: Promise<Response>): Promise<Response | 'gone'> {
    try {
      const response = await this.until(answered)
      if (response === 'gone') void answered.then(cancel, () => {})
      else assert(response instanceof Response, 'a handler answers with a Response')
      return response
    } catch (error) {
      return this.failed(request, error)
    }
  }

  /** The answer where the handler has none: because of the body, which is the client's fault, or its own. */
  private failed(request: Request, error: unknown): Response {
    if (request.body.error !== undefined) return plain(ERROR_STATUS[request.body.error], {}, true)
    this.shared.counters.handlerErrors++
    log.error(`${request.method} ${request.path}: ${describe(error)}`)
    return plain(500, {}, true)
  }

  private isKept(head: Head, body: Body, response: Response): boolean {
    return (
      head.isKeptAlive &&
      !response.closes &&
      !this.isFinishing &&
      this.requestCount < this.shared.limits.requestsMax &&
      // A body of unknown length to a 1.0 client ends with the connection: RFC 9112 §6.3.
      (head.minor > 0 || response.isSized) &&
      !this.awaitsContinue &&
      (body.isComplete || (body.error === undefined && body.rest <= DISCARDED_MAX))
    )
  }

  private putHead(response: Response, minor: number, isKept: boolean): void {
    const { output } = this
    output.put(response.head)
    output.put(this.shared.dates.line(this.now))
    if (!response.isSized && minor > 0) output.put(CHUNKED)
    output.put(!isKept ? CLOSE : minor === 0 ? KEEP_ALIVE : CRLF)
  }

  /** Sends a response that takes time. False if it was not sent whole: the flow is broken then. */
  private async send(head: Head, request: Request, response: Response, isKept: boolean): Promise<boolean> {
    const { output } = this
    const { body } = response
    this.now = this.shared.clock.now()
    const hasBody = request.method !== 'HEAD' && !isBodiless(response.status)
    const isRoomy = output.room >= response.head.length + TAIL_MAX || (await output.flush())
    if (isRoomy) this.putHead(response, head.minor, isKept)
    if (body instanceof Uint8Array) return isRoomy && (!hasBody || (await output.send(body)))
    if (isRoomy && hasBody) return this.sendStream(body, head.minor > 0)
    body.cancel()
    return isRoomy
  }

  /** Sends pieces as they come, each as soon as it is there and the peer has room. */
  private async sendStream(stream: Stream, mayChunk: boolean): Promise<boolean> {
    const { output } = this
    const isChunked = stream.length === undefined && mayChunk
    let left = stream.length ?? Number.POSITIVE_INFINITY
    this.watch()
    for (;;) {
      const read = await this.until(piece(stream))
      if (read === 'gone') {
        stream.cancel()
        return false
      }
      if (!read.ok) return this.breakOff(read.error)
      const bytes = read.value
      if (bytes === 'eof') {
        if (isChunked) output.put(LAST_CHUNK)
        return stream.length === undefined || left === 0 || this.breakOff('its stream ended early')
      }
      left -= bytes.length
      if (left < 0) {
        stream.cancel()
        return this.breakOff('its stream is longer than it said')
      }
      // A chunk of no bytes would be the last: RFC 9112 §7.1.
      if (bytes.length === 0) continue
      if (isChunked) output.put(latin1.encode(`${bytes.length.toString(16)}\r\n`))
      let isSent = await output.send(bytes)
      if (isSent && isChunked) output.put(CRLF)
      if (isSent) isSent = await output.flush()
      if (isSent) continue
      stream.cancel()
      return false
    }
  }

  /** Lets the peer see that the response is not whole: nothing may follow it. */
  private breakOff(reason: string): false {
    this.shared.counters.handlerErrors++
    log.error(`a response broke off: ${reason}`)
    this.flow.abort()
    return false
  }

  private readonly waitForBody = async (): Promise<Filled> => {
    const { clock, limits } = this.shared
    if (this.awaitsContinue) {
      this.awaitsContinue = false
      this.output.put(CONTINUE)
      if (!(await this.output.flush())) return 'reset'
    }
    this.patience.set(clock.now() + limits.bodyTimeout)
    const filled = await this.input.fill()
    this.patience.clear()
    return filled
  }
}

/** A stream that throws has failed. */
async function piece(stream: Stream): Promise<Awaited<ReturnType<Stream['read']>>> {
  try {
    return await stream.read()
  } catch (error) {
    return err(describe(error))
  }
}

/** Nobody will read what came too late. */
function cancel(response: unknown): void {
  if (response instanceof Response && !(response.body instanceof Uint8Array)) response.body.cancel()
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
