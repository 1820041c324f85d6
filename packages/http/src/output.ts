/** What is on its way to a peer: small parts are gathered, so that many responses are one write. */
import type { Clock, Millis } from '@mirage/clock'
import type { Flow, FlowError, PolledFlow, WriteError } from '@mirage/flow'
import type { Result } from '@mirage/result'
import { Deadline } from './deadline.ts'

/** A flow that can do without promises, and send without waiting for more to send with it: TCP's. */
export interface ServedFlow extends Flow, Partial<Pick<PolledFlow, 'poll' | 'offer'>> {
  writeNodelay?(bytes: Uint8Array): Promise<Result<void, WriteError>>
  listen?(
    receive: (frame: Uint8Array, offset: number, end: number) => void,
    ended: (how: 'eof' | FlowError) => void,
  ): void
  unlisten?(from: number): void
}

/** Bytes that are gathered, and the most that one write has: it bounds what a slow peer holds. */
export const BUFFER_SIZE = 65536
/** What is left of a large part goes into the buffer below this, and out by itself above. */
const GATHERED_MAX = 16384
/** Room that `send` leaves for the end of a chunk. */
const SPARE = 16
/** Buffers that are kept for the next who writes: 4 MiB of them, whatever the number of connections. */
const KEPT_MAX = 64

/** The buffers of a server, which only those who write hold. */
export class Buffers {
  private readonly kept: Uint8Array[] = []

  take(): Uint8Array {
    return this.kept.pop() ?? new Uint8Array(BUFFER_SIZE)
  }

  give(buffer: Uint8Array): void {
    if (this.kept.length < KEPT_MAX) this.kept.push(buffer)
  }
}

/** The sending half of a connection. */
export class Output {
  /** Bytes that wait for `flush`. */
  length = 0
  /** Whether a write failed: nothing is sent any more. */
  isBroken = false
  private readonly flow: ServedFlow
  private readonly buffers: Buffers
  private readonly clock: Clock
  private readonly timeout: Millis
  private readonly patience: Deadline
  private buffer: Uint8Array | undefined = undefined
  /** All that is gathered, where that is one part that never changes, and so need not be copied. */
  private alone: Uint8Array | undefined = undefined
  private writing: Promise<unknown> | undefined = undefined

  /** Calls `expired` when a write to `flow` was not accepted for `timeout`. */
  constructor(flow: ServedFlow, buffers: Buffers, clock: Clock, timeout: Millis, expired: () => void) {
    this.flow = flow
    this.buffers = buffers
    this.clock = clock
    this.timeout = timeout
    this.patience = new Deadline(clock, expired)
  }

  /** How many bytes `put` takes before the next `flush`. */
  get room(): number {
    return BUFFER_SIZE - this.length
  }

  /** Gathers a copy of `bytes`. The caller has checked that there is room. */
  put(bytes: Uint8Array): void {
    const buffer = (this.buffer ??= this.buffers.take())
    if (this.alone !== undefined) buffer.set(this.alone)
    this.alone = undefined
    buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  /** The same of `bytes` that never change: if nothing else comes before the next `flush`, they are not copied here. */
  putKept(bytes: Uint8Array): void {
    if (this.length > 0) return this.put(bytes)
    this.alone = bytes
    this.length = bytes.length
  }

  /** Sends or gathers all of `bytes`, which do not change until it resolves: true if they were accepted. */
  async send(bytes: Uint8Array): Promise<boolean> {
    let offset = 0
    if (this.length > 0 || bytes.length < GATHERED_MAX) {
      offset = Math.min(Math.max(0, this.room - SPARE), bytes.length)
      this.put(bytes.subarray(0, offset))
      if (offset === bytes.length) return !this.isBroken
      if (!(await this.flush())) return false
    }
    while (bytes.length - offset >= GATHERED_MAX) {
      const end = Math.min(bytes.length, offset + BUFFER_SIZE)
      if (!this.wrote(await this.write(bytes.subarray(offset, end), this.clock.now()))) return false
      offset = end
    }
    if (offset < bytes.length) this.put(bytes.subarray(offset))
    return true
  }

  /** Sends what was gathered, if the flow takes all of it at once; else says false, and `flush` does. */
  offer(): boolean {
    const { buffer, length } = this
    const bytes = this.alone ?? buffer
    if (bytes === undefined || length === 0) return !this.isBroken
    if (this.writing !== undefined || this.isBroken || this.flow.offer === undefined) return false
    if (!this.flow.offer(bytes, 0, length)) return false
    this.forget()
    if (buffer !== undefined) this.buffers.give(buffer)
    return true
  }

  /** Sends what was gathered, at the instant `now`. False if it, or anything before, was not accepted. */
  async flush(now: Millis = this.clock.now()): Promise<boolean> {
    while (this.writing !== undefined) await this.writing
    const { buffer, length } = this
    const bytes = this.alone ?? buffer
    if (bytes === undefined || this.isBroken) return !this.isBroken
    this.forget()
    const result = await (this.writing = this.write(bytes.subarray(0, length), now))
    this.writing = undefined
    if (buffer !== undefined) this.buffers.give(buffer)
    return this.wrote(result)
  }

  private forget(): void {
    this.buffer = undefined
    this.alone = undefined
    this.length = 0
  }

  /** Sends nothing any more, and leaves no timer behind. */
  end(): void {
    this.isBroken = true
    this.patience.cancel()
  }

  private write(bytes: Uint8Array, now: Millis): Promise<Result<void, WriteError>> {
    const { flow } = this
    this.patience.set(now + this.timeout)
    return flow.writeNodelay === undefined ? flow.write(bytes) : flow.writeNodelay(bytes)
  }

  private wrote(result: Result<void, WriteError>): boolean {
    this.patience.clear()
    if (!result.ok) this.isBroken = true
    return result.ok
  }
}
