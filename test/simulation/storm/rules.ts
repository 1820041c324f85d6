/**
 * What the hosts of a storm may hold at a time: no more connections than conversations that go on, or have just ended, and
 * no more bytes than these have to say, with something for each piece that came before its turn, and in whole chunks.
 */
import type { Millis } from '@mirage/clock'
import type { Conversation } from './plan.ts'

/**
 * Once one end of a conversation has ended, and will neither write nor read, no connection is left of it after so long: it
 * stalls for 20 s and is cut off for 15 s, is then silent for no more than the 32 s of its keep-alive, waits for 60 s in
 * FIN-WAIT-2 for a peer that does not finish, and for 60 s in TIME-WAIT.
 */
export const ENDED_MAX: Millis = 200_000

/** Runs of text out of order that a connection keeps, and what each counts beside its text. */
const RUNS_MAX = 128
const RUN_SIZE = 512

/** Of the chunks that hold what is sent, the ends of the first and of the last may hold nothing. */
function unusedIn(size: number): number {
  return 2 * (size < 65_536 ? 4096 : 65_536)
}

/** The first bytes of a conversation are its number. */
export const NUMBER_SIZE = 4

/** What a host holds, or may. */
export interface Holding {
  readonly connections: number
  /** Bytes that wait in them. */
  readonly memory: number
  /** Bytes of fragments. */
  readonly fragments: number
}

interface Entry {
  readonly hosts: readonly [client: number, server: number]
  /** Bytes of both directions. */
  readonly size: number
  /** No connection is left of it from then on. */
  goneAt: Millis
}

/** The conversations that have begun. */
export class Rules {
  readonly #entries: Map<number, Entry> = new Map()

  /** A conversation begins. */
  begun(number: number, { client, server, parts }: Conversation): void {
    const size = NUMBER_SIZE + parts[0].length + parts[1].length
    this.#entries.set(number, { hosts: [client, server], size, goneAt: Infinity })
  }

  /** One end of it is done with it, at `now`. */
  ended(number: number, now: Millis): void {
    const entry = this.#entries.get(number)
    if (entry !== undefined) entry.goneAt = Math.min(entry.goneAt, now + ENDED_MAX)
  }

  /** The most that `host` may hold at `now`. */
  allowance(host: number, now: Millis): Holding {
    let connections = 0
    let memory = 0
    for (const { hosts, size, goneAt } of this.#entries.values()) {
      if (now > goneAt || !hosts.includes(host)) continue
      connections++
      memory += size + Math.min(RUNS_MAX, size) * RUN_SIZE + unusedIn(size)
    }
    return { connections, memory, fragments: FRAGMENTS_MAX }
  }
}

/** The `fragmentCacheSize` of both families, where nothing is said. */
const FRAGMENTS_MAX = 2 * 262_144
