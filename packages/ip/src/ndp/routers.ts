/**
 * The way out of the link: routers, the prefixes that need none, and what routers said of single destinations.
 * RFC 4861 §5, §6.3, §8.3.
 */
import * as ipv6 from '@mirage/address/ipv6'
import type { Millis } from '@mirage/clock'
import type { RouterAdvertisement } from './wire.ts'

/** Routers that are remembered; others are not. */
export const ROUTERS_MAX = 8
/** Prefixes on the link that are remembered; others are not. */
export const PREFIXES_MAX = 32
/** Destinations with a first hop of their own; the one told first is forgotten first. */
export const REDIRECTS_MAX = 64

interface Router {
  readonly address: ipv6.Ipv6
  until: Millis
  /** More is better: RFC 4191. */
  preference: number
}

interface OnLink {
  readonly prefix: ipv6.Cidr
  until: Millis
  /** A person gave it: no router takes it back. */
  isFixed: boolean
}

/** The state. Only the functions of this file change it. */
export interface Routers {
  /** Those that are as good as each other are taken in turns, when one does not answer. */
  readonly list: Router[]
  readonly prefixes: OnLink[]
  /** First hops by destination, as a router has told. */
  readonly redirects: Map<ipv6.Ipv6, ipv6.Ipv6>
}

/** None, and no address is on the link but those of the link itself. */
export function create(): Routers {
  return {
    list: [],
    prefixes: [{ prefix: ipv6.LINK_LOCAL, until: Infinity, isFixed: true }],
    redirects: new Map(),
  }
}

/**
 * A router, until then: RFC 4861 §6.3.4. One whose time is over now is none. One for ever, which a person gave because
 * no router says so of itself, stays what it is.
 */
export function setRouter(
  routers: Routers,
  address: ipv6.Ipv6,
  until: Millis,
  preference: number,
  now: Millis,
): void {
  const known = routers.list.find((router) => router.address === address)
  if (until <= now) return loseRouter(routers, address)
  if (known?.until === Infinity) return
  if (known !== undefined) Object.assign(known, { until, preference })
  else if (routers.list.length < ROUTERS_MAX) routers.list.push({ address, until, preference })
}

/** `address` says that it is no router, or is gone: nothing goes by way of it any more, unless a person said so. */
export function loseRouter(routers: Routers, address: ipv6.Ipv6): void {
  const index = routers.list.findIndex((router) => router.address === address)
  if (routers.list[index]?.until === Infinity) return unanswered(routers, address)
  if (index >= 0) routers.list.splice(index, 1)
  forget(routers, address)
}

/** `address` does not answer: it is the last to be tried again, and no destination's own hop. */
export function unanswered(routers: Routers, address: ipv6.Ipv6): void {
  const index = routers.list.findIndex((router) => router.address === address)
  if (index >= 0) routers.list.push(...routers.list.splice(index, 1))
  forget(routers, address)
}

function forget(routers: Routers, hop: ipv6.Ipv6): void {
  for (const [dst, target] of routers.redirects) if (target === hop) routers.redirects.delete(dst)
}

/** Addresses that begin like `prefix` are neighbours until then. */
export function setPrefix(routers: Routers, prefix: ipv6.Cidr, until: Millis, now: Millis): void {
  // The link-local prefix is not a router's to give or to take: RFC 4861 §6.3.4.
  if (ipv6.isLinkLocal(prefix.address)) return
  const known = find(routers, prefix)
  if (known?.isFixed === true) return
  if (known !== undefined) known.until = until
  else if (until > now && routers.prefixes.length < PREFIXES_MAX)
    routers.prefixes.push({ prefix, until, isFixed: false })
}

/** The same for ever, whatever routers say: a person gave it. */
export function fixPrefix(routers: Routers, prefix: ipv6.Cidr, now: Millis): void {
  setPrefix(routers, prefix, Infinity, now)
  const known = find(routers, prefix)
  if (known !== undefined) known.isFixed = true
}

function find({ prefixes }: Routers, prefix: ipv6.Cidr): OnLink | undefined {
  return prefixes.find(({ prefix: other }) => isSame(other, prefix))
}

function isSame(a: ipv6.Cidr, b: ipv6.Cidr): boolean {
  return a.prefixLength === b.prefixLength && ipv6.contains(a, b.address)
}

/** What a router advertises of itself and of prefixes on the link. */
export function advertised(
  routers: Routers,
  src: ipv6.Ipv6,
  { routerLifetime, preference, prefixes }: RouterAdvertisement,
  now: Millis,
): void {
  setRouter(routers, src, now + routerLifetime * 1000, preference, now)
  for (const { prefix, isOnLink, validLifetime } of prefixes) {
    if (isOnLink) setPrefix(routers, prefix, now + validLifetime * 1000, now)
  }
}

/** `src` says that `target` is the better first hop to `destination`: believed of the present one alone (RFC 4861 §8.1). */
export function redirected(
  routers: Routers,
  src: ipv6.Ipv6,
  destination: ipv6.Ipv6,
  target: ipv6.Ipv6,
  present: ipv6.Ipv6 | undefined,
): boolean {
  if (present !== src || target === src) return false
  routers.redirects.delete(destination)
  if (routers.redirects.size >= REDIRECTS_MAX) {
    const [oldest] = routers.redirects.keys()
    routers.redirects.delete(oldest!)
  }
  routers.redirects.set(destination, target)
  return true
}

/** The neighbour that a packet to `dst`, which is no group, is handed to: RFC 4861 §5.2. */
export function nextHop(
  routers: Routers,
  dst: ipv6.Ipv6,
  mayAnswer: (router: ipv6.Ipv6) => boolean,
  now: Millis,
): ipv6.Ipv6 | undefined {
  const redirect = routers.redirects.get(dst)
  if (redirect !== undefined) return redirect
  for (const { prefix, until } of routers.prefixes) {
    if (until > now && ipv6.contains(prefix, dst)) return dst
  }
  return defaultRouter(routers, mayAnswer, now)
}

/** One that may answer rather than one that is preferred, and of those the best: RFC 4861 §6.3.6, RFC 4191 §3.2. */
export function defaultRouter(
  { list }: Routers,
  mayAnswer: (router: ipv6.Ipv6) => boolean,
  now: Millis,
): ipv6.Ipv6 | undefined {
  let best: Router | undefined
  let bestRank = -Infinity
  for (const router of list) {
    const rank = router.preference + (mayAnswer(router.address) ? 10 : 0)
    if (router.until <= now || rank <= bestRank) continue
    best = router
    bestRank = rank
  }
  return best?.address
}

/** Forgets what routers told, and keeps what a person gave. */
export function dropAdvertised(routers: Routers): void {
  for (const { address, until } of routers.list.slice()) if (until < Infinity) loseRouter(routers, address)
  for (const [i, { prefix, isFixed }] of [...routers.prefixes.entries()].reverse()) {
    if (!isFixed && !ipv6.isLinkLocal(prefix.address)) routers.prefixes.splice(i, 1)
  }
  routers.redirects.clear()
}

/** Forgets what is over, and returns which routers are none any more. */
export function tick(routers: Routers, now: Millis): readonly ipv6.Ipv6[] {
  const lost = routers.list.flatMap(({ address, until }) => (until <= now ? [address] : []))
  for (const address of lost) loseRouter(routers, address)
  for (const [i, { until }] of [...routers.prefixes.entries()].reverse()) {
    if (until <= now) routers.prefixes.splice(i, 1)
  }
  return lost
}

/** When `tick` has something to do. */
export function deadline({ list, prefixes }: Routers): Millis {
  let earliest = Infinity
  for (const { until } of list) earliest = Math.min(earliest, until)
  for (const { until } of prefixes) earliest = Math.min(earliest, until)
  return earliest
}
