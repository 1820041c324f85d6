/** TCP from the host's sockets. */
import { type Server, type Socket, connect as dial, createServer } from 'node:net'
import type { Endpoint } from '@mirage/address/endpoint'
import * as ip from '@mirage/address/ip'
import { source } from '@mirage/console/logs'
import { reset } from '@mirage/gateway/node-reset'
import { type Result, assert, done, err, ok } from '@mirage/result'
import type { ConnectError, KeepAlive, Tcp, TcpFlow, TcpOptions } from '@mirage/tcp'
import { flowOf } from './socket-flow.ts'

const log = source('tcp')

/** TCP, and the end of it. */
export interface SocketTcp extends Tcp {
  /** Ends every connection, and listens to nothing more. */
  disconnect(): void
}

/** The host has the addresses and the ports: its other programs are neighbours. */
export function connect(): SocketTcp {
  return new HostTcp()
}

class HostTcp implements SocketTcp {
  /** The host chooses, whatever is set: nobody translates behind its address here. */
  localPortMin = 1024
  readonly #servers: Map<number, Server> = new Map()
  readonly #sockets: Set<Socket> = new Set()

  connect(
    { address, port }: Endpoint,
    { keepAlive }: TcpOptions = {},
  ): Promise<Result<TcpFlow, ConnectError>> {
    assertPort(port)
    return new Promise((resolve) => {
      const socket = dial({ host: ip.format(address), port, allowHalfOpen: true })
      const refuse = ({ code = '' }: NodeJS.ErrnoException): void => resolve(err(ERRORS[code] ?? 'no-route'))
      socket.once('error', refuse)
      socket.once('connect', () => {
        socket.off('error', refuse)
        resolve(ok(this.#flowOf(socket, keepAlive)))
      })
    })
  }

  listen(
    port: number,
    accept: (flow: TcpFlow) => void,
    { keepAlive }: TcpOptions = {},
  ): Result<void, 'port-in-use'> {
    assertPort(port)
    if (this.#servers.has(port)) return err('port-in-use')
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      accept(this.#flowOf(socket, keepAlive))
    })
    server.on('error', ({ message }) => log.warning(() => message))
    // Without an address it listens to all of both families, and does so at once.
    server.listen(port)
    if (!server.listening) return err('port-in-use')
    this.#servers.set(port, server)
    return done
  }

  unlisten(port: number): void {
    this.#servers.get(port)?.close()
    this.#servers.delete(port)
  }

  /** Nothing: the host answers those that nobody listens to. */
  forward(): void {}

  disconnect(): void {
    for (const port of this.#servers.keys()) this.unlisten(port)
    for (const socket of this.#sockets) reset(socket)
  }

  #flowOf(socket: Socket, keepAlive: KeepAlive | undefined): TcpFlow {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    // How often, and how many times, is the host's to say.
    if (keepAlive !== undefined) socket.setKeepAlive(true, keepAlive.after)
    return flowOf(socket)
  }
}

const ERRORS: Readonly<Record<string, ConnectError>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  ETIMEDOUT: 'timed-out',
  EADDRNOTAVAIL: 'no-port',
  EMFILE: 'no-port',
  ENFILE: 'no-port',
}

function assertPort(port: number): void {
  assert(Number.isInteger(port) && port >= 1 && port <= 0xffff, 'a port is 1 to 65535')
}
