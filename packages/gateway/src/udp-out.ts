/**
 * UDP out of the unikernel: every port of the unikernel that sends has a socket of the host, so that replies
 * from any number of peers find their way back (endpoint-independent mapping, RFC 4787 §4.1).
 */
import type { Endpoint } from '@mirage/address/endpoint'
import type { Cidr } from '@mirage/address/ipv4'
import type { Cancel, Clock, Millis } from '@mirage/clock'
import type { Datagram, Udp } from '@mirage/udp'
import { inside, outside, keyOf } from './addresses.ts'
import type { Counters } from './counters.ts'
import type { Host, UdpSocket } from './host.ts'

/** Sockets at a time. One more takes the place of the one that was silent for longest. */
export const SOCKETS_MAX = 256
/** Silence in both directions after which a socket is closed: RFC 4787 §4.3 asks for two minutes at least. */
export const IDLE: Millis = 120_000
/** A closed socket may be this late. */
const SWEEP: Millis = 10_000

interface Mapping {
  readonly socket: UdpSocket
  lastUsed: Millis
}

interface Needs {
  readonly udp: Udp
  readonly host: Host
  readonly clock: Clock
  readonly counters: Counters
  readonly cidr: Cidr
}

export class UdpOut {
  readonly #needs: Needs
  /** By the unikernel's endpoint, the one that was silent for longest first. */
  readonly #mappings: Map<number, Mapping> = new Map()
  #cancelSweep: Cancel | undefined

  constructor(needs: Needs) {
    this.#needs = needs
  }

  get count(): number {
    return this.#mappings.size
  }

  /** Sends a datagram of the unikernel to where it wants to go. */
  output({ src, dst, payload }: Datagram): void {
    const { cidr, counters } = this.#needs
    const to = outside(dst, cidr)
    const mapping = to === undefined ? undefined : this.#mappingOf(src)
    if (to === undefined || mapping === undefined || !mapping.socket.send(to, payload).ok) {
      counters.udpDropped += 1
      return
    }
    counters.udpOut += 1
  }

  close(): void {
    this.#cancelSweep?.()
    for (const { socket } of this.#mappings.values()) socket.close()
    this.#mappings.clear()
  }

  #mappingOf(src: Endpoint): Mapping | undefined {
    const key = keyOf(src)
    const mapping = this.#mappings.get(key) ?? this.#open(src)
    if (mapping !== undefined) this.#use(key, mapping)
    return mapping
  }

  #open(src: Endpoint): Mapping | undefined {
    const { host, udp, counters, cidr } = this.#needs
    if (this.#mappings.size >= SOCKETS_MAX) this.#evict()
    const key = keyOf(src)
    const socket = host.openUdp((datagram) => {
      const mapping = this.#mappings.get(key)
      if (mapping === undefined) return
      this.#use(key, mapping)
      const from = inside(datagram.src, cidr)
      const sent = udp.write(src, datagram.payload, { src: from.address, srcPort: from.port })
      if (sent.ok) counters.udpIn += 1
      else counters.udpDropped += 1
    })
    if (!socket.ok) return undefined
    this.#sweepLater()
    return { socket: socket.value, lastUsed: 0 }
  }

  /** A map keeps the order of insertion, so what is used goes to its end. */
  #use(key: number, mapping: Mapping): void {
    mapping.lastUsed = this.#needs.clock.now()
    this.#mappings.delete(key)
    this.#mappings.set(key, mapping)
  }

  #evict(): void {
    const [oldest] = this.#mappings
    if (oldest === undefined) return
    oldest[1].socket.close()
    this.#mappings.delete(oldest[0])
    this.#needs.counters.udpEvicted += 1
  }

  #sweepLater(): void {
    const { clock } = this.#needs
    this.#cancelSweep ??= clock.at(clock.now() + SWEEP, () => {
      this.#cancelSweep = undefined
      this.#sweep(clock.now())
      if (this.#mappings.size > 0) this.#sweepLater()
    })
  }

  #sweep(now: Millis): void {
    for (const [key, { socket, lastUsed }] of this.#mappings) {
      if (now - lastUsed < IDLE) return
      socket.close()
      this.#mappings.delete(key)
    }
  }
}
