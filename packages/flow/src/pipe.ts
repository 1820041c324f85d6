/** Two flows joined in memory: what one writes, the other reads. For tests, and between parts of a unikernel. */
import { type Result, assert, done, err, ok } from '@mirage/result'
import type { FlowError, PolledFlow, WriteError } from './flow.ts'

/** Bytes that one direction holds before its writer waits, unless told. */
export const CAPACITY = 65_536

/** Two ends of one connection. Each direction holds at most `capacity` bytes (at least 1) that were not read. */
export function pipe(capacity: number = CAPACITY): [PolledFlow, PolledFlow] {
  assert(capacity >= 1, 'a pipe has room for a byte')
  const there = new Direction(capacity)
  const back = new Direction(capacity)
  return [new End(back, there), new End(there, back)]
}

class End implements PolledFlow {
  #incoming: Direction
  #outgoing: Direction

  constructor(incoming: Direction, outgoing: Direction) {
    this.#incoming = incoming
    this.#outgoing = outgoing
  }

  read(): Promise<Result<Uint8Array | 'eof', FlowError>> {
    return this.#incoming.read()
  }

  poll(wake: () => void): Result<Uint8Array | 'eof', FlowError> | undefined {
    return this.#incoming.poll(wake)
  }

  write(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    return this.#outgoing.write(bytes)
  }

  offer(bytes: Uint8Array, offset: number, end: number): boolean {
    return this.#outgoing.offer(bytes, offset, end)
  }

  shutdown(): void {
    this.#outgoing.finish()
  }

  close(): void {
    this.#outgoing.finish()
    this.#incoming.stop()
  }

  abort(): void {
    this.#outgoing.reset()
    this.#incoming.reset()
  }
}

interface Waiting {
  readonly bytes: Uint8Array
  /** How many of `bytes` were accepted. */
  offset: number
  readonly resolve: (result: Result<void, WriteError>) => void
}

/** One direction of a pipe: bytes that were accepted and not read, and who waits at either end. */
class Direction {
  #capacity: number
  #chunks: Uint8Array[] = []
  #length = 0
  #writer: Waiting | undefined
  /** Runs when `#next` has an answer. */
  #reader: (() => void) | undefined
  /** The writing end has said that it writes no more. */
  #isFinished = false
  /** The reading end reads no more. */
  #isStopped = false
  #isReset = false

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  write(bytes: Uint8Array): Promise<Result<void, WriteError>> {
    assert(this.#writer === undefined, 'one write is outstanding at a time')
    if (this.#isReset) return Promise.resolve(err('reset'))
    if (this.#isFinished) return Promise.resolve(err('closed'))
    if (this.#isStopped) return Promise.resolve(err('reset'))
    return new Promise((resolve) => {
      this.#writer = { bytes, offset: 0, resolve }
      this.#accept()
      this.#deliver()
    })
  }

  read(): Promise<Result<Uint8Array | 'eof', FlowError>> {
    assert(this.#reader === undefined, 'one read is outstanding at a time')
    const answer = this.#next()
    if (answer !== undefined) return Promise.resolve(answer)
    return new Promise((resolve) => {
      this.#reader = () => resolve(this.#next()!)
    })
  }

  poll(wake: () => void): Result<Uint8Array | 'eof', FlowError> | undefined {
    assert(this.#reader === undefined, 'one read is outstanding at a time')
    const answer = this.#next()
    if (answer === undefined) this.#reader = wake
    return answer
  }

  offer(bytes: Uint8Array, offset: number, end: number): boolean {
    const isOpen = !this.#isReset && !this.#isFinished && !this.#isStopped && this.#writer === undefined
    if (!isOpen || this.#length + end - offset > this.#capacity) return false
    void this.write(bytes.subarray(offset, end))
    return true
  }

  finish(): void {
    this.#isFinished = true
    this.#deliver()
  }

  /** What was accepted waits for a reader that will not come, so it is dropped; a writer learns of it. */
  stop(): void {
    if (this.#isReset) return
    this.#isStopped = true
    this.#drop()
    this.#deliver()
  }

  reset(): void {
    // Both ends were finished and everything was read: there is nothing left to reset.
    if (this.#isStopped && this.#isFinished) return
    this.#isReset = true
    this.#drop()
    this.#deliver()
  }

  #drop(): void {
    this.#chunks = []
    this.#length = 0
    const writer = this.#writer
    this.#writer = undefined
    writer?.resolve(err('reset'))
  }

  /** Copies from the write that waits as much as there is room for. */
  #accept(): void {
    const writer = this.#writer
    if (writer === undefined) return
    const end = Math.min(writer.bytes.length, writer.offset + this.#capacity - this.#length)
    if (end > writer.offset) {
      this.#chunks.push(writer.bytes.slice(writer.offset, end))
      this.#length += end - writer.offset
      writer.offset = end
    }
    if (writer.offset < writer.bytes.length) return
    this.#writer = undefined
    writer.resolve(done)
  }

  /** Answers the read that waits, if there is an answer. */
  #deliver(): void {
    const reader = this.#reader
    if (reader === undefined || !this.#isReadable()) return
    this.#reader = undefined
    reader()
  }

  #isReadable(): boolean {
    return this.#isStopped || this.#isReset || this.#isFinished || this.#chunks.length > 0
  }

  #next(): Result<Uint8Array | 'eof', FlowError> | undefined {
    if (this.#isStopped) return ok('eof')
    if (this.#isReset) return err('reset')
    const chunk = this.#chunks.shift()
    if (chunk !== undefined) {
      this.#length -= chunk.length
      this.#accept()
      return ok(chunk)
    }
    // No write waits where there is room: one that was asked for before the end has been read by now.
    return this.#isFinished ? ok('eof') : undefined
  }
}
