/** A flow on a TCP socket of Node. */
import type { Socket } from 'node:net'
import type { Flow, FlowError, WriteError } from '@mirage/flow'
import { type Result, assert, done, err, ok } from '@mirage/result'

/** Bytes that wait for a reader before the socket is told to wait. */
const UNREAD_MAX = 0x4_0000
/** How long a closed flow takes what its peer still sends, so that its own end arrives before a reset could. */
const LINGER_MS = 5000

/** Takes over `socket`, which is connected and was made with `allowHalfOpen`. Nothing is received before the first read. */
export function flowOf(socket: Socket): Flow {
  return new SocketFlow(socket)
}

class SocketFlow implements Flow {
  readonly #socket: Socket
  readonly #chunks: Uint8Array[] = []
  #unread = 0
  #isStarted = false
  #isEnded = false
  #isShutdown = false
  #isClosed = false
  #error: FlowError | undefined
  #reader: ((result: Result<Uint8Array | 'eof', FlowError>) => void) | undefined
  #writer: ((result: Result<void, WriteError>) => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#break(error.code === 'ETIMEDOUT' ? 'timed-out' : 'reset')
    })
    socket.once('end', () => {
      this.#isEnded = true
      this.#deliver()
    })
    socket.on('close', () => {
      if (!this.#isEnded) this.#break('reset')
    })
  }

  read(): Promise<Result<Uint8Array | 'eof', FlowError>> {
    assert(this.#reader === undefined, 'one read is outstanding at a time')
    return new Promise((resolve) => {
      this.#reader = resolve
      this.#deliver()
      if (!this.#isStarted) this.#start()
    })
  }

  write(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    assert(this.#writer === undefined, 'one write is outstanding at a time')
    if (this.#error !== undefined) return Promise.resolve(err(this.#error))
    if (this.#isShutdown) return Promise.resolve(err('closed'))
    if (bytes.length === 0) return Promise.resolve(done)
    return new Promise((resolve) => {
      this.#writer = resolve
      // Node keeps the bytes until the host has taken all of them, and says so.
      this.#socket.write(bytes, (error) => this.#written(error))
    })
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
    this.#deliver()
    this.shutdown()
    this.#start()
    this.#socket.resume()
    const linger = setTimeout(() => this.#socket.destroy(), LINGER_MS).unref()
    this.#socket.once('close', () => clearTimeout(linger))
  }

  abort(): void {
    if (this.#socket.destroyed) return
    this.#chunks.length = 0
    this.#socket.resetAndDestroy()
    this.#break('reset')
  }

  #start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#socket.on('data', (chunk: Buffer) => this.#input(chunk))
  }

  #input(chunk: Buffer): void {
    if (this.#isClosed) return
    this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
    this.#unread += chunk.length
    this.#deliver()
    if (this.#unread >= UNREAD_MAX) this.#socket.pause()
  }

  /** Answers the read that waits, if there is an answer. */
  #deliver(): void {
    const reader = this.#reader
    if (reader === undefined) return
    const answer = this.#next()
    if (answer === undefined) return
    this.#reader = undefined
    reader(answer)
  }

  #next(): Result<Uint8Array | 'eof', FlowError> | undefined {
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
    this.#deliver()
  }
}
