/** Whether the peer of a connection is still there, while a handler takes its time and nobody reads. */
import type { Input } from './input.ts'

/** What `until` says where the peer did not wait. */
export type Gone = 'gone'

export class Presence {
  private readonly input: Input
  private readonly lost: () => void
  private isGone = false
  private wake: (() => void) | undefined = undefined

  /** Calls `lost`, once, when the peer is known to be gone. */
  constructor(input: Input, lost: () => void) {
    this.input = input
    this.lost = lost
  }

  /** Reads ahead a little, until `unwatch` or the next read, to see whether the connection breaks. */
  watch(): void {
    this.input.watch(this.leave)
  }

  unwatch(): void {
    this.input.unwatch()
  }

  /** The peer is gone: who waits is told. */
  readonly leave = (): void => {
    if (this.isGone) return
    this.isGone = true
    this.lost()
    this.wake?.()
  }

  /** Waits for what a handler promised, which may be for ever, or until the peer is gone. */
  async until<T>(promise: Promise<T>): Promise<T | Gone> {
    if (this.isGone) return 'gone'
    // A race would leave something behind in a promise of the connection for each piece of a long stream.
    const result = await new Promise<T | Gone>((resolve, reject) => {
      this.wake = () => resolve('gone')
      promise.then(resolve, reject)
    })
    this.wake = undefined
    return result
  }
}
