/**
 * Neighbour discovery for one interface, of a host or of a router: RFC 4861, RFC 4862.
 *
 * The parts, each in its own file, are put together here: an event goes in, with the time and a random number,
 * and what is to be sent and told comes out. Nothing waits; `deadline` says when `tick` has something to do.
 *
 * Not here: routers that redirect, and proxies.
 */
import * as ipv6 from '@mirage/address/ipv6'
import type { Mac } from '@mirage/address/mac'
import type { Millis } from '@mirage/clock'
import { MTU_MIN } from '../ipv6/wire.ts'
import * as addresses from './addresses.ts'
import * as advertising from './advertising.ts'
import * as autoconfiguration from './autoconfiguration.ts'
import * as nameServers from './name-servers.ts'
import * as neighbours from './neighbours.ts'
import * as routers from './routers.ts'
import * as solicitation from './solicitation.ts'
import type { Message, NeighbourAdvertisement, RouterAdvertisement, Travel } from './wire.ts'

/** How long an answer proves that a neighbour is there, about: RFC 4861 §10. */
export const REACHABLE_TIME: Millis = 30_000
/** Between two solicitations: RFC 4861 §10. */
export const RETRANS_TIMER: Millis = 1000
/** What routers may ask of us: a day, and a second between solicitations at most a minute. */
const REACHABLE_TIME_MAX: Millis = 86_400_000
const RETRANS_TIMER_MAX: Millis = 60_000

/** What a host is like. */
export interface Options extends autoconfiguration.Maker {
  readonly mac: Mac
  /** The most bytes of a packet that the link carries. */
  readonly mtu: number
  /** Whether routers are asked for and believed. */
  readonly acceptsRouters: boolean
}

/** The state. Only the functions of this file change it. */
export interface Ndp {
  readonly options: Options
  readonly addresses: addresses.Addresses
  readonly neighbours: neighbours.Cache
  readonly routers: routers.Routers
  readonly advertising: advertising.Advertising
  solicitation: solicitation.Solicitation
  /** Of packets that we send, as a router says, or 64. */
  hopLimit: number
  /** The most bytes of a packet on this link, as a router says. */
  mtu: number
  readonly nameServers: nameServers.NameServers
}

/** What an event leads to. */
export type Action =
  /** To the MAC address `to`; if there is none, as any packet to `dst`. */
  | {
      readonly kind: 'send'
      readonly src: ipv6.Ipv6
      readonly dst: ipv6.Ipv6
      readonly to?: Mac
      readonly message: Message
    }
  | { readonly kind: 'resolved'; readonly ip: ipv6.Ipv6; readonly mac: Mac }
  | { readonly kind: 'unresolved'; readonly ip: ipv6.Ipv6 }
  | { readonly kind: 'assigned' | 'duplicate' | 'expired'; readonly own: addresses.Own }
  /**
   * A router advertised something, is none any more, or told of a name server whose time is over: there is more than
   * before, or less.
   */
  | { readonly kind: 'router'; readonly address: ipv6.Ipv6 }
  /** Somebody else answers for an address that is ours. */
  | { readonly kind: 'conflict'; readonly address: ipv6.Ipv6; readonly mac: Mac | undefined }

const HOP_LIMIT = 64

/** A host that has no address. */
export function create(options: Options): Ndp {
  return {
    options,
    addresses: addresses.create(),
    neighbours: neighbours.create(REACHABLE_TIME, RETRANS_TIMER),
    routers: routers.create(),
    advertising: advertising.create(),
    solicitation: solicitation.idle(),
    hopLimit: HOP_LIMIT,
    mtu: options.mtu,
    nameServers: nameServers.create(),
  }
}

/** The interface is up: it makes itself a link-local address and looks for routers. `chance` is 0 to 1. */
export function start(ndp: Ndp, now: Millis, chance: number): void {
  const probeAt = now + chance * solicitation.DELAY_MAX
  const lifetimes = { preferredUntil: Infinity, validUntil: Infinity }
  const first = { prefix: ipv6.LINK_LOCAL.address, origin: 'link-local', ...lifetimes } as const
  autoconfiguration.add(ndp.addresses, ndp.options, first, probeAt)
  if (ndp.options.acceptsRouters) ndp.solicitation = solicitation.start(now, chance)
}

/** Gives the interface an address, whose network is on the link; asked for at `probeAt`. False: there is no room. */
export function assign(
  ndp: Ndp,
  { address, prefixLength }: ipv6.Cidr,
  probeAt: Millis,
  now: Millis,
): boolean {
  const lifetimes = { preferredUntil: Infinity, validUntil: Infinity }
  if (!addresses.add(ndp.addresses, { address, prefixLength, origin: 'manual', ...lifetimes }, probeAt))
    return false
  routers.fixPrefix(ndp.routers, { address, prefixLength }, now)
  return true
}

/** Makes `address` a way out of the link for ever. */
export function setGateway(ndp: Ndp, address: ipv6.Ipv6, now: Millis): void {
  routers.setRouter(ndp.routers, address, Infinity, 1, now)
  ndp.neighbours.version += 1
}

/**
 * The interface is a router's: it says so, and neither believes other routers from now on nor what they have told. It shows
 * itself if there is something to be `advertised`, now or before. `chance` is 0 to 1.
 */
export function becomeRouter(
  ndp: Ndp,
  advertised: advertising.Advertised | undefined,
  now: Millis,
  chance: number,
): void {
  ndp.solicitation = solicitation.idle()
  addresses.dropAdvertised(ndp.addresses)
  routers.dropAdvertised(ndp.routers)
  Object.assign(ndp, { hopLimit: HOP_LIMIT, mtu: ndp.options.mtu })
  nameServers.drop(ndp.nameServers)
  Object.assign(ndp.neighbours, { reachableTime: REACHABLE_TIME, retransTimer: RETRANS_TIMER })
  ndp.neighbours.version += 1
  advertising.start(ndp.advertising, advertised, now, chance)
}

/** The router is none any more: what is left to say, if anything (RFC 4861 §6.2.5). */
export function retire(ndp: Ndp): readonly Action[] {
  const { advertised } = ndp.advertising
  return advertised === undefined ? [] : showRouter(ndp, { ...advertised, lifetime: 0 })
}

function showRouter(ndp: Ndp, advertised: advertising.Advertised): readonly Action[] {
  const src = addresses.linkLocal(ndp.addresses)
  if (src === undefined) return []
  const { withdrawn } = ndp.advertising
  const message = advertising.message(advertised, withdrawn, ndp.addresses.list, ndp.options.mac, ndp.mtu)
  return [{ kind: 'send', src, dst: ipv6.ALL_NODES, message }]
}

/** The neighbour that a packet to `dst`, which is no group, is handed to. */
export function nextHop(ndp: Ndp, dst: ipv6.Ipv6, now: Millis): ipv6.Ipv6 | undefined {
  return routers.nextHop(ndp.routers, dst, (router) => neighbours.mayAnswer(ndp.neighbours, router), now)
}

/** Where packets beyond the link go. */
export function gateway(ndp: Ndp, now: Millis): ipv6.Ipv6 | undefined {
  return routers.defaultRouter(ndp.routers, (router) => neighbours.mayAnswer(ndp.neighbours, router), now)
}

/** The groups of which we are members: of everyone, of routers if this is one's, and of those who ask for our addresses. */
export function groups(ndp: Ndp): ReadonlySet<ipv6.Ipv6> {
  const all = ndp.advertising.isRouter ? [ipv6.ALL_NODES, ipv6.ALL_ROUTERS] : [ipv6.ALL_NODES]
  return new Set([...all, ...ndp.addresses.list.map(({ address }) => ipv6.solicitedNode(address))])
}

/** Asks who has `hop`, unless that is known or asked already. */
export function resolve(ndp: Ndp, hop: ipv6.Ipv6, now: Millis): readonly Action[] {
  return follow(ndp, neighbours.solicit(ndp.neighbours, hop, now), now)
}

/** When `tick` has something to do. */
export function deadline({
  addresses: own,
  neighbours: cache,
  routers: ways,
  solicitation: asking,
  advertising: showing,
  nameServers: servers,
}: Ndp): Millis {
  const ofHost = Math.min(cache.deadline, addresses.deadline(own), routers.deadline(ways), asking.deadline)
  return Math.min(ofHost, showing.deadline, nameServers.deadline(servers))
}

/** Time has passed. `chance` is 0 to 1. */
export function tick(ndp: Ndp, now: Millis, chance: number): readonly Action[] {
  const before = ndp.routers.list.length + ndp.routers.prefixes.length
  const lost = routers.tick(ndp.routers, now)
  if (ndp.routers.list.length + ndp.routers.prefixes.length !== before) ndp.neighbours.version += 1
  const own = addresses.tick(ndp.addresses, ndp.neighbours.retransTimer, now)
  const actions = own.flatMap((action) => ofAddress(ndp, action, now))
  const told = nameServers.tick(ndp.nameServers, now)
  for (const address of new Set([...lost, ...told])) actions.push({ kind: 'router', address })
  actions.push(...follow(ndp, neighbours.tick(ndp.neighbours, now), now))
  if (solicitation.tick(ndp.solicitation, now, chance)) actions.push(askRouters(ndp, now))
  if (own.some(({ kind }) => kind === 'assigned')) advertising.hasten(ndp.advertising, now, chance)
  const canShow = addresses.linkLocal(ndp.addresses) !== undefined
  const shown = advertising.tick(ndp.advertising, canShow, now, chance)
  if (shown !== undefined) actions.push(...showRouter(ndp, shown))
  return actions
}

/** A message arrived. `chance` is 0 to 1. */
export function input(
  ndp: Ndp,
  message: Message,
  travel: Travel,
  now: Millis,
  chance: number,
): readonly Action[] {
  switch (message.kind) {
    case 'router-solicitation':
      return solicitedRouter(ndp, message.mac, travel.src, now, chance)
    case 'router-advertisement':
      return ndp.options.acceptsRouters && !ndp.advertising.isRouter
        ? advertisedRouter(ndp, message, travel.src, now, chance)
        : []
    case 'neighbour-solicitation':
      return solicited(ndp, message.target, message.mac, travel.src, now)
    case 'neighbour-advertisement':
      return advertisedNeighbour(ndp, message, now)
    case 'redirect': {
      // RFC 4861 §8.2: routers do not follow them.
      if (ndp.advertising.isRouter) return []
      const { destination, target, mac } = message
      const present = nextHop(ndp, destination, now)
      if (!routers.redirected(ndp.routers, travel.src, destination, target, present)) return []
      ndp.neighbours.version += 1
      if (mac === undefined) return []
      return follow(ndp, neighbours.heard(ndp.neighbours, target, mac, target !== destination, now), now)
    }
  }
}

/** RFC 4861 §6.2.6. */
function solicitedRouter(
  ndp: Ndp,
  mac: Mac | undefined,
  src: ipv6.Ipv6,
  now: Millis,
  chance: number,
): readonly Action[] {
  if (!ndp.advertising.isRouter) return []
  advertising.hasten(ndp.advertising, now, chance)
  return mac === undefined ? [] : follow(ndp, neighbours.heard(ndp.neighbours, src, mac, false, now), now)
}

function solicited(
  ndp: Ndp,
  target: ipv6.Ipv6,
  mac: Mac | undefined,
  src: ipv6.Ipv6,
  now: Millis,
): readonly Action[] {
  const isClaim = src === ipv6.UNSPECIFIED
  const own = addresses.find(ndp.addresses, target)
  if (own === undefined) return []
  if (own.isTentative) {
    return isClaim ? follow(ndp, addresses.claimed(ndp.addresses, target), now) : []
  }
  // Whoever would like to have our address is told so, and everyone hears it: RFC 4861 §7.2.4.
  if (isClaim) return [advertise(ndp, target, ipv6.ALL_NODES, undefined, false)]
  const actions = mac === undefined ? [] : neighbours.heard(ndp.neighbours, src, mac, false, now)
  return [...follow(ndp, actions, now), advertise(ndp, target, src, mac, true)]
}

function advertise(
  ndp: Ndp,
  target: ipv6.Ipv6,
  dst: ipv6.Ipv6,
  to: Mac | undefined,
  isSolicited: boolean,
): Action {
  const message: Message = {
    kind: 'neighbour-advertisement',
    target,
    isRouter: ndp.advertising.isRouter,
    isSolicited,
    isOverride: true,
    mac: ndp.options.mac,
  }
  return { kind: 'send', src: target, dst, message, ...(to === undefined ? {} : { to }) }
}

function advertisedNeighbour(ndp: Ndp, message: NeighbourAdvertisement, now: Millis): readonly Action[] {
  const { target, mac } = message
  const own = addresses.find(ndp.addresses, target)
  if (own === undefined) return follow(ndp, neighbours.advertised(ndp.neighbours, message, now), now)
  if (own.isTentative) return follow(ndp, addresses.claimed(ndp.addresses, target), now)
  return mac === ndp.options.mac ? [] : [{ kind: 'conflict', address: target, mac }]
}

/** RFC 4861 §6.3.4, RFC 4862 §5.5.3. */
function advertisedRouter(
  ndp: Ndp,
  message: RouterAdvertisement,
  src: ipv6.Ipv6,
  now: Millis,
  chance: number,
): readonly Action[] {
  const { neighbours: cache } = ndp
  if (message.hopLimit !== 0) ndp.hopLimit = message.hopLimit
  if (message.mtu !== undefined && message.mtu >= MTU_MIN && message.mtu <= ndp.options.mtu)
    ndp.mtu = message.mtu
  // Hosts that heard the same advertisement do not ask at the same time: RFC 4861 §6.3.2.
  const reachable = message.reachableTime === 0 ? REACHABLE_TIME : message.reachableTime
  cache.reachableTime = Math.min(reachable, REACHABLE_TIME_MAX) * (0.5 + chance)
  if (message.retransTimer !== 0) cache.retransTimer = Math.min(message.retransTimer, RETRANS_TIMER_MAX)
  nameServers.advertised(ndp.nameServers, src, message.dnsServers, now)
  routers.advertised(ndp.routers, src, message, now)
  if (message.routerLifetime > 0) solicitation.answered(ndp.solicitation)
  cache.version += 1
  for (const prefix of message.prefixes)
    autoconfiguration.advertised(ndp.addresses, ndp.options, prefix, now, chance)
  const actions = message.mac === undefined ? [] : neighbours.heard(cache, src, message.mac, true, now)
  return [...follow(ndp, actions, now), { kind: 'router', address: src }]
}

/** What the parts ask for, in messages. */
function follow(
  ndp: Ndp,
  actions: readonly (neighbours.NeighbourAction | addresses.AddressAction)[],
  now: Millis,
): Action[] {
  return actions.flatMap((action) => {
    switch (action.kind) {
      case 'solicit':
        return solicit(ndp, action.target, action.mac, now)
      case 'router-lost':
        routers.loseRouter(ndp.routers, action.ip)
        ndp.neighbours.version += 1
        return [{ kind: 'router', address: action.ip }]
      case 'unresolved':
        routers.unanswered(ndp.routers, action.ip)
        ndp.neighbours.version += 1
        return [action]
      case 'resolved':
        return [action]
      case 'probe':
      case 'assigned':
      case 'duplicate':
      case 'expired':
        return ofAddress(ndp, action, now)
    }
  })
}

function ofAddress(ndp: Ndp, action: addresses.AddressAction, now: Millis): Action[] {
  if (action.kind === 'probe') {
    const { address: target } = action
    const message: Message = { kind: 'neighbour-solicitation', target }
    return [{ kind: 'send', src: ipv6.UNSPECIFIED, dst: ipv6.solicitedNode(target), message }]
  }
  ndp.neighbours.version += 1
  if (action.kind === 'duplicate') autoconfiguration.tryNext(ndp.addresses, ndp.options, action.own, now)
  return [action]
}

/** Without an address of ours there is nobody to answer to: the question is asked again later. */
function solicit(ndp: Ndp, target: ipv6.Ipv6, to: Mac | undefined, now: Millis): Action[] {
  const src = addresses.choose(ndp.addresses, target, now)
  if (src === undefined) return []
  const message: Message = { kind: 'neighbour-solicitation', target, mac: ndp.options.mac }
  if (to !== undefined) return [{ kind: 'send', src, dst: target, to, message }]
  return [{ kind: 'send', src, dst: ipv6.solicitedNode(target), message }]
}

function askRouters(ndp: Ndp, now: Millis): Action {
  const src = addresses.choose(ndp.addresses, ipv6.ALL_ROUTERS, now) ?? ipv6.UNSPECIFIED
  const { mac } = ndp.options
  const message: Message = {
    kind: 'router-solicitation',
    ...(src === ipv6.UNSPECIFIED ? {} : { mac }),
  }
  return { kind: 'send', src, dst: ipv6.ALL_ROUTERS, message }
}
