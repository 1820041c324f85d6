/**
 * The network device of a Node process: frames on a stream socket, each after its length; or a TAP device.
 *
 * At the other end of a socket is the gateway of `mirage run`, a virtual machine monitor or another unikernel; of a TAP
 * device the kernel of the host.
 */
import { Socket } from 'node:net'
import * as mac from '@mirage/address/mac'
import { type Argument, optional, text } from '@mirage/argument'
import { getU32 } from '@mirage/bytes'
import { source } from '@mirage/console/logs'
import type { Net } from '@mirage/net'
import { type ByteStream, connect as connectStream } from '@mirage/net/stream'
import { type Result, err, ok } from '@mirage/result'
import { entropy } from './entropy.ts'
import { fs } from './host.ts'
import { inheritTap, openTap } from './tap.ts'

const MTU = 1500
/** Bytes that are read at once: what the other end writes in a turn, usually. */
const READ_SIZE = 256 * 1024

const log = source('net')

/** Where the Ethernet is. */
export const args: { readonly interface: Argument<string | undefined> } = {
  interface: optional(
    text({
      doc: 'The Ethernet: tap0 or tap:NAME is a TAP device, unix:PATH a socket, fd:N one of them that is open.',
      docv: 'INTERFACE',
    }),
  ),
}

/** Connects to the Ethernet that `--interface` names; or says in one sentence why it cannot. */
export async function connect(
  _needs: object,
  { interface: name }: { readonly interface: string | undefined },
): Promise<Result<Net, string>> {
  if (name === undefined) {
    return err('there is no network interface: start this with mirage run, or name one with --interface')
  }
  const tap = /^(?:tap:(.+)|(tap.*))$/.exec(name)
  if (tap !== null) return explained(name, openTap((tap[1] ?? tap[2])!))
  const stream = new SocketStream()
  const [, kind, where = ''] = /^(fd|unix):(.+)$/.exec(name) ?? []
  if (kind === 'fd') {
    if (isDevice(where)) return explained(name, inheritTap(Number(where)))
    const opened = openSocket(where, stream)
    if (!opened.ok) return opened
    // Whoever started this process with the socket is gone: nobody would stop it, and nothing can reach it.
    opened.value.on('close', () => stream.isEnded || process.kill(process.pid, 'SIGTERM'))
    return ok(attach(opened.value, stream))
  }
  if (kind === 'unix') {
    const opened = await connectSocket(where, stream)
    return opened.ok ? ok(attach(opened.value, stream)) : opened
  }
  return err(
    `--interface=${name}: it is no interface; expected tap:NAME, unix:PATH or fd:N, or start this with mirage run`,
  )
}

function explained(name: string, opened: Result<Net, string>): Result<Net, string> {
  return opened.ok ? opened : err(`--interface=${name}: ${opened.error}`)
}

function isDevice(number: string): boolean {
  try {
    return /^[0-9]+$/.test(number) && fs.fstatSync(Number(number)).isCharacterDevice()
  } catch {
    return false
  }
}

function openSocket(number: string, stream: SocketStream): Result<Socket, string> {
  const fd = Number(number)
  try {
    if (!/^[0-9]+$/.test(number) || !fs.fstatSync(fd).isSocket()) throw new Error('no socket')
    return ok(new Socket({ fd, readable: true, writable: true, onread: stream.onread }))
  } catch {
    return err(`--interface=fd:${number}: there is no socket of this number; start this with mirage run`)
  }
}

function connectSocket(path: string, stream: SocketStream): Promise<Result<Socket, string>> {
  return new Promise((resolve) => {
    const socket = new Socket({ onread: stream.onread })
    const refuse = ({ message }: Error): void => resolve(err(`--interface=unix:${path}: ${message}`))
    socket.once('error', refuse)
    socket.connect({ path }, () => {
      socket.off('error', refuse)
      resolve(ok(socket))
    })
  })
}

/** A device on `socket` with an address that no other is likely to have. */
function attach(socket: Socket, stream: SocketStream): Net {
  stream.socket = socket
  const net = connectStream(stream, { mac: mac.local(getU32(entropy(4), 0)), mtu: MTU })
  // The end that follows tells it all.
  socket.on('error', ({ message }) => log.debug(() => message))
  socket.on('close', () => {
    if (!stream.isEnded) log.warning('the other end of the network is gone')
    net.disconnect()
  })
  return net
}

/** A socket as the device wants it. All chunks are read into one buffer, which saves an allocation for each. */
class SocketStream implements ByteStream {
  socket: Socket | undefined
  isEnded = false
  #receive: ((chunk: Uint8Array) => void) | undefined
  /** What arrived before somebody listened. The socket is paused after it, and nothing overwrites it. */
  #held: Uint8Array | undefined

  readonly onread: { buffer: Uint8Array; callback: (length: number, buffer: Uint8Array) => boolean } = {
    buffer: new Uint8Array(READ_SIZE),
    callback: (length, buffer) => {
      const chunk = buffer.subarray(0, length)
      if (this.#receive === undefined) this.#held = chunk
      else this.#receive(chunk)
      return this.#receive !== undefined
    },
  }

  write(bytes: Uint8Array, sent: () => void): void {
    // A socket that broke calls back with an error; its end is told elsewhere.
    this.socket!.write(bytes, () => sent())
  }

  listen(receive: (chunk: Uint8Array) => void): void {
    this.defer(() => {
      this.#receive = receive
      if (this.#held === undefined) return
      receive(this.#held)
      this.#held = undefined
      this.socket!.resume()
    })
  }

  defer(task: () => void): void {
    setImmediate(task)
  }

  end(): void {
    this.isEnded = true
    this.socket!.end()
  }
}
