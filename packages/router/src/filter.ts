/**
 * What a router lets pass: what belongs to a conversation that it has let begin, and what a rule lets begin one.
 *
 * The first rule that fits decides; where none fits, what comes from outside is denied, and what goes there allowed. One
 * filter serves both families. It never waits, and is told the time.
 */
import { type IpAddress, isIpv4 } from '@mirage/address/ip'
import * as ipv6 from '@mirage/address/ipv6'
import type { Millis } from '@mirage/clock'
import * as endsOf from './ends.ts'
import type { Ends, IpPacket, Key } from './ends.ts'
import { Later } from './later.ts'
import * as quoted from './quoted.ts'
import * as rulesOf from './rules.ts'
import type { Direction, Rule, Verdict } from './rules.ts'
import { LIMITS, type Limits, Session, Sessions } from './sessions.ts'

/** What a filter is told. */
export interface FilterOptions {
  readonly limits?: Limits
  /** Hears of every packet that does not pass. The ends are lent until the call returns; a fragment has none. */
  readonly denied?: (direction: Direction, ends: Readonly<Ends> | undefined, rule: Rule | undefined) => void
}

/** What has been let pass, and what not. */
export interface FilterCounters {
  /** By rule, in their order: packets that it has decided about. */
  readonly rules: readonly number[]
  /** Packets of conversations that had begun. */
  readonly established: number
  /** Packets that no rule is about: allowed, and denied. */
  readonly otherAllowed: number
  readonly otherDenied: number
  /** Packets that are of no conversation and begin none, or of which that cannot be told. */
  readonly stray: number
}

class Conversation extends Session {
  readonly from: Key
  readonly to: Key
  constructor(ends: Ends, direction: Direction, now: Millis) {
    super(ends.protocol, direction === 'in' ? strangerOf(ends.src) : ends.src, now)
    this.from = endsOf.keyOf(ends.src, ends.srcPort)
    this.to = endsOf.keyOf(ends.dst, ends.dstPort)
  }
}

/** Whose limit somebody outside counts for: by IPv6, who has one address has as many as there are in 64 bits (RFC 6177). */
function strangerOf(src: IpAddress): IpAddress {
  return isIpv4(src) ? src : ipv6.network({ address: src, prefixLength: 64 })
}

/** A filter, and the conversations that it has let begin. A router asks it about every packet that crosses the border. */
export class Filter {
  readonly counters: { -readonly [K in keyof FilterCounters]: FilterCounters[K] } & { rules: number[] }
  readonly #rules: readonly Rule[]
  readonly #denied: NonNullable<FilterOptions['denied']>
  readonly #sessions: Sessions<Conversation>
  /** By protocol, by who began it, and by who answers. */
  readonly #known: Map<number, Map<Key, Map<Key, Conversation>>> = new Map()
  readonly #later: Later<IpAddress> = new Later()
  readonly #ends: Ends = endsOf.create()

  constructor(rules: readonly Rule[], { limits = LIMITS, denied = () => {} }: FilterOptions = {}) {
    this.#rules = rules
    this.#denied = denied
    this.counters = {
      rules: rules.map(() => 0),
      established: 0,
      otherAllowed: 0,
      otherDenied: 0,
      stray: 0,
    }
    this.#sessions = new Sessions(limits, (session) => this.#forget(session))
  }

  /** How many conversations it knows. */
  get count(): number {
    return this.#sessions.count
  }

  expire(now: Millis): void {
    this.#sessions.expire(now)
  }

  /** Whether `packet` may pass, which goes in or out. */
  check(packet: IpPacket, direction: Direction, now: Millis): Verdict {
    const endless = endsOf.read(packet, this.#ends)
    if (endless === 'unreadable') return this.#stray(direction)
    if (endless === 'error') return this.#pass(this.#isAboutKnown(packet), direction)
    if (endless === 'other') return this.#decideOther(direction)
    const { fragmentKey } = this.#ends
    if (endless === 'later-fragment')
      return this.#pass(this.#later.find(fragmentKey ?? '', now) !== undefined, direction)
    const verdict = this.#checkEnds(direction, now)
    if (verdict === 'allow' && fragmentKey !== undefined)
      this.#later.learn(fragmentKey, packet.src, packet.dst, now)
    return verdict
  }

  #checkEnds(direction: Direction, now: Millis): Verdict {
    const ends = this.#ends
    const from = endsOf.keyOf(ends.src, ends.srcPort)
    const to = endsOf.keyOf(ends.dst, ends.dstPort)
    const session = this.#find(ends.protocol, from, to) ?? this.#find(ends.protocol, to, from)
    if (session !== undefined) {
      this.counters.established += 1
      this.#sessions.use(session, ends, session.from !== from, now)
      return 'allow'
    }
    // What begins nothing, and was not begun, is of no use to anyone but who probes.
    if (ends.signal !== 'begin') return this.#stray(direction)
    const verdict = this.#decide(direction)
    if (verdict !== 'allow') return verdict
    return this.#begin(direction, now) ? 'allow' : this.#stray(direction)
  }

  #decide(direction: Direction): Verdict {
    const index = this.#rules.findIndex((rule) => rulesOf.fits(rule, direction, this.#ends))
    const rule = this.#rules[index]
    const verdict = rule?.verdict ?? (direction === 'out' ? 'allow' : 'deny')
    if (rule !== undefined) this.counters.rules[index]! += 1
    else if (verdict === 'allow') this.counters.otherAllowed += 1
    else this.counters.otherDenied += 1
    if (verdict !== 'allow') this.#denied(direction, this.#ends, rule)
    return verdict
  }

  /** A protocol without ports has rules, too, but no conversations: both directions need one. */
  #decideOther(direction: Direction): Verdict {
    this.#ends.srcPort = 0
    this.#ends.dstPort = 0
    return this.#decide(direction)
  }

  #pass(mayPass: boolean, direction: Direction): Verdict {
    if (!mayPass) return this.#stray(direction)
    this.counters.established += 1
    return 'allow'
  }

  #stray(direction: Direction): Verdict {
    this.counters.stray += 1
    this.#denied(direction, undefined, undefined)
    return 'deny'
  }

  #begin(direction: Direction, now: Millis): boolean {
    const session = new Conversation(this.#ends, direction, now)
    if (!this.#sessions.add(session, now)) return false
    this.#sessions.use(session, this.#ends, false, now)
    const byFrom = this.#known.get(session.protocol) ?? new Map<Key, Map<Key, Conversation>>()
    const byTo = byFrom.get(session.from) ?? new Map<Key, Conversation>()
    this.#known.set(session.protocol, byFrom)
    byFrom.set(session.from, byTo)
    byTo.set(session.to, session)
    return true
  }

  #find(protocol: number, from: Key, to: Key): Conversation | undefined {
    return this.#known.get(protocol)?.get(from)?.get(to)
  }

  #forget({ protocol, from, to }: Conversation): void {
    const byFrom = this.#known.get(protocol)
    const byTo = byFrom?.get(from)
    byTo?.delete(to)
    if (byTo?.size === 0) byFrom?.delete(from)
  }

  /** Whether an error quotes a packet of a conversation that goes on. */
  #isAboutKnown(packet: IpPacket): boolean {
    const ends = this.#ends
    if (!quoted.read(packet, ends)) return false
    const [from, to] = [endsOf.keyOf(ends.src, ends.srcPort), endsOf.keyOf(ends.dst, ends.dstPort)]
    return (this.#find(ends.protocol, from, to) ?? this.#find(ends.protocol, to, from)) !== undefined
  }
}
