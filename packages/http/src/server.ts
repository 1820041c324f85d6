/** An HTTP/1.1 server: RFC 9110 and RFC 9112. */
import type { Endpoint } from '@mirage/address/endpoint'
import type { Clock, Millis } from '@mirage/clock'
import type { Flow } from '@mirage/flow'
import { type Result, ok } from '@mirage/result'
import { Connection, type Shared } from './connection.ts'
import type { Counters } from './counters.ts'
import { Dates } from './dates.ts'
import type { Handler } from './handler.ts'
import { LIMITS, type Limits } from './limits.ts'
import { Buffers, type ServedFlow } from './output.ts'
import { Recent } from './recent.ts'

/** What hands connections to a server: `Tcp`, and whatever makes flows. */
export interface Listener {
  listen(port: number, accept: (flow: Flow) => void): Result<void, 'port-in-use'>
  unlisten(port: number): void
}

/** What a server is made of. */
export interface ServerOptions {
  readonly clock: Clock
  readonly handler: Handler
  readonly limits?: Partial<Limits>
}

/** And where it listens. */
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
      recent: new Recent(),
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
