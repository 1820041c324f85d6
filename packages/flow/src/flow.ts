/**
 * A two-way, ordered, reliable stream of bytes between this unikernel and a peer.
 *
 * One read and one write may be outstanding at a time; a second before the first resolved is a bug in the
 * caller and throws.
 */
import type { Result } from '@mirage/result'

/** How a flow broke. What was read before is good; what was written may not have arrived. */
export type FlowError =
  /** The peer refused or reset the connection, or this end aborted it. */
  | 'reset'
  /** The peer did not answer for too long. */
  | 'timed-out'

/** Why bytes were not accepted: this end had said that it writes no more, or the flow is broken. */
export type WriteError = 'closed' | FlowError

/** One end of the stream. */
export interface Flow {
  /**
   * The next bytes, at least one: they are the caller's to keep and to change. Resolves as soon as there are
   * any. `'eof'` once the peer has finished and everything was read, and from then on. After `close` it is
   * `'eof'` too. An error once the flow is broken, after everything that arrived before was read.
   */
  read(): Promise<Result<Uint8Array | 'eof', FlowError>>

  /**
   * Sends all of `bytes`, in order after what was written before. Resolves when every byte has been accepted
   * for sending, which is later than it could be delivered only where the peer reads slowly: this is the
   * back-pressure. Until then `bytes` must not change; afterwards it is the caller's again.
   */
  write(bytes: Uint8Array): Promise<Result<void, WriteError>>

  /**
   * Says that no more will be written: the peer reads `'eof'` after what was accepted. Reading goes on.
   * A second call does nothing.
   */
  shutdown(): void

  /**
   * Ends both directions in order: what was accepted is still delivered, then the peer reads `'eof'`;
   * nothing more is read here, and a read that waits resolves to `'eof'`. A second call does nothing.
   */
  close(): void

  /** Ends both directions at once: what was not delivered is lost, and the peer sees `'reset'`. */
  abort(): void
}

/**
 * A flow that also works without promises, for whoever serves many: what TCP's are. A promise costs 100 ns and more, and
 * a server that answers at once would need six of them for a request.
 */
export interface PolledFlow extends Flow {
  /**
   * What `read` resolves with, if it can say that now. If not, the poll is outstanding as a read is, until `wake` is
   * called, once and not inside of `poll`: then another poll has an answer.
   */
  poll(wake: () => void): Result<Uint8Array | 'eof', FlowError> | undefined

  /**
   * Accepts all of `bytes` from `offset` up to `end` now, to be sent without delay, and copies them; or nothing, and
   * says false: for want of room, because a write is outstanding, or because no write is accepted any more.
   */
  offer(bytes: Uint8Array, offset: number, end: number): boolean
}
