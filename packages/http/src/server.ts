/** An HTTP/1.1 server: RFC 9110 and RFC 9112. */
import type { Endpoint } from '@mirage/address/endpoint'
import { type Clock, type Millis, toEpochMs } from '@mirage/clock'
import type { Flow } from '@mirage/flow'
import { type Result, ok } from '@mirage/result'
import { Connection, type Shared } from './connection.ts'
import * as date from './date.ts'
import * as latin1 from './latin1.ts'
import { Buffers, type ServedFlow } from './output.ts'
import type { HeadLimits } from './parse.ts'
import type { Request } from './request.ts'
import type { Response } from './response.ts'

/**
 * Answers a request. One of a connection is asked at a time. What it throws is logged and answered with 500,
 * and ends the connection.
 */
export type Handler = (request: Request) => Response | Promise<Response>

/** What a client may ask of the server. */
export interface Limits extends HeadLimits {
  /** Bytes of a request's body; 413 above. */
  readonly bodySizeMax: number
  /** Connections at a time; one more is reset. */
  readonly connectionsMax: number
  /** Requests on one connection. */
  readonly requestsMax: number
  /** Between requests; then the connection is closed. */
  readonly idleTimeout: Millis
  /** From the first byte of a head to its last; then it is 408. */
  readonly headTimeout: Millis
  /** Between two reads of a body; then it is 408. */
  readonly bodyTimeout: Millis
  /** For 64 KiB of a response to be accepted; then the connection is reset. */
  readonly writeTimeout: Millis
}

export const LIMITS: Limits = {
  requestLineMax: 8192,
  headSizeMax: 16384,
  fieldCountMax: 100,
  bodySizeMax: 1048576,
  connectionsMax: 1024,
  requestsMax: Number.POSITIVE_INFINITY,
  idleTimeout: 60_000,
  headTimeout: 10_000,
  bodyTimeout: 30_000,
  writeTimeout: 30_000,
}

/** What a server has done since it was made. */
export interface Counters {
  acceptedConnections: number
  /** For being too many. */
  refusedConnections: number
  /** With a head that was good, whatever became of them. */
  requests: number
  /** Answered by the server itself, for what RFC 9110 and RFC 9112 do not allow, or a limit. */
  refusedRequests: number
  /** Heads and writes that took too long. */
  timeouts: number
  /** Handlers that threw, and responses that broke off. */
  handlerErrors: number
}

/** What hands connections to a server: `Tcp`, and whatever makes flows. */
export interface Listener {
  listen(port: number, accept: (flow: Flow) => void): Result<void, 'port-in-use'>
  unlisten(port: number): void
}

export interface ServerOptions {
  readonly clock: Clock
  readonly handler: Handler
  readonly limits?: Partial<Limits>
}

export interface ListeningOptions extends ServerOptions {
  readonly tcp: Listener
  readonly port: number
}

/** Listens on `port` of `tcp` until `close`. A `port` outside 1 to 65535 throws. */
export function serve({ tcp, port, ...options }: ListeningOptions): Result<Server, 'port-in-use'> {
  const server = new Server(options)
  const listening = tcp.listen(port, (flow) => server.accept(flow))
  if (!listening.ok) return listening
  server.onClose(() => tcp.unlisten(port))
  return ok(server)
}

/** The connections that one handler answers, wherever they come from. */
export class Server {
  readonly counters: Readonly<Counters>
  private readonly shared: Shared
  private readonly connections = new Set<Connection>()
  private readonly closeTasks: (() => void)[] = []
  private isClosing = false
  private resolveClosed: () => void = () => {}
  /** Resolves when the server was told to close and its last connection has ended. */
  readonly closed: Promise<void>

  constructor({ clock, handler, limits }: ServerOptions) {
    const counters: Counters = {
      acceptedConnections: 0,
      refusedConnections: 0,
      requests: 0,
      refusedRequests: 0,
      timeouts: 0,
      handlerErrors: 0,
    }
    this.counters = counters
    this.shared = {
      clock,
      handler,
      limits: { ...LIMITS, ...limits },
      counters,
      buffers: new Buffers(),
      dates: new Dates(clock),
    }
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve))
  }

  get connectionCount(): number {
    return this.connections.size
  }

  /** Serves `flow`, which is the server's from now on. */
  accept(flow: ServedFlow & { readonly remote?: Endpoint }): void {
    const { counters, limits } = this.shared
    if (this.isClosing || this.connections.size >= limits.connectionsMax) {
      counters.refusedConnections++
      return flow.abort()
    }
    counters.acceptedConnections++
    const connection = new Connection(flow, this.shared)
    this.connections.add(connection)
    void connection.run().then(() => {
      this.connections.delete(connection)
      this.settle()
    })
  }

  /**
   * Accepts no more connections, closes those that are idle, and lets the others finish the request at hand
   * for `grace` at most; then they are reset. Resolves when all have ended.
   */
  close(grace: Millis = 10_000): Promise<void> {
    if (this.isClosing) return this.closed
    this.isClosing = true
    for (const task of this.closeTasks) task()
    for (const connection of this.connections) connection.finish()
    const cancel = this.shared.clock.at(this.shared.clock.now() + grace, () => {
      for (const connection of this.connections) connection.abort()
    })
    void this.closed.then(cancel)
    this.settle()
    return this.closed
  }

  /** The same as `close`: what a device is asked at the end. */
  disconnect(): Promise<void> {
    return this.close()
  }

  /** Runs `task` when `close` is called. */
  onClose(task: () => void): void {
    this.closeTasks.push(task)
  }

  private settle(): void {
    if (this.isClosing && this.connections.size === 0) this.resolveClosed()
  }
}

/** The `Date` of every response, made once a second: RFC 9110 §6.6.1. */
export class Dates {
  private readonly clock: Clock
  private until: Millis = Number.NEGATIVE_INFINITY
  private bytes: Uint8Array = new Uint8Array(0)

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** The field's line, with its CR LF, at the instant `now`. */
  line(now: Millis): Uint8Array {
    if (now >= this.until) {
      const ms = toEpochMs(this.clock.wall())
      this.bytes = latin1.encode(`date: ${date.format(ms)}\r\n`)
      this.until = now + 1000 - (((ms % 1000) + 1000) % 1000)
    }
    return this.bytes
  }
}
