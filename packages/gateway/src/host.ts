/** What a gateway needs of the machine that it runs on: connections, datagrams and names of the outside. */
import type { Endpoint } from '@mirage/address/endpoint'
import type { Flow } from '@mirage/flow'
import type { Result } from '@mirage/result'

/** Why there is no connection to the outside. */
export type HostConnectError =
  | 'refused'
  /** There is no way there, or the host does not let us go it. */
  | 'unreachable'
  | 'timed-out'
  /** The host has no socket or port left. */
  | 'exhausted'

/** Why the host does not give us one of its ports. */
export type BindError =
  | 'port-in-use'
  /** Ports below 1024, on most hosts. */
  | 'no-permission'
  /** The host has no such address. */
  | 'no-address'
  | 'exhausted'

/** One of the host's ports that we hold. */
export interface Listener {
  /** The one that was asked for; with port 0, the one that the host chose. */
  readonly local: Endpoint
  /** Gives the port back. What came from it goes on. A second call does nothing. */
  close(): void
}

/** A datagram that reached the host. */
export interface HostDatagram {
  readonly src: Endpoint
  /** The receiver's to keep. */
  readonly payload: Uint8Array
}

/** One of the host's UDP sockets. */
export interface UdpSocket {
  /**
   * Sends a copy of `payload`. `busy` when too much waits in the host already: the datagram is lost. What the
   * host or the network loses later, nobody is told.
   */
  send(dst: Endpoint, payload: Uint8Array): Result<void, 'busy'>
  /** Nothing is received after this. A second call does nothing. */
  close(): void
}

/** The outside. Its addresses are its own: 127.0.0.1 is the host itself. */
export interface Host {
  /** Opens a connection. It gives up by itself, after the host's own time. */
  connect(remote: Endpoint): Promise<Result<Flow, HostConnectError>>

  /** Hands connections to `local` to `accept`, until the listener is closed. */
  listen(local: Endpoint, accept: (flow: Flow) => void): Promise<Result<Listener, BindError>>

  /** A socket on a free port, which hands what arrives there, from anybody, to `receive`. */
  openUdp(receive: (datagram: HostDatagram) => void): Result<UdpSocket, 'exhausted'>

  /** The same on a port of our choice. */
  bindUdp(
    local: Endpoint,
    receive: (datagram: HostDatagram) => void,
  ): Promise<Result<UdpSocket & Listener, BindError>>

  /** Asks the host's name servers `query`, a DNS message, for an answer to the same question. */
  resolve(query: Uint8Array): Promise<Result<Uint8Array, 'timed-out' | 'no-server'>>

  /** A connection to one of the host's name servers, for questions whose answers are long. */
  connectNameServer(): Promise<Result<Flow, HostConnectError>>
}
