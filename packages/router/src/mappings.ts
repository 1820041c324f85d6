/** Which port of the outside address stands for which port of which host: RFC 4787 §4. */
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Millis } from '@mirage/clock'
import { ICMP, TCP, UDP } from '@mirage/ip'
import { type Random, below } from '@mirage/random'
import { keyOf } from './ends.ts'
import { Session } from './sessions.ts'

/** The first port that stands for a host inside: below are those of services. RFC 4787 REQ-3. */
const PORT_MIN = 1024
/**
 * From here on ports stand for no host unless one is forwarded: a stack that shares the outside address has them for
 * what it begins itself. Its datagrams are from no other port unless told (RFC 6335 §6); its `tcp.localPortMin` is to be
 * set to this. What it listens to is to be outside of the hosts' range, too.
 */
export const OWN_PORT_MIN = 49_152
/** Draws of a random port before it is looked for one by one. */
const DRAWS = 16

/** One port, and the conversations that it is of. */
export interface Mapping {
  readonly protocol: number
  readonly inside: Ipv4
  readonly insidePort: number
  /** Of the outside address. */
  readonly port: number
  /** By the key of the remote end; and how many sessions there are with each address. */
  readonly sessions: Map<number, NatSession>
  readonly remotes: Map<Ipv4, number>
  /** A person forwards the port: it never ends. */
  readonly isFixed: boolean
  /** Other ports that are forwarded to the same port of the host. */
  readonly others: Mapping[]
}

/** A conversation of a host inside with somebody outside. */
export class NatSession extends Session {
  readonly mapping: Mapping
  readonly remote: Ipv4
  readonly remotePort: number

  constructor(mapping: Mapping, remote: Ipv4, remotePort: number, beganBy: Ipv4, now: Millis) {
    super(mapping.protocol, beganBy, now)
    this.mapping = mapping
    this.remote = remote
    this.remotePort = remotePort
  }
}

interface Table {
  readonly byInside: Map<number, Mapping>
  readonly byPort: Map<number, Mapping>
}

/** All mappings of a translator. There is one for as long as it has sessions; whoever ends one says so by `drop`. */
export class Mappings {
  readonly #random: Random
  readonly #tables: ReadonlyMap<number, Table> = new Map(
    [ICMP, TCP, UDP].map((protocol) => [protocol, { byInside: new Map(), byPort: new Map() }]),
  )

  constructor(random: Random) {
    this.#random = random
  }

  /** What `port` of the outside address stands for. */
  ofPort(protocol: number, port: number): Mapping | undefined {
    return this.#tables.get(protocol)?.byPort.get(port)
  }

  /** What stands for `port` of the host `inside` in its conversation with the end whose key is `remote`. */
  ofHost(protocol: number, inside: Ipv4, port: number, remote: number): Mapping | undefined {
    const mapping = this.#tables.get(protocol)?.byInside.get(keyOf(inside, port))
    return mapping?.others.find(({ sessions }) => sessions.has(remote)) ?? mapping
  }

  /** Has some port stand for `port` of the host `inside`, for which none does, if one is free. */
  add(protocol: number, inside: Ipv4, port: number): Mapping | undefined {
    const free = this.#freePort(protocol, port)
    if (free === undefined) return undefined
    const mapping = create(protocol, inside, port, free, false)
    this.keep(mapping)
    return mapping
  }

  /** Has `port` stand for `insidePort` of the host `inside` for ever. Of two for the same port the first counts. */
  fix(protocol: number, inside: Ipv4, insidePort: number, port: number): void {
    const { byInside, byPort } = this.#tables.get(protocol)!
    if (byPort.has(port)) return
    const mapping = create(protocol, inside, insidePort, port, true)
    const first = byInside.get(keyOf(inside, insidePort))
    if (first === undefined) this.keep(mapping)
    else {
      first.others.push(mapping)
      byPort.set(port, mapping)
    }
  }

  /** Remembers a mapping that has a session, whether or not it was dropped before. */
  keep(mapping: Mapping): void {
    const { byInside, byPort } = this.#tables.get(mapping.protocol)!
    byInside.set(keyOf(mapping.inside, mapping.insidePort), mapping)
    byPort.set(mapping.port, mapping)
  }

  /** Forgets a mapping that has no sessions left. */
  drop({ protocol, inside, insidePort, port, sessions, isFixed }: Mapping): void {
    if (isFixed || sessions.size > 0) return
    const { byInside, byPort } = this.#tables.get(protocol)!
    byInside.delete(keyOf(inside, insidePort))
    byPort.delete(port)
  }

  /** The port that the host itself uses, if it is free and of the hosts' range; else a random one as odd or even: RFC 4787 REQ-3, REQ-4. */
  #freePort(protocol: number, wish: number): number | undefined {
    const taken = this.#tables.get(protocol)!.byPort
    const [least, end] = protocol === ICMP ? [0, 0x1_0000] : [PORT_MIN, OWN_PORT_MIN]
    if (!taken.has(wish) && wish >= least && wish < end) return wish
    const pairs = (end - least) / 2
    let drawn = 0
    for (let draws = 0; draws < DRAWS; draws++) {
      drawn = least + 2 * below(this.#random, pairs) + (wish & 1)
      if (!taken.has(drawn)) return drawn
    }
    for (let step = 1; step < 2 * pairs; step++) {
      const port = least + ((drawn - least + step) % (2 * pairs))
      if (!taken.has(port)) return port
    }
    return undefined
  }
}

function create(protocol: number, inside: Ipv4, insidePort: number, port: number, isFixed: boolean): Mapping {
  const of = { protocol, inside, insidePort, port, isFixed }
  return { ...of, sessions: new Map(), remotes: new Map(), others: [] }
}
