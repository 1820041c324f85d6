/**
 * Which probes to send, and what their answers say about the way: a trace, without a network or a clock.
 *
 * A probe is a datagram that lives for some hops. The router where its life ends reports so, and the destination that
 * nobody listens to its port; the port that it went to, which the report quotes, tells which probe it was.
 */
import type { Millis } from '@mirage/clock'

/** The first destination port, which hardly anybody listens to; each probe has the next. */
export const PORT_FIRST = 33_434

export interface Settings {
  /** The longest way. */
  readonly hops: number
  /** Probes for each hop. */
  readonly probes: number
  /** Probes on their way at once. */
  readonly window: number
  /** How long an answer may take. */
  readonly wait: Millis
}

/** What an answer says. */
export type Kind =
  | 'time-exceeded'
  | 'arrived'
  | 'port-unreachable'
  | 'host-unreachable'
  | 'net-unreachable'
  | 'protocol-unreachable'
  | 'prohibited'
  | 'too-big'
  | 'other'

/** Where the way ends: behind each, what is shown after the time. */
const MARKS: Readonly<Record<Kind, string>> = {
  'time-exceeded': '',
  arrived: '',
  'port-unreachable': '',
  'host-unreachable': ' !H',
  'net-unreachable': ' !N',
  'protocol-unreachable': ' !P',
  prohibited: ' !X',
  'too-big': ' !F',
  other: ' !',
}

interface Answer {
  readonly from: string
  readonly elapsed: Millis
  readonly kind: Kind
}

interface Probe {
  readonly ttl: number
  readonly sentAt: Millis
  /** `lost` when it took too long. */
  answer: Answer | 'lost' | undefined
}

/** A probe to send: its place in the trace, and how many hops it lives. */
export interface Send {
  readonly index: number
  readonly ttl: number
}

export class Trace {
  readonly #settings: Settings
  readonly #probes: Probe[] = []
  /** The hop where the way ends, as far as is known. */
  #last: number
  #shown = 0

  constructor(settings: Settings) {
    this.#settings = settings
    this.#last = settings.hops
  }

  /** The probes to send at `now`: as many as there is room for. Those that are late are given up first. */
  send(now: Millis): readonly Send[] {
    const { probes, window, wait } = this.#settings
    let onTheWay = 0
    for (const probe of this.#probes) {
      if (probe.answer === undefined && now - probe.sentAt >= wait) probe.answer = 'lost'
      if (probe.answer === undefined) onTheWay += 1
    }
    const sends: Send[] = []
    while (onTheWay < window && this.#probes.length < this.#last * probes) {
      const index = this.#probes.length
      const ttl = 1 + Math.floor(index / probes)
      this.#probes.push({ ttl, sentAt: now, answer: undefined })
      sends.push({ index, ttl })
      onTheWay += 1
    }
    return sends
  }

  /** Somebody answered the probe `index`. One that is not on its way is not looked at. */
  answer(index: number, from: string, kind: Kind, now: Millis): void {
    const probe = this.#probes[index]
    if (probe === undefined || probe.answer !== undefined) return
    probe.answer = { from, kind, elapsed: now - probe.sentAt }
    // Only where a life ends, and it was not longer, the way goes on.
    if (kind !== 'time-exceeded') this.#last = Math.min(this.#last, probe.ttl)
  }

  /** When the next probe is given up; nothing if none is on its way. */
  get deadline(): Millis | undefined {
    const next = this.#probes.find((probe) => probe.answer === undefined)
    return next === undefined ? undefined : next.sentAt + this.#settings.wait
  }

  /** The hops that are complete and were not shown: one line each. */
  lines(): readonly string[] {
    const { probes } = this.#settings
    const lines: string[] = []
    while (this.#shown < this.#last) {
      const hop = this.#probes.slice(this.#shown * probes, (this.#shown + 1) * probes)
      if (hop.length < probes || hop.some((probe) => probe.answer === undefined)) break
      this.#shown += 1
      lines.push(line(this.#shown, hop))
    }
    return lines
  }

  get isOver(): boolean {
    return this.#shown >= this.#last
  }

  /** Whether the destination has answered, or somebody for it. */
  get isEnded(): boolean {
    return this.#probes.some(({ answer }) => typeof answer === 'object' && answer.kind !== 'time-exceeded')
  }
}

/** A hop: who answered, where it changes, and how long each took. */
function line(hop: number, probes: readonly Probe[]): string {
  let from = ''
  const parts = probes.map(({ answer }) => {
    if (answer === 'lost' || answer === undefined) return '*'
    const who = answer.from === from ? '' : `${answer.from}  `
    from = answer.from
    return `${who}${answer.elapsed.toFixed(3)} ms${MARKS[answer.kind]}`
  })
  return `${String(hop).padStart(2)}  ${parts.join('  ')}`
}
