/** The connections that a gateway carries: how many there may be, and their end when it ends. */
import type { Flow } from '@mirage/flow'
import { relay } from './relay.ts'

/**
 * Connections at a time, those that are being opened included, in and out together. Each costs a socket of
 * the host, which often gives a process 1024, and the buffers of two flows.
 */
export const FLOWS_MAX = 900

export class Flows {
  #count = 0
  #isClosed = false
  readonly #open: Set<Flow> = new Set()

  get count(): number {
    return this.#count
  }

  /** Takes a place, if there is one, for a connection of which one end may be open already. */
  reserve(flow?: Flow): boolean {
    if (this.#isClosed || this.#count >= FLOWS_MAX) return false
    this.#count += 1
    if (flow !== undefined) this.#open.add(flow)
    return true
  }

  /** Gives a place back. */
  release(...flows: readonly Flow[]): void {
    this.#count -= 1
    for (const flow of flows) this.#open.delete(flow)
  }

  /** Relays between `a` and `b`, which have a place, until they end. The place is free then. */
  async join(a: Flow, b: Flow): Promise<void> {
    this.#open.add(a).add(b)
    if (this.#isClosed) this.#abortAll()
    await relay(a, b)
    this.release(a, b)
  }

  /** Aborts everything, now and from now on. */
  close(): void {
    this.#isClosed = true
    this.#abortAll()
  }

  #abortAll(): void {
    for (const flow of this.#open) flow.abort()
  }
}
