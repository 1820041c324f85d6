/**
 * One exchange after the other of a connection: a request goes to the handler, and its response out. RFC 9110 §3.3.
 *
 * Where the handler answers at once, there are no promises. Whatever the handler does, there is a response, or the connection
 * ends.
 */
import type { Clock, Millis } from '@mirage/clock'
import { type Source, source } from '@mirage/console/logs'
import { assert } from '@mirage/result'
import { Body, type BodyError } from './body.ts'
import type { Counters } from './counters.ts'
import type { Deadline } from './deadline.ts'
import { describe } from './describe.ts'
import type { Handler } from './handler.ts'
import type { Filled, Input } from './input.ts'
import type { Limits } from './limits.ts'
import type { Output, ServedFlow } from './output.ts'
import type { Head } from './parse.ts'
import type { Gone, Presence } from './presence.ts'
import { type Peer, Request } from './request.ts'
import { Response, plain } from './response.ts'
import type { Framing, Sender } from './sender.ts'

const log: Source = source('http')

/** Bytes of a body that nobody read which are read over to keep the connection; beyond, it is closed. */
const DISCARDED_MAX = 65536

const ERROR_STATUS: Readonly<Record<BodyError, number>> = {
  malformed: 400,
  truncated: 400,
  reset: 400,
  'timed-out': 408,
  'too-large': 413,
}

/** The parts of the connection that it is on. */
export interface Ends {
  readonly flow: ServedFlow
  readonly input: Input
  readonly output: Output
  readonly presence: Presence
  readonly sender: Sender
  /** For the body. */
  readonly patience: Deadline
}

/** What the exchanges of one server have in common. */
export interface SharedByExchanges {
  readonly clock: Clock
  readonly limits: Limits
  readonly handler: Handler
  readonly counters: Counters
}

/** The exchanges of one connection, of which there is one at a time. */
export class Exchange {
  /** No request follows the one that is being answered. */
  isLast = false
  /** Whether the peer may still be sending what nobody will read. */
  hasUnread = false
  private readonly flow: ServedFlow
  private readonly input: Input
  private readonly output: Output
  private readonly presence: Presence
  private readonly sender: Sender
  private readonly patience: Deadline
  private readonly shared: SharedByExchanges
  private readonly peer: Peer
  /** The request that is being answered, where that takes time. */
  private request: Request | undefined = undefined
  private requestCount = 0
  /** Whether the client waits for leave to send its body: RFC 9110 §10.1.1. */
  private awaitsContinue = false
  private readonly empty: Body

  constructor(ends: Ends, shared: SharedByExchanges, peer: Peer) {
    this.flow = ends.flow
    this.input = ends.input
    this.output = ends.output
    this.presence = ends.presence
    this.sender = ends.sender
    this.patience = ends.patience
    this.shared = shared
    this.peer = peer
    this.empty = new Body(ends.input, this.waitForBody, 0, 0)
  }

  /** The peer is gone: who answers is told. */
  gone(): void {
    this.request?.gone()
  }

  /**
   * Hands the request of `head`, which `bytes` have at `base` and which had arrived at `now`, to the handler, and gathers or
   * sends the response. Whether the connection goes on after it.
   */
  answer(head: Head, bytes: Uint8Array, base: number, now: Millis): boolean | Promise<boolean> {
    const { limits, counters, handler } = this.shared
    counters.requests++
    this.requestCount++
    if (head.contentLength > limits.bodySizeMax) return this.refuse(413, now)
    const length = head.isChunked ? 'chunked' : head.contentLength
    const body =
      length === 0 ? this.empty : new Body(this.input, this.waitForBody, length, limits.bodySizeMax)
    const request = new Request(head, bytes, base, body, now, this.peer)
    this.awaitsContinue = head.expectsContinue
    this.request = request
    try {
      const answered = handler(request)
      if (answered instanceof Response && body.isComplete) {
        const framing = this.framing(head, request, answered)
        if (this.sender.put(answered, framing, now)) {
          this.request = undefined
          return framing.isKept
        }
      }
      return this.respond(head, request, answered)
    } catch (error) {
      return this.respond(head, request, this.failed(request, error))
    }
  }

  /** The last response of the connection, to a request that the handler never sees. */
  async refuse(status: number, now: Millis): Promise<false> {
    this.shared.counters.refusedRequests++
    this.hasUnread = true
    const framing = { minor: 1, isHead: false, isKept: false }
    await this.sender.send(plain(status, {}, true), framing, now)
    return false
  }

  private async respond(
    head: Head,
    request: Request,
    answered: Response | Promise<Response>,
  ): Promise<boolean> {
    const { output, presence } = this
    // Earlier responses do not wait for this one.
    if (output.length > 0 && !(answered instanceof Response)) void output.flush()
    const response = answered instanceof Response ? answered : await this.response(request, answered)
    if (response === 'gone') return false
    const framing = this.framing(head, request, response)
    this.awaitsContinue = false
    const isSent = await this.send(response, framing)
    if (!isSent) request.gone()
    this.request = undefined
    presence.unwatch()
    const isRead = await this.finished(request.body, framing.isKept)
    if (!isRead) this.hasUnread = true
    return isSent && framing.isKept && isRead
  }

  /** False if the response was not sent whole: the peer sees a reset, since nothing may follow it. */
  private async send(response: Response, framing: Framing): Promise<boolean> {
    const { clock, counters } = this.shared
    const sent = await this.sender.send(response, framing, clock.now())
    if (sent === 'sent') return true
    if (sent !== 'gone') {
      counters.handlerErrors++
      log.error(`a response broke off: ${sent.failed}`)
    }
    this.flow.abort()
    return false
  }

  /** Whether all of the request has been read, also what the handler left. */
  private async finished(body: Body, isKept: boolean): Promise<boolean> {
    if (body.isComplete) return true
    // The peer may want the response before it sends the rest.
    await this.output.flush()
    return body.discard(isKept ? DISCARDED_MAX : 0)
  }

  private async response(request: Request, answered: Promise<Response>): Promise<Response | Gone> {
    try {
      const response = await this.presence.until(answered)
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

  private framing(head: Head, { method, body }: Request, response: Response): Framing {
    const isKept =
      head.isKeptAlive &&
      !response.closes &&
      !this.isLast &&
      this.requestCount < this.shared.limits.requestsMax &&
      // A body of unknown length to a 1.0 client ends with the connection: RFC 9112 §6.3.
      (head.minor > 0 || response.isSized) &&
      !this.awaitsContinue &&
      (body.isComplete || (body.error === undefined && body.rest <= DISCARDED_MAX))
    return { minor: head.minor, isHead: method === 'HEAD', isKept }
  }

  private readonly waitForBody = async (): Promise<Filled> => {
    const { input, patience, sender } = this
    const { clock, limits } = this.shared
    if (this.awaitsContinue) {
      this.awaitsContinue = false
      if (!(await sender.sendContinue())) return 'reset'
    }
    patience.set(clock.now() + limits.bodyTimeout)
    const filled = await input.fill()
    patience.clear()
    return filled
  }
}

/** Nobody will read what came too late. */
function cancel(response: unknown): void {
  if (response instanceof Response && !(response.body instanceof Uint8Array)) response.body.cancel()
}
