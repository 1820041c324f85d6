/** TCP for applications: RFC 9293. */
import type { Endpoint } from '@mirage/address/endpoint'
import type { Millis } from '@mirage/clock'
import type { FlowError, PolledFlow, WriteError } from '@mirage/flow'
import type { Result } from '@mirage/result'

/** Why there is no connection. */
export type ConnectError =
  | 'refused'
  | 'timed-out'
  | 'no-route'
  /** Every local port to this peer is taken. */
  | 'no-port'

/** When silence of the peer is answered with probes, and when it ends the connection: RFC 9293 §3.8.4. */
export interface KeepAlive {
  /** Silence before the first probe. */
  readonly after: Millis
  /** Between probes. */
  readonly interval: Millis
  /** Unanswered probes before the connection is `timed-out`. */
  readonly probes: number
}

/** What one connection, or those of one listener, do differently. */
export interface TcpOptions {
  readonly keepAlive?: KeepAlive
  /** How long what is sent may be without an acknowledgement before the connection is `timed-out`: RFC 5482. */
  readonly userTimeout?: Millis
}

/**
 * A connection. `write` holds a short segment back while data is in flight (Nagle, RFC 9293 §3.7.4);
 * `writeNodelay` does not.
 */
export interface TcpFlow extends PolledFlow {
  readonly local: Endpoint
  readonly remote: Endpoint
  writeNodelay(bytes: Uint8Array): Promise<Result<void, WriteError>>

  /**
   * Instead of reads and polls, for who can take all that comes at once: hands everything that arrives to `receive`, in
   * order, and then how it ended to `ended`. The text is the bytes of `frame` from `offset` up to `end`, lent until the
   * call returns, and must not be changed.
   */
  listen(receive: Receive, ended: (how: 'eof' | FlowError) => void): void

  /**
   * For `receive`, while it runs: nothing more is handed over, and once it has returned, what it was handed from `from` on is
   * there to be read or polled, as if nobody had listened.
   */
  unlisten(from: number): void
}

/** Takes text that is lent. */
export type Receive = (frame: Uint8Array, offset: number, end: number) => void

/** A connection that a peer asks for at an address or port that nobody listens on: for a gateway to decide. */
export interface Request {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Answers the SYN. The flow may be read and written at once. */
  accept(): Promise<Result<TcpFlow, ConnectError>>
  /** Answers with a reset. */
  refuse(): void
}

/** What one listener does differently. */
export interface ListenOptions extends TcpOptions {
  /** Connections whose handshake is not over; further SYNs are answered with cookies. The stack's unless told. */
  readonly backlogMax?: number
  /** Connections in all; a SYN for one more is ignored. No limit but the stack's unless told. */
  readonly connectionsMax?: number
}

/** Connections of one address, opened from here and from elsewhere. */
export interface Tcp {
  /** The first local port that `connect` may take, 1 to 65535; 1024 unless set: who translates for others has some of them. */
  localPortMin: number

  /** Opens a connection from a free local port. */
  connect(remote: Endpoint, options?: TcpOptions): Promise<Result<TcpFlow, ConnectError>>

  /** Hands every connection to `port`, once established, to `accept`. A `port` outside 1 to 65535 throws. */
  listen(port: number, accept: (flow: TcpFlow) => void, options?: ListenOptions): Result<void, 'port-in-use'>

  /** Refuses new connections to `port`; those that are open stay. */
  unlisten(port: number): void

  /** Hands connections without a listener to `decide`, whatever their destination: what a gateway is made of. */
  forward(decide: (request: Request) => void): void
}
