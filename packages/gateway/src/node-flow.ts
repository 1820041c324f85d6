/** A flow on a TCP socket of Node. */
import type { Socket } from 'node:net'
import type { FlowError, PolledFlow, WriteError } from '@mirage/flow'
import { type Result, assert, done, err, ok } from '@mirage/result'
import { reset } from './node-reset.ts'

/** Bytes that wait for a reader before the socket is told to wait. */
const UNREAD_MAX = 0x4_0000
/** Bytes that the host has not taken yet, above which nothing more is accepted without waiting. */
const UNSENT_MAX = 0x4_0000
/** How long a closed flow takes what its peer still sends, so that its own end arrives before a reset could. */
const LINGER_MS = 5000
const ONE_READ = 'one read is outstanding at a time'

type Read = Result<Uint8Array | 'eof', FlowError>

/** What arrives waits in the host until the first read. */
export class SocketFlow implements PolledFlow {
  readonly #socket: Socket
  readonly #chunks: Uint8Array[] = []
  #unread = 0
  #isStarted = false
  #isEnded = false
  #isShutdown = false
  #isClosed = false
  #isNodelay = false
  #error: FlowError | undefined
  /** Runs once there is something to say to who reads. */
  #wake: (() => void) | undefined
  #writer: ((result: Result<void, WriteError>) => void) | undefined

  /** Takes over `socket`, which is connected and was made with `allowHalfOpen`. */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      this.#break(code === 'ETIMEDOUT' ? 'timed-out' : 'reset')
    })
    socket.once('end', () => {
      this.#isEnded = true
      this.#tell()
    })
    socket.on('close', () => {
      if (!this.#isEnded) this.#break('reset')
    })
  }

  read(): Promise<Read> {
    return new Promise((resolve) => {
      const now = this.poll(() => resolve(this.#next()!))
      if (now !== undefined) resolve(now)
    })
  }

  poll(wake: () => void): Read | undefined {
    assert(this.#wake === undefined, ONE_READ)
    const now = this.#next()
    if (now !== undefined) return now
    this.#wake = wake
    this.#start()
    return undefined
  }

  write(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    return this.send(bytes, true)
  }

  offer(bytes: Uint8Array, offset: number, end: number): boolean {
    if (this.#writer !== undefined || this.#isShutdown || this.#error !== undefined) return false
    if (this.#socket.writableLength + end - offset > UNSENT_MAX) return false
    this.#setNodelay(true)
    this.#socket.write(bytes.slice(offset, end))
    return true
  }

  /** `write`, which the host may hold back as RFC 9293 §3.7.4 says unless `isNodelay`. */
  protected send(bytes: Uint8Array, isNodelay: boolean): Promise<Result<void, WriteError>> {
    assert(this.#writer === undefined, 'one write is outstanding at a time')
    if (this.#error !== undefined) return Promise.resolve(err(this.#error))
    if (this.#isShutdown) return Promise.resolve(err('closed'))
    if (bytes.length === 0) return Promise.resolve(done)
    this.#setNodelay(isNodelay)
    return new Promise((resolve) => {
      this.#writer = resolve
      // Node keeps the bytes until the host has taken all of them, and says so.
      this.#socket.write(bytes, (error) => this.#written(error))
    })
  }

  #setNodelay(isNodelay: boolean): void {
    if (isNodelay === this.#isNodelay) return
    this.#isNodelay = isNodelay
    this.#socket.setNoDelay(isNodelay)
  }

  shutdown(): void {
    if (this.#isShutdown || this.#error !== undefined) return
    this.#isShutdown = true
    this.#socket.end()
  }

  close(): void {
    if (this.#isClosed || this.#error !== undefined) return
    this.#isClosed = true
    this.#chunks.length = 0
    this.#unread = 0
    this.#tell()
    this.shutdown()
    this.#start()
    this.#socket.resume()
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref()
    this.#socket.once('close', () => clearTimeout(linger))
  }

  abort(): void {
    if (this.#socket.destroyed || this.#error !== undefined) return
    this.#chunks.length = 0
    reset(this.#socket)
    this.#break('reset')
  }

  #start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#socket.on('data', (chunk: Buffer) => this.#input(chunk))
    // What was accepted came to us paused.
    this.#socket.resume()
  }

  /** Puts the end of what was read last back, to be read again. */
  protected unread(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#isClosed) return
    this.#chunks.unshift(bytes)
    this.#unread += bytes.length
  }

  #input(chunk: Buffer): void {
    if (this.#isClosed) return
    this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
    this.#unread += chunk.length
    this.#tell()
    if (this.#unread >= UNREAD_MAX) this.#socket.pause()
  }

  /** Wakes who reads, if there is something to say. */
  #tell(): void {
    const isReadable = this.#chunks.length > 0 || this.#isEnded || this.#isClosed || this.#error !== undefined
    const wake = this.#wake
    if (wake === undefined || !isReadable) return
    this.#wake = undefined
    wake()
  }

  #next(): Read | undefined {
    if (this.#isClosed) return ok('eof')
    const chunk = this.#chunks.shift()
    if (chunk !== undefined) {
      this.#unread -= chunk.length
      if (this.#unread < UNREAD_MAX && this.#socket.isPaused()) this.#socket.resume()
      return ok(chunk)
    }
    if (this.#error !== undefined) return err(this.#error)
    return this.#isEnded ? ok('eof') : undefined
  }

  #written(error: Error | null | undefined): void {
    const writer = this.#writer
    this.#writer = undefined
    writer?.(error ? err(this.#error ?? 'reset') : done)
  }

  #break(error: FlowError): void {
    if (this.#error !== undefined) return
    this.#error = error
    this.#written(new Error(error))
    this.#tell()
  }
}
