/**
 * UDP to published ports. The unikernel sees every client of the host's port as a port of the gateway, so that
 * its answers find their way back.
 */
import type { Endpoint } from '@mirage/address/endpoint'
import type { Cidr } from '@mirage/address/ipv4'
import type { Cancel, Clock, Millis } from '@mirage/clock'
import type { Datagram, Udp } from '@mirage/udp'
import { keyOf } from './addresses.ts'
import type { Counters } from './counters.ts'
import type { Guest } from './guest.ts'
import type { HostDatagram, UdpSocket } from './host.ts'
import { IDLE } from './udp-out.ts'

/** Clients at a time, of all published ports. One more takes the place of the one that was silent for longest. */
export const CLIENTS_MAX = 1024
/** The gateway's ports that stand for clients. */
export const PORT_FIRST = 40_000

interface Client {
  readonly socket: UdpSocket
  readonly endpoint: Endpoint
  readonly guestPort: number
  readonly port: number
  lastUsed: Millis
}

interface Needs {
  readonly udp: Udp
  readonly guest: Guest
  readonly clock: Clock
  readonly counters: Counters
  readonly cidr: Cidr
}

export class UdpIn {
  readonly #needs: Needs
  /** By the gateway's port; the one that was silent for longest first. */
  readonly #byPort: Map<number, Client> = new Map()
  readonly #bySocket: Map<UdpSocket, Map<number, Client>> = new Map()
  #nextPort = PORT_FIRST
  #cancelSweep: Cancel | undefined

  constructor(needs: Needs) {
    this.#needs = needs
  }

  get count(): number {
    return this.#byPort.size
  }

  /** Passes on a datagram of a client. While the unikernel has no address, datagrams are lost. */
  input(socket: UdpSocket, { src, payload }: HostDatagram, guestPort: number): void {
    const { udp, guest, counters, cidr } = this.#needs
    const { address } = guest
    if (address === undefined) {
      guest.find()
      counters.udpDropped += 1
      return
    }
    const client = this.#clients(socket).get(keyOf(src)) ?? this.#admit(socket, src, guestPort)
    this.#use(client)
    const options = { src: cidr.address, srcPort: client.port }
    if (udp.write({ address, port: guestPort }, payload, options).ok) counters.udpIn += 1
    else counters.udpDropped += 1
  }

  /** Takes an answer of the unikernel to one of its clients; false if it is none. */
  output({ src, dst, payload }: Datagram): boolean {
    const { cidr, counters } = this.#needs
    const client = dst.address === cidr.address ? this.#byPort.get(dst.port) : undefined
    if (client === undefined || client.guestPort !== src.port) return false
    this.#use(client)
    const { endpoint } = client
    if (endpoint.port !== 0 && client.socket.send(endpoint, payload).ok) counters.udpOut += 1
    else counters.udpDropped += 1
    return true
  }

  close(): void {
    this.#cancelSweep?.()
    this.#byPort.clear()
    this.#bySocket.clear()
  }

  #clients(socket: UdpSocket): Map<number, Client> {
    const clients = this.#bySocket.get(socket) ?? new Map<number, Client>()
    this.#bySocket.set(socket, clients)
    return clients
  }

  #admit(socket: UdpSocket, endpoint: Endpoint, guestPort: number): Client {
    if (this.#byPort.size >= CLIENTS_MAX) this.#evict()
    const client = { socket, endpoint, guestPort, port: this.#freePort(), lastUsed: 0 }
    this.#clients(socket).set(keyOf(endpoint), client)
    this.#sweepLater()
    return client
  }

  /** There is one: there are more ports than clients. The one freed longest ago is taken last. */
  #freePort(): number {
    do {
      this.#nextPort = this.#nextPort === PORT_FIRST + 2 * CLIENTS_MAX ? PORT_FIRST : this.#nextPort + 1
    } while (this.#byPort.has(this.#nextPort))
    return this.#nextPort
  }

  #use(client: Client): void {
    client.lastUsed = this.#needs.clock.now()
    this.#byPort.delete(client.port)
    this.#byPort.set(client.port, client)
  }

  #evict(): void {
    for (const client of this.#byPort.values()) {
      this.#needs.counters.udpEvicted += 1
      return this.#forget(client)
    }
  }

  #forget({ port, socket, endpoint }: Client): void {
    this.#byPort.delete(port)
    this.#clients(socket).delete(keyOf(endpoint))
  }

  #sweepLater(): void {
    const { clock } = this.#needs
    this.#cancelSweep ??= clock.at(clock.now() + IDLE, () => {
      this.#cancelSweep = undefined
      this.#sweep(clock.now())
      if (this.#byPort.size > 0) this.#sweepLater()
    })
  }

  #sweep(now: Millis): void {
    for (const client of this.#byPort.values()) {
      if (now - client.lastUsed < IDLE) return
      this.#forget(client)
    }
  }
}
