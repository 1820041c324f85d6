/** UDP sockets of Node. */
import { type Socket, createSocket } from 'node:dgram'
import type { Endpoint } from '@mirage/address/endpoint'
import * as ip from '@mirage/address/ip'
import * as ipv4 from '@mirage/address/ipv4'
import { type Result, done, err, ok } from '@mirage/result'
import type { BindError, HostDatagram, Listener, UdpSocket } from './host.ts'
import { bindErrorOf } from './node-errors.ts'

type Receive = (datagram: HostDatagram) => void

/** Bytes that wait in Node until the host takes them, for each socket. */
const UNSENT_MAX = 0x10_0000

/** On a free port, which the first datagram takes. */
export function open(receive: Receive): UdpSocket {
  return new NodeUdpSocket(createSocket('udp4'), receive, { address: ipv4.UNSPECIFIED, port: 0 })
}

/** On `local`. */
export function bind(local: Endpoint, receive: Receive): Promise<Result<UdpSocket & Listener, BindError>> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      resolve(err(bindErrorOf(error)))
    })
    socket.bind({ address: ip.format(local.address), port: local.port, exclusive: true }, () => {
      socket.removeAllListeners('error')
      const bound = { address: local.address, port: socket.address().port }
      resolve(ok(new NodeUdpSocket(socket, receive, bound)))
    })
  })
}

class NodeUdpSocket implements UdpSocket, Listener {
  readonly local: Endpoint
  readonly #socket: Socket
  #unsent = 0
  #isOpen = true

  constructor(socket: Socket, receive: Receive, local: Endpoint) {
    this.#socket = socket
    this.local = local
    // What the network says about a datagram that is gone (a refused port, no route) is nobody's business here.
    socket.on('error', () => {})
    socket.on('message', (message, from) => {
      const address = ipv4.parse(from.address)
      if (!address.ok || !this.#isOpen) return
      const payload = new Uint8Array(message.buffer, message.byteOffset, message.length)
      receive({ src: { address: address.value, port: from.port }, payload })
    })
  }

  send(dst: Endpoint, payload: Uint8Array): Result<void, 'busy'> {
    if (!this.#isOpen || this.#unsent > UNSENT_MAX) return err('busy')
    this.#unsent += payload.length
    this.#socket.send(payload, dst.port, ip.format(dst.address), () => {
      this.#unsent -= payload.length
    })
    return done
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#socket.close()
  }
}
