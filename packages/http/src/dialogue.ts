/** A client for tests: what it sends and what it has received, as text, over a pipe and on a manual clock. */
import type { Flow } from '@mirage/flow'
import { pipe } from '@mirage/flow/pipe'
import { type ManualClock, manual } from '@mirage/clock/manual'
import type { Handler } from './handler.ts'
import * as latin1 from './latin1.ts'
import { LentFlow } from './lent-flow.ts'
import type { Limits } from './limits.ts'
import { Server } from './server.ts'

/** Turns of the queue of promises after which nothing that waits for a promise alone still waits. */
const TURNS = 300

/** 1994-11-06 08:49:37, the date of RFC 9110's examples. */
export const EPOCH_MS = 784111777000
/** How HTTP writes it. */
export const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'

/** One connection; several may be to one server. */
export class Dialogue {
  readonly clock: ManualClock
  readonly server: Server
  readonly flow: Flow
  /** The server's end. */
  readonly lent: LentFlow
  /** What the server has sent, so far as it was taken. */
  received = ''
  /** How the server's direction ended. */
  ended: 'eof' | 'reset' | 'timed-out' | undefined = undefined

  constructor(
    handler: Handler,
    limits: Partial<Limits> = {},
    shared?: { clock: ManualClock; server: Server },
  ) {
    this.clock = shared?.clock ?? manual(EPOCH_MS)
    this.server = shared?.server ?? new Server({ clock: this.clock, handler, limits })
    const [client, end] = pipe()
    this.flow = client
    this.lent = new LentFlow(end)
    this.server.accept(this.lent)
    void this.take()
  }

  /** Sends `text` at once and lets the server do what it can without time passing. */
  async send(text: string): Promise<void> {
    void this.flow.write(latin1.encode(text))
    await settle()
  }

  /** Sends `text` in pieces that end at each of `cuts`. */
  async sendCut(text: string, cuts: readonly number[]): Promise<void> {
    let from = 0
    for (const to of [...cuts, text.length]) {
      await this.flow.write(latin1.encode(text.slice(from, to)))
      from = to
      await settle(30)
    }
    await settle()
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms)
    await settle()
  }

  /** The status codes received, in order; bodies must not contain a status line. */
  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
  }

  private async take(): Promise<void> {
    for (;;) {
      const read = await this.flow.read()
      if (!read.ok || read.value === 'eof') {
        this.ended = read.ok ? 'eof' : read.error
        return
      }
      this.received += latin1.decode(read.value, 0, read.value.length)
    }
  }
}

/** Lets everything that waits for promises alone go on until it waits for something else. */
export async function settle(turns: number = TURNS): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve()
}
