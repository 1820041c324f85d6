/** Clients that ask, and ask again when the answer is there: what the benches of requests load servers with. */
import type { TcpFlow } from '@mirage/tcp'

/** Over each of several flows one request at a time. It listens to them, for good. */
export class Asking {
  readonly #clients: Client[]
  #left = 0
  #open = 0
  #resolve: () => void = () => {}

  /** Asks `request`; the first bytes of the answer say how long it is: `sizeOf`. All are as long as the first. */
  constructor(flows: readonly TcpFlow[], request: Uint8Array, sizeOf: (first: Uint8Array) => number) {
    this.#clients = flows.map((flow) => new Client(flow, request, sizeOf, () => this.#answered()))
  }

  /** Resolves when `count` requests are answered. */
  ask(count: number): Promise<void> {
    this.#left = count
    this.#open = this.#clients.length
    return new Promise((resolve) => {
      this.#resolve = resolve
      for (const client of this.#clients) if (this.#answered()) client.ask()
    })
  }

  /** Whether there is more to ask. */
  #answered(): boolean {
    if (this.#left-- > 0) return true
    if (--this.#open === 0) this.#resolve()
    return false
  }
}

class Client {
  readonly #flow: TcpFlow
  readonly #request: Uint8Array
  #size = 0
  #length = 0

  constructor(
    flow: TcpFlow,
    request: Uint8Array,
    sizeOf: (first: Uint8Array) => number,
    answered: () => boolean,
  ) {
    this.#flow = flow
    this.#request = request
    const receive = (frame: Uint8Array, offset: number, end: number): void => {
      if (this.#size === 0) this.#size = sizeOf(frame.subarray(offset, end))
      this.#length += end - offset
      if (this.#length < this.#size) return
      this.#length = 0
      if (answered()) this.ask()
    }
    flow.listen(receive, () => {})
  }

  ask(): void {
    const isSent = this.#flow.offer(this.#request, 0, this.#request.length)
    if (!isSent) throw new Error('there is room for a request')
  }
}
