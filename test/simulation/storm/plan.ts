/** What happens in a storm: drawn from its seed before it begins, so that a run is its plan and nothing else. */
import type { Millis } from '@mirage/clock'
import { stream } from '@mirage/simulation/stream'
import type { Faults } from '@mirage/vnetif/faults'
import { Draw } from './draw.ts'

/** How one end of a conversation ends its part. */
export type Ending =
  /** Says that it has written all, and reads to the end. */
  | 'shutdown'
  /** Ends both directions once it has written all. */
  | 'close'
  /** Aborts after half of what it had to write. */
  | 'abort'

/** What one end of a conversation does. */
export interface Part {
  /** Bytes to write, in pieces of up to `pieceMax`. */
  readonly length: number
  readonly pieceMax: number
  /** Between a piece and the next. */
  readonly pause: Millis
  /** How long it reads nothing once it has read half of what is for it. */
  readonly stall: Millis
  readonly ending: Ending
}

/** A connection, and what its two ends do. */
export interface Conversation {
  readonly kind: 'conversation'
  readonly at: Millis
  readonly client: number
  readonly server: number
  readonly isIpv6: boolean
  readonly parts: readonly [client: Part, server: Part]
}

/** Something that happens once. */
export type Event =
  | Conversation
  | {
      readonly kind: 'datagrams' | 'pings'
      readonly at: Millis
      readonly from: number
      readonly to: number
      readonly isIpv6: boolean
      readonly sizes: readonly number[]
    }
  /** A host is off for a while, and forgets everything. */
  | { readonly kind: 'restart'; readonly at: Millis; readonly host: number; readonly duration: Millis }
  /** The hosts of one switch are divided; who is not in the set is in the other. */
  | {
      readonly kind: 'partition'
      readonly at: Millis
      readonly set: readonly number[]
      readonly duration: Millis
    }
  /** A host's link becomes another. */
  | { readonly kind: 'faults'; readonly at: Millis; readonly host: number; readonly faults: Faults }

/** A storm. */
export interface Plan {
  readonly seed: number
  /** For each switch the MTU of its devices. */
  readonly mtus: readonly number[]
  /** For each switch but the first the one that it is joined to. */
  readonly uplinks: readonly number[]
  /** Switches are networks of their own, joined by one router; else they are one network, joined by cables. */
  readonly isRouted: boolean
  /** For each host its switch. */
  readonly hosts: readonly number[]
  /** What the links of the hosts are like in the beginning. */
  readonly faults: readonly Faults[]
  readonly events: readonly Event[]
  /** From here on every link is good and everybody is there. */
  readonly calm: Millis
}

const DURATION: Millis = 30_000
/** The longest that a host is off or cut off. */
const OUTAGE_MAX: Millis = 15_000

/** The storm of `seed`: two to six hosts on one to three switches, half a minute, and some thirty events. */
export function storm(seed: number): Plan {
  const draw = new Draw(stream(seed, 'storm'))
  const uplinks = draw.many(draw.one(0, 0, 1, 2), (index) => draw.between(0, index))
  const hosts = draw.many(draw.between(2, 6), () => draw.between(0, uplinks.length))
  const isHarsh = draw.happens(60)
  const isRouted = uplinks.length > 0 && draw.happens(60)
  const mtu = draw.one(1500, 1500, 1500, 576, 9000)
  const mtus = [0, ...uplinks].map(() => (isRouted ? draw.one(1500, 1500, 576, 1400, 9000) : mtu))
  // RFC 8200 §5: a link of IPv6 carries 1280 bytes.
  const hasIpv6 = mtus.every((each) => each >= 1280)
  const events = [
    ...draw.many(draw.between(3, 16), () => conversation(draw, hosts.length, isHarsh, hasIpv6)),
    ...draw.many(draw.between(0, 6), () => messages(draw, hosts.length, hasIpv6)),
    ...draw.many(draw.between(0, 6), () => newFaults(draw, hosts.length)),
    ...(isHarsh ? draw.many(draw.between(1, 3), () => outage(draw, hosts)) : []),
  ]
  return {
    seed,
    mtus,
    uplinks,
    isRouted,
    hosts,
    faults: hosts.map(() => faults(draw)),
    events: events.sort((a, b) => a.at - b.at),
    calm: DURATION + OUTAGE_MAX,
  }
}

function time(draw: Draw): Millis {
  return draw.between(0, DURATION)
}

function pairOf(draw: Draw, count: number): [number, number] {
  const first = draw.between(0, count - 1)
  return [first, (first + draw.between(1, count - 1)) % count]
}

function conversation(draw: Draw, count: number, isHarsh: boolean, hasIpv6: boolean): Conversation {
  const isIpv6 = hasIpv6 && draw.happens(50)
  const [client, server] = pairOf(draw, count)
  const parts = [part(draw, isHarsh), part(draw, isHarsh)] as const
  return { kind: 'conversation', at: time(draw), client, server, isIpv6, parts }
}

function part(draw: Draw, isHarsh: boolean): Part {
  return {
    length: draw.one(0, 1, draw.between(0, 3000), draw.between(0, 50_000), draw.between(0, 300_000)),
    pieceMax: draw.one(1_000_000, 65_536, 1460, 1461, draw.between(50, 5000)),
    pause: draw.one(0, 0, 0, 1, 10),
    stall: draw.one(0, 0, 0, 100, 3000, 20_000),
    ending: isHarsh
      ? draw.one('shutdown', 'shutdown', 'close', 'abort')
      : draw.one('shutdown', 'shutdown', 'shutdown', 'close'),
  }
}

function messages(draw: Draw, count: number, hasIpv6: boolean): Event {
  const isIpv6 = hasIpv6 && draw.happens(50)
  const [from, to] = pairOf(draw, count)
  const sizes = draw.many(draw.between(1, 10), () =>
    draw.one(0, draw.between(0, 100), draw.between(0, 1400), draw.between(0, 8000)),
  )
  return { kind: draw.one('datagrams', 'pings'), at: time(draw), from, to, isIpv6, sizes }
}

function newFaults(draw: Draw, count: number): Event {
  return { kind: 'faults', at: time(draw), host: draw.between(0, count - 1), faults: faults(draw) }
}

function outage(draw: Draw, hosts: readonly number[]): Event {
  const [at, duration] = [time(draw), draw.between(1, OUTAGE_MAX)]
  if (draw.happens(50)) return { kind: 'restart', at, host: draw.between(0, hosts.length - 1), duration }
  return { kind: 'partition', at, duration, set: hosts.map((_, host) => host).filter(() => draw.happens(50)) }
}

/** A link that is bad in some ways, and never so bad that a connection may be given up. */
function faults(draw: Draw): Faults {
  if (draw.happens(30)) return {}
  return {
    loss: draw.one(0, 0, 0.001, 0.01, 0.05),
    duplicate: draw.one(0, 0, 0.02, 0.3),
    reorder: draw.one(0, 0, 0.05, 0.5),
    reorderBy: draw.one(0.1, 5, 50),
    latency: draw.one(0, 1, 20, 200),
    jitter: draw.one(0, 0, 1, 20),
    corrupt: draw.one(0, 0, 0, 0.001, 0.01),
    bandwidth: draw.one(1e12, 1e12, 1e9, 1e7),
    backlog: draw.one(10, 100),
    trailing: draw.one(0, 0, 10),
  }
}
