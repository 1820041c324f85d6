/** Questions to the name servers that the host is set up with. */
import { createSocket } from 'node:dgram'
import { createRequire } from 'node:module'
import { isIPv6 } from 'node:net'
import { type Result, err, ok } from '@mirage/result'

export interface NameServer {
  /** IPv4 or IPv6, in text. */
  readonly address: string
  readonly port: number
}

const require = createRequire(import.meta.url)

/** How long each of the servers has for its answer. */
const TIMEOUT_MS = 2000
/** As many as other resolvers ask. */
const SERVERS_MAX = 3

/** At the time of the call: a machine that moves to another network has others. */
export function nameServers(): readonly NameServer[] {
  // Imported when a question is asked: it makes resolvers of its own, which takes 5 ms of a start.
  const dns: typeof import('node:dns') = require('node:dns')
  return dns.getServers().slice(0, SERVERS_MAX).map(parse)
}

/** `1.2.3.4`, `1.2.3.4:53`, `::1` or `[::1]:53`. */
function parse(text: string): NameServer {
  const match = /^\[(.*)\]:(\d+)$/.exec(text) ?? /^([^:]*):(\d+)$/.exec(text)
  return match === null ? { address: text, port: 53 } : { address: match[1] ?? '', port: Number(match[2]) }
}

/** Asks one server after the other. Each question has a port of its own, chosen by the host (RFC 5452 §9.2). */
export async function resolve(
  query: Uint8Array,
  servers: readonly NameServer[],
): Promise<Result<Uint8Array, 'timed-out' | 'no-server'>> {
  let failure: 'timed-out' | 'no-server' = 'no-server'
  for (const server of servers) {
    const answer = await ask(query, server)
    if (answer.ok) return answer
    if (answer.error === 'timed-out') failure = 'timed-out'
  }
  return err(failure)
}

function ask(
  query: Uint8Array,
  { address, port }: NameServer,
): Promise<Result<Uint8Array, 'timed-out' | 'no-server'>> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    socket.unref()
    const end = (result: Result<Uint8Array, 'timed-out' | 'no-server'>): void => {
      clearTimeout(timeout)
      socket.removeAllListeners()
      socket.on('error', () => {})
      socket.close()
      resolve(result)
    }
    const timeout = setTimeout(() => end(err('timed-out')), TIMEOUT_MS).unref()
    socket.once('error', () => end(err('no-server')))
    socket.on('message', (answer) => {
      if (answer[0] !== query[0] || answer[1] !== query[1]) return
      end(ok(new Uint8Array(answer.buffer, answer.byteOffset, answer.length)))
    })
    // Connected, a socket takes answers from that server only, and learns that nobody listens there.
    socket.once('connect', () => socket.send(query))
    socket.connect(port, address)
  })
}
