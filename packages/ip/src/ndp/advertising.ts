/**
 * What a router says of itself, and when: RFC 4861 §6.2.
 *
 *      three times at first ──▶ every 200 s to 10 min, and soon after somebody asks ──▶ at the end, that it is none
 *
 * Time and chances are arguments, the next time to say it is data.
 */
import * as ipv6 from '@mirage/address/ipv6'
import type { Mac } from '@mirage/address/mac'
import type { Millis } from '@mirage/clock'
import type { Own } from './addresses.ts'
import { NAME_SERVERS_MAX } from './name-servers.ts'
import type { Prefix, RouterAdvertisement } from './wire.ts'

/** What a router is told to say; the rest it knows. */
export interface Advertised {
  /** For how long hosts may send by way of it, in seconds up to 9,000; 0: it is no way out of the link. */
  readonly lifetime: number
  /** Name servers that hosts may ask: RFC 8106. */
  readonly dnsServers?: readonly ipv6.Ipv6[]
}

/** How long hosts may use a router, in seconds, if nothing else is known: three of the longest intervals. */
export const LIFETIME = 1800
/** How long an address of a prefix may be used, and begin conversations, in seconds: 30 days, and 7. */
export const VALID_LIFETIME = 2_592_000
/** See `VALID_LIFETIME`. */
export const PREFERRED_LIFETIME = 604_800

/** RFC 4861 §6.2.1, §10. */
const INTERVAL_MIN: Millis = 198_000
const INTERVAL_MAX: Millis = 600_000
const INITIAL_INTERVAL_MAX: Millis = 16_000
const INITIAL_COUNT = 3
/** Between two of them, whoever asks. */
export const DELAY_MIN: Millis = 3000
const RESPONSE_DELAY_MAX: Millis = 500

/** The state. */
export interface Advertising {
  /** Whether this is a router's interface. */
  isRouter: boolean
  /** Nothing: it does not show itself. */
  advertised: Advertised | undefined
  /** Name servers that it told of before, and that are to be asked no longer. */
  withdrawn: readonly Withdrawn[]
  /** When the next is due. */
  deadline: Millis
  initialLeft: number
  lastAt: Millis
}

/** A name server that hosts may still know of. */
interface Withdrawn {
  readonly address: ipv6.Ipv6
  /** When those have forgotten it that heard of it last: from then on it is another router's to tell of. */
  readonly until: Millis
}

/** That of an interface that is no router's. */
export function create(): Advertising {
  return {
    isRouter: false,
    advertised: undefined,
    withdrawn: [],
    deadline: Infinity,
    initialLeft: 0,
    lastAt: -Infinity,
  }
}

/** The interface is a router's, and says something else from now on, if that is told. `chance` is 0 to 1. */
export function start(
  advertising: Advertising,
  advertised: Advertised | undefined,
  now: Millis,
  chance: number,
): void {
  advertising.isRouter = true
  if (advertised === undefined) return
  advertising.withdrawn = withdrawn(advertising, advertised, now)
  advertising.advertised = advertised
  advertising.initialLeft = INITIAL_COUNT
  hasten(advertising, now, chance)
}

/** Those told of before that are not told of now. */
function withdrawn(
  { advertised: before, withdrawn: earlier }: Advertising,
  { dnsServers = [] }: Advertised,
  now: Millis,
): readonly Withdrawn[] {
  const told = before?.dnsServers ?? []
  const until = now + (before?.lifetime ?? 0) * 1000
  const all = remembered([...told.map((address) => ({ address, until })), ...earlier], now)
  return all.filter(({ address }) => !dnsServers.includes(address)).slice(0, NAME_SERVERS_MAX)
}

function remembered(servers: readonly Withdrawn[], now: Millis): readonly Withdrawn[] {
  return servers.filter(({ until }) => now < until)
}

/** Somebody asks, or there is something new to say: what is due comes soon, if anything is. `chance` is 0 to 1. */
export function hasten(advertising: Advertising, now: Millis, chance: number): void {
  if (advertising.advertised === undefined) return
  const earliest = Math.max(now, advertising.lastAt + DELAY_MIN)
  advertising.deadline = Math.min(advertising.deadline, earliest + chance * RESPONSE_DELAY_MAX)
}

/** What is due to be said, by who has an address to say it from; the next is due later. `chance` is 0 to 1. */
export function tick(
  advertising: Advertising,
  canSend: boolean,
  now: Millis,
  chance: number,
): Advertised | undefined {
  if (now < advertising.deadline) return undefined
  // Somebody hastens when there is an address.
  advertising.deadline = Infinity
  if (!canSend) return undefined
  if (advertising.initialLeft > 0) advertising.initialLeft -= 1
  const interval = INTERVAL_MIN + chance * (INTERVAL_MAX - INTERVAL_MIN)
  const isInitial = advertising.initialLeft > 0
  advertising.lastAt = now
  advertising.withdrawn = remembered(advertising.withdrawn, now)
  advertising.deadline = now + (isInitial ? Math.min(interval, INITIAL_INTERVAL_MAX) : interval)
  return advertising.advertised
}

/** What is said: of the networks of the addresses that a person gave, hosts may make addresses; `former` servers are none. */
export function message(
  { lifetime, dnsServers = [] }: Advertised,
  former: readonly Withdrawn[],
  own: readonly Own[],
  mac: Mac,
  mtu: number,
): RouterAdvertisement {
  return {
    kind: 'router-advertisement',
    hopLimit: HOP_LIMIT,
    routerLifetime: lifetime,
    preference: 0,
    reachableTime: 0,
    retransTimer: 0,
    mac,
    mtu,
    prefixes: own.filter(isAdvertised).map(prefixOf),
    dnsServers: [
      // They may be asked for as long as the router may be used: RFC 8106 §5.1 wants no less.
      ...dnsServers.map((address) => ({ address, lifetime })),
      ...former.map(({ address }) => ({ address, lifetime: 0 })),
    ],
  }
}

/** Of packets that leave the link: that of hosts that nobody told. */
const HOP_LIMIT = 64

function isAdvertised({ address, prefixLength, origin, isTentative }: Own): boolean {
  return origin === 'manual' && !isTentative && prefixLength < 128 && !ipv6.isLinkLocal(address)
}

function prefixOf({ address, prefixLength }: Own): Prefix {
  return {
    prefix: { address: ipv6.network({ address, prefixLength }), prefixLength },
    isOnLink: true,
    // RFC 4862 §5.5.3 d: the other half of an address is of 64 bits.
    isAutonomous: prefixLength === 64,
    validLifetime: VALID_LIFETIME,
    preferredLifetime: PREFERRED_LIFETIME,
  }
}
