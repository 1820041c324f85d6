/** A host in memory: an outside whose servers, clients and faults are a test's. */
import * as endpoint from '@mirage/address/endpoint'
import type { Endpoint } from '@mirage/address/endpoint'
import * as ipv4 from '@mirage/address/ipv4'
import type { Flow } from '@mirage/flow'
import { pipe } from '@mirage/flow/pipe'
import { type Result, done, err, ok } from '@mirage/result'
import type { BindError, Host, HostConnectError, HostDatagram, Listener, UdpSocket } from './host.ts'

/** What is sent from a socket of the host, and how to answer it. */
export interface Sent {
  readonly from: MemorySocket
  readonly dst: Endpoint
  readonly payload: Uint8Array
}

/** A UDP socket that tells its host what was sent, and is told what arrives. */
export class MemorySocket implements UdpSocket, Listener {
  readonly local: Endpoint
  isOpen = true
  readonly #host: MemoryHost
  readonly #receive: (datagram: HostDatagram) => void

  constructor(host: MemoryHost, local: Endpoint, receive: (datagram: HostDatagram) => void) {
    this.#host = host
    this.local = local
    this.#receive = receive
  }

  send(dst: Endpoint, payload: Uint8Array): Result<void, 'busy'> {
    if (this.#host.isBusy) return err('busy')
    this.#host.sent.push({ from: this, dst, payload: payload.slice() })
    return done
  }

  /** A datagram from `src` arrives. */
  receive(src: Endpoint, payload: Uint8Array): void {
    if (this.isOpen) this.#receive({ src, payload })
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#host.sockets.delete(this)
    this.#host.ports.delete(endpoint.format(this.local))
  }
}

/** A host without limits or faults, until a test sets some. */
export class MemoryHost implements Host {
  /** What the outside does with a connection; by `address:port`, refused where there is nothing. */
  readonly servers: Map<string, (flow: Flow) => HostConnectError | undefined> = new Map()
  /** The ports of the host that somebody listens on. */
  readonly ports: Map<string, (flow: Flow) => void> = new Map()
  readonly sockets: Set<MemorySocket> = new Set()
  readonly sent: Sent[] = []
  /** Sockets that the host has left. */
  socketsLeft: number = Infinity
  isBusy = false
  /** What the host's name servers say. */
  answer: Host['resolve'] = async () => err('no-server')
  nameServer: (flow: Flow) => HostConnectError | undefined = () => 'refused'
  #nextPort = 50_000

  async connect(remote: Endpoint): Promise<Result<Flow, HostConnectError>> {
    return opened(this.servers.get(endpoint.format(remote)))
  }

  async connectNameServer(): Promise<Result<Flow, HostConnectError>> {
    return opened(this.nameServer)
  }

  async listen(local: Endpoint, accept: (flow: Flow) => void): Promise<Result<Listener, BindError>> {
    const free = this.#free(local)
    if (!free.ok) return free
    const key = endpoint.format(free.value)
    this.ports.set(key, accept)
    return ok({ local: free.value, close: () => void this.ports.delete(key) })
  }

  /** A client outside connects to one of the host's ports. Nothing, if nobody listens there. */
  dial(local: Endpoint): Flow | undefined {
    const accept = this.ports.get(endpoint.format(local))
    if (accept === undefined) return undefined
    const [ours, theirs] = pipe()
    accept(theirs)
    return ours
  }

  openUdp(receive: (datagram: HostDatagram) => void): Result<UdpSocket, 'exhausted'> {
    if (this.sockets.size >= this.socketsLeft) return err('exhausted')
    this.#nextPort += 1
    const socket = new MemorySocket(this, { address: ipv4.UNSPECIFIED, port: this.#nextPort }, receive)
    this.sockets.add(socket)
    return ok(socket)
  }

  async bindUdp(
    local: Endpoint,
    receive: (datagram: HostDatagram) => void,
  ): Promise<Result<UdpSocket & Listener, BindError>> {
    const free = this.#free(local)
    if (!free.ok) return free
    const socket = new MemorySocket(this, free.value, receive)
    this.sockets.add(socket)
    this.ports.set(endpoint.format(free.value), () => {})
    return ok(socket)
  }

  async resolve(query: Uint8Array): Promise<Result<Uint8Array, 'timed-out' | 'no-server'>> {
    return this.answer(query)
  }

  #free({ address, port }: Endpoint): Result<Endpoint, BindError> {
    if (port === 0) this.#nextPort += 1
    const local = { address, port: port === 0 ? this.#nextPort : port }
    return this.ports.has(endpoint.format(local)) ? err('port-in-use') : ok(local)
  }
}

function opened(
  serve: ((flow: Flow) => HostConnectError | undefined) | undefined,
): Result<Flow, HostConnectError> {
  const [ours, theirs] = pipe()
  const refusal = serve === undefined ? 'refused' : serve(theirs)
  return refusal === undefined ? ok(ours) : err(refusal)
}
