/** UDP from the host's sockets. */
import { type Socket, type SocketOptions, createSocket } from 'node:dgram'
import type { Endpoint } from '@mirage/address/endpoint'
import type { IpAddress } from '@mirage/address/ip'
import { isIpv4, format } from '@mirage/address/ip'
import { type Result, assert, done, err } from '@mirage/result'
import { type Datagram, type Udp, type UdpWriteError, type UdpWriteOptions, isTooLong } from '@mirage/udp'
import { endpoint, mapped } from './socket-address.ts'

/** UDP, and the end of it. */
export interface SocketUdp extends Udp {
  /** Listens to nothing more. */
  disconnect(): void
}

/**
 * Datagrams come to `address`, as far as an application is told: the host does not say which of its own it was. The
 * host counts what it drops itself: `drops` are zeros. It fragments what is larger than a packet, also of datagrams of one
 * `segmentSize`: sockets as Node has them cannot ask for anything else.
 */
export function connect(address: IpAddress, drops: Udp['drops']): SocketUdp {
  return new HostUdp(address, drops)
}

/** An open socket, of both families where the host has both. */
interface Opened {
  readonly socket: Socket
  readonly isDual: boolean
}

const TTL = 64

class HostUdp implements SocketUdp {
  readonly drops: Udp['drops']
  readonly #address: IpAddress
  readonly #listeners: Map<number, Opened> = new Map()
  /** Where datagrams come from whose sender did not say: one port, of the host's choice. */
  #sender: Opened | undefined

  constructor(address: IpAddress, drops: Udp['drops']) {
    this.#address = address
    this.drops = drops
  }

  write(
    dst: Endpoint,
    payload: Uint8Array,
    { srcPort, ttl, segmentSize }: UdpWriteOptions = {},
  ): Result<void, UdpWriteError> {
    if (dst.port === 0) return err('no-port')
    assertPort(dst.port)
    if (srcPort !== undefined && srcPort !== 0) assertPort(srcPort)
    if (isTooLong(payload.length, segmentSize)) return err('too-long')
    const known = srcPort === undefined || srcPort === 0 ? this.#anySender() : this.#listeners.get(srcPort)
    const opened = known ?? open(srcPort!)
    if (opened === undefined) return err('no-port')
    const { socket } = opened
    if (ttl !== undefined) socket.setTTL(ttl)
    // The host takes it at once unless it has no room; an error is one of delivery, which nobody is promised.
    const size = segmentSize ?? payload.length
    let offset = 0
    do {
      const datagram = Buffer.from(payload.subarray(offset, offset + size))
      offset += size
      const isLast = offset >= payload.length
      socket.send(datagram, dst.port, textFor(opened, dst.address), () => {
        if (known === undefined && isLast) socket.close()
      })
    } while (offset < payload.length)
    if (ttl !== undefined) socket.setTTL(TTL)
    return done
  }

  listen(port: number, receive: (datagram: Datagram) => void): Result<void, 'port-in-use'> {
    assertPort(port)
    if (this.#listeners.has(port)) return err('port-in-use')
    const opened = open(port)
    if (opened === undefined) return err('port-in-use')
    const dst = { address: this.#address, port }
    opened.socket.on('message', (payload, from) => {
      receive({ src: endpoint(from.address, from.port), dst, payload: new Uint8Array(payload) })
    })
    this.#listeners.set(port, opened)
    return done
  }

  unlisten(port: number): void {
    this.#listeners.get(port)?.socket.close()
    this.#listeners.delete(port)
  }

  /** Nothing: the host answers those that nobody listens to. */
  forward(): void {}

  /** Nothing: the host tells of errors only where all datagrams go to one peer. */
  onError(): void {}

  disconnect(): void {
    for (const port of this.#listeners.keys()) this.unlisten(port)
    this.#sender?.socket.close()
    this.#sender = undefined
  }

  #anySender(): Opened | undefined {
    this.#sender ??= open(0)
    // Nobody waits for what might come back.
    this.#sender?.socket.unref()
    return this.#sender
  }
}

/** What is looked up is an address already: so that a socket is bound, or not, when `bind` returns. */
const lookup: SocketOptions['lookup'] = (text, _options, callback) =>
  callback(null, text, text.includes(':') ? 6 : 4)

/** A socket on `port`, or any if it is 0; nothing if another has it. */
function open(port: number): Opened | undefined {
  return openOf('udp6', port) ?? openOf('udp4', port)
}

function openOf(type: 'udp6' | 'udp4', port: number): Opened | undefined {
  const socket = createSocket({ type, ...(lookup === undefined ? {} : { lookup }) })
  let isOpen = true
  socket.on('error', () => (isOpen = false))
  socket.bind({ port, address: type === 'udp6' ? '::' : '0.0.0.0' })
  if (isOpen) {
    socket.setTTL(TTL)
    return { socket, isDual: type === 'udp6' }
  }
  socket.close()
  return undefined
}

function textFor({ isDual }: Opened, address: IpAddress): string {
  return isDual || !isIpv4(address) ? mapped(address) : format(address)
}

function assertPort(port: number): void {
  assert(Number.isInteger(port) && port >= 1 && port <= 0xffff, 'a port is 1 to 65535')
}
