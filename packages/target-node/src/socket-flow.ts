/** A connection of the host as a TCP flow. */
import type { Socket } from 'node:net'
import type { Endpoint } from '@mirage/address/endpoint'
import type { FlowError, WriteError } from '@mirage/flow'
import { SocketFlow } from '@mirage/gateway/node-flow'
import type { Result } from '@mirage/result'
import type { Receive, TcpFlow } from '@mirage/tcp'
import { endpoint } from './socket-address.ts'

/** Takes over `socket`, which is connected and was made with `allowHalfOpen`. Nothing is taken from it before a read. */
export function flowOf(socket: Socket): TcpFlow {
  return new HostFlow(socket)
}

class HostFlow extends SocketFlow implements TcpFlow {
  readonly local: Endpoint
  readonly remote: Endpoint

  /** From here on, what the listener was handed is to be read, since it listens no more. */
  #left: number | undefined = undefined

  constructor(socket: Socket) {
    super(socket)
    this.local = endpoint(socket.localAddress, socket.localPort)
    this.remote = endpoint(socket.remoteAddress, socket.remotePort)
  }

  override write(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    return this.send(bytes, false)
  }

  writeNodelay(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    return this.send(bytes, true)
  }

  listen(receive: Receive, ended: (how: 'eof' | FlowError) => void): void {
    const pour = (): void => {
      for (let next = this.poll(pour); next !== undefined; next = this.poll(pour)) {
        if (!next.ok) return ended(next.error)
        if (next.value === 'eof') return ended('eof')
        receive(next.value, 0, next.value.length)
        if (this.#left !== undefined) return this.unread(next.value.subarray(this.#left))
      }
    }
    this.#left = undefined
    // Nobody is called before this has returned.
    queueMicrotask(pour)
  }

  unlisten(from: number): void {
    this.#left = from
  }
}
