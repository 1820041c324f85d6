/** TCP to published ports: a connection to one of the host's ports goes on to one of the unikernel's. */
import { type Clock, type Millis, sleep } from '@mirage/clock'
import type { Source } from '@mirage/console/logs'
import type { Flow } from '@mirage/flow'
import type { Tcp, TcpFlow } from '@mirage/tcp'
import type { Counters } from './counters.ts'
import type { Flows } from './flows.ts'
import { type Guest, upWithin } from './guest.ts'

/**
 * A unikernel that boots is waited for: whoever started it and opened the page at once sees the page a little
 * later. Once the port has taken a connection it is known to be there, and a refusal is passed on.
 */
export const PATIENCE: Millis = 10_000
/** Between attempts: doubled from the first to the last. */
const RETRY_FIRST: Millis = 5
const RETRY_MAX: Millis = 250

interface Needs {
  readonly tcp: Tcp
  readonly guest: Guest
  readonly flows: Flows
  readonly clock: Clock
  readonly counters: Counters
  readonly log: Source
}

export class TcpIn {
  readonly #needs: Needs
  readonly #port: number
  /** The unikernel has taken a connection on this port. */
  #isServed = false

  constructor(needs: Needs, port: number) {
    this.#needs = needs
    this.#port = port
  }

  /** Carries `outer` to the unikernel, or aborts it if that does not want it or does not come up. */
  async input(outer: Flow): Promise<void> {
    const { flows, counters, log } = this.#needs
    if (!flows.reserve(outer)) {
      counters.tcpInRefused += 1
      return outer.abort()
    }
    const inner = await this.#connect()
    if (inner === undefined) {
      counters.tcpInFailed += 1
      log.info(() => `port ${this.#port} of the unikernel takes no connection`)
      flows.release(outer)
      return outer.abort()
    }
    this.#isServed = true
    counters.tcpIn += 1
    await flows.join(inner, outer)
  }

  async #connect(): Promise<TcpFlow | undefined> {
    const { tcp, guest, clock } = this.#needs
    const deadline = clock.now() + PATIENCE
    for (let wait = RETRY_FIRST; ; wait = Math.min(RETRY_MAX, wait * 2)) {
      const address = await upWithin(guest, clock, deadline - clock.now())
      if (address === undefined) return undefined
      const flow = await tcp.connect({ address, port: this.#port })
      if (flow.ok) return flow.value
      if (this.#isServed || clock.now() + wait >= deadline) return undefined
      await sleep(clock, wait)
    }
  }
}
