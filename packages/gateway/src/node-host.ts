/** The host of a gateway, on Node's sockets. */
import { type Socket, connect as connectSocket, createServer } from 'node:net'
import type { Endpoint } from '@mirage/address/endpoint'
import * as ip from '@mirage/address/ip'
import type { Flow } from '@mirage/flow'
import { type Result, err, ok } from '@mirage/result'
import type { BindError, Host, HostConnectError, Listener } from './host.ts'
import * as dns from './node-dns.ts'
import { bindErrorOf, connectErrorOf } from './node-errors.ts'
import { SocketFlow } from './node-flow.ts'
import * as udp from './node-udp.ts'

/** A host that gives no answer to a SYN is given up before the unikernel gives us up. */
const CONNECT_TIMEOUT_MS = 30_000

/** `nameServers` is asked for every question. */
export function nodeHost(nameServers: () => readonly dns.NameServer[] = dns.nameServers): Host {
  return {
    connect: ({ address, port }) => connect(ip.format(address), port),
    listen,
    openUdp: (receive) => ok(udp.open(receive)),
    bindUdp: udp.bind,
    resolve: (query) => dns.resolve(query, nameServers()),
    connectNameServer: async () => {
      const [server] = nameServers()
      return server === undefined ? err('unreachable') : connect(server.address, server.port)
    },
  }
}

function connect(host: string, port: number): Promise<Result<Flow, HostConnectError>> {
  return new Promise((resolve) => {
    const socket = connectSocket({ host, port, allowHalfOpen: true })
    const timeout = setTimeout(() => {
      socket.destroy()
      resolve(err('timed-out'))
    }, CONNECT_TIMEOUT_MS)
    // An attempt is no reason for the process to stay.
    timeout.unref()
    socket.unref()
    const fail = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timeout)
      resolve(err(connectErrorOf(error)))
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timeout)
      socket.ref()
      const flow = new SocketFlow(socket)
      socket.removeListener('error', fail)
      resolve(ok(flow))
    })
  })
}

function listen(local: Endpoint, accept: (flow: Flow) => void): Promise<Result<Listener, BindError>> {
  return new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true }, (socket: Socket) => accept(new SocketFlow(socket)))
    server.once('error', (error: NodeJS.ErrnoException) => resolve(err(bindErrorOf(error))))
    server.listen({ host: ip.format(local.address), port: local.port, exclusive: true }, () => {
      server.removeAllListeners('error')
      // A connection that could not be accepted is lost; the next one may be.
      server.on('error', () => {})
      const bound = server.address()
      const port = typeof bound === 'object' && bound !== null ? bound.port : local.port
      resolve(ok({ local: { address: local.address, port }, close: () => void server.close() }))
    })
  })
}
