/** What a peer has sent and nobody has read yet. */
import type { Flow, FlowError, PolledFlow } from '@mirage/flow'
import type { Result } from '@mirage/result'

/** What ended a wait: more bytes, the end of the stream, its break, or our patience. */
export type Filled = 'bytes' | 'eof' | 'expired' | FlowError

/** Bytes that are read ahead while nobody asks for them, before reading stops: the peer then waits. */
const AHEAD_MAX = 16384

const NONE = new Uint8Array(0)

type Read = Result<Uint8Array | 'eof', FlowError>

/**
 * The unread bytes are `bytes` from `start` to `end`; who reads them moves `start`. Memory that was filled is
 * never filled again: views of `bytes` stay as they are for as long as they are kept.
 */
export class Input {
  bytes: Uint8Array = NONE
  start = 0
  end = 0
  /** Why there will be no more bytes. */
  ended: 'eof' | FlowError | undefined = undefined
  private readonly flow: Flow & Partial<Pick<PolledFlow, 'poll'>>
  /** Whether somebody, or nobody yet, is to be told of what arrives next; or who listens to the flow, which nobody else may read. */
  isReading = false
  private isAhead = false
  private waiter: ((filled: Filled) => void) | undefined
  private broken: (() => void) | undefined

  constructor(flow: Flow) {
    this.flow = flow
  }

  /** Waits for more bytes than there are now. One wait at a time. */
  fill(): Promise<Filled> {
    return new Promise((resolve) => {
      const filled = this.next(resolve)
      if (filled !== undefined) resolve(filled)
    })
  }

  /**
   * The same without a promise: says at once what ended the wait, if it can; else `notify` is told, once. A flow that
   * cannot be polled always makes it wait.
   */
  next(notify: (filled: Filled) => void): Filled | undefined {
    this.isAhead = false
    // Who waits may wait long: what was read is not held meanwhile.
    if (this.start === this.end) {
      this.bytes = NONE
      this.start = 0
      this.end = 0
    }
    if (this.ended !== undefined) return this.ended
    const filled = this.read()
    if (filled === undefined) this.waiter = notify
    return filled
  }

  /** Ends the wait of `fill`, if there is one, with `expired`. What arrives later is still read. */
  expire(): void {
    this.wake('expired')
  }

  /** Reads ahead, a little, until the next `fill`, and calls `broken` if the flow breaks meanwhile. */
  watch(broken: () => void): void {
    this.broken = broken
    if (this.ended !== undefined) return this.ended === 'eof' ? undefined : broken()
    this.isAhead = true
    this.readAhead()
  }

  unwatch(): void {
    this.broken = undefined
    this.isAhead = false
  }

  /** Nobody listens to the flow any more: goes on reading ahead, for who watches. */
  readOn(): void {
    if (this.isAhead && this.waiter === undefined) this.readAhead()
  }

  /** What there is to read now; if nothing, it arrives later, and whoever waits then is woken. */
  private read(): Filled | undefined {
    if (this.isReading || this.ended !== undefined) return undefined
    if (this.isAhead && this.end - this.start >= AHEAD_MAX) return undefined
    if (this.flow.poll !== undefined) {
      const result = this.flow.poll(this.readable)
      if (result !== undefined) return this.take(result)
    } else void this.flow.read().then(this.arrived)
    this.isReading = true
    return undefined
  }

  private readonly readable = (): void => {
    this.arrived(this.flow.poll!(NEVER)!)
  }

  private readonly arrived = (result: Read): void => {
    this.isReading = false
    const filled = this.take(result)
    if (this.waiter === undefined && this.isAhead) this.readAhead()
    this.wake(filled)
  }

  private readAhead(): void {
    while (this.read() === 'bytes');
  }

  private take(result: Read): Filled {
    if (!result.ok || result.value === 'eof') {
      this.ended = result.ok ? 'eof' : result.error
      if (!result.ok) this.broken?.()
      return this.ended
    }
    this.append(result.value)
    return 'bytes'
  }

  private wake(filled: Filled): void {
    const waiter = this.waiter
    this.waiter = undefined
    waiter?.(filled)
  }

  private append(chunk: Uint8Array): void {
    const length = this.end - this.start
    if (length === 0) {
      this.bytes = chunk
      this.start = 0
      this.end = chunk.length
      return
    }
    if (this.end + chunk.length > this.bytes.length) {
      // Twice what is needed, so that a head that comes byte by byte is not copied once a byte.
      const larger = new Uint8Array(2 * (length + chunk.length))
      larger.set(this.bytes.subarray(this.start, this.end))
      this.bytes = larger
      this.start = 0
      this.end = length
    }
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
  }
}

/** What is polled after it said that it is readable does not wait. */
const NEVER = (): void => {}
