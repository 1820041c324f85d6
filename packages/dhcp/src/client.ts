/**
 * A DHCP client as a function of its state, an event and the time: RFC 2131 §4.4, figure 5.
 *
 *        start              OFFER               ACK
 *      init ───▶ selecting ─────▶ requesting ─────▶ bound ◀────┐
 *       ▲ ▲                           │ NAK, silence   │ T1     │ ACK
 *       │ └───────────────────────────┘             renewing ───┤
 *       │                                              │ T2     │
 *       └───────────── NAK, the lease's end ────── rebinding ───┘
 *
 * The caller sends what it is told to send, calls `tick` when the deadline has come, and gives every message
 * that arrives on port 68 to `input`. INIT-REBOOT is not here: a unikernel does not remember its last lease.
 * Nor is the ARP probe of a new address and the DECLINE that follows it.
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import type { Millis } from '@mirage/clock'
import { type Lease, leaseOf } from './lease.ts'
import type { Message, MessageType } from './wire.ts'

/** Who asks. */
export interface Config {
  readonly mac: Mac
  /** The name that is told to the server, for its list of leases or its DNS. ASCII. */
  readonly hostname?: string
}

/** How often the exchange at hand was sent, and since when. */
interface Exchange {
  readonly xid: number
  /** The first time of sending. */
  readonly since: Millis
  /** What the last message said of the time since the client began. */
  readonly secs: number
  readonly attempts: number
}

interface Offer {
  readonly address: Ipv4
  readonly server: Ipv4
}

/** What a client remembers between two calls. A caller keeps it and looks at `deadline` only. */
export type State =
  /** Waits before it begins again. */
  | { readonly kind: 'init'; readonly deadline: Millis }
  | { readonly kind: 'selecting'; readonly deadline: Millis; readonly exchange: Exchange }
  | {
      readonly kind: 'requesting'
      readonly deadline: Millis
      readonly exchange: Exchange
      readonly offer: Offer
    }
  | { readonly kind: 'bound'; readonly deadline: Millis; readonly lease: Lease }
  | {
      readonly kind: 'renewing' | 'rebinding'
      readonly deadline: Millis
      readonly exchange: Exchange
      readonly lease: Lease
    }

/** The states that wait for an ACK or a NAK. */
type Asking = Extract<State, { kind: 'requesting' | 'renewing' | 'rebinding' }>

/** A message from port 68 to port 67. To 255.255.255.255 it is broadcast on the link as well. */
export interface Outgoing {
  readonly src: Ipv4
  readonly dst: Ipv4
  readonly message: Message
}

/** What happened to the lease, for whoever configures the interface. */
export type Event =
  /** The address is ours from now on. */
  | { readonly kind: 'bound'; readonly lease: Lease }
  /** The same address for longer; everything else of the lease may have changed. */
  | { readonly kind: 'renewed'; readonly lease: Lease }
  /** The address must not be used any more (RFC 2131 §4.4.5). */
  | { readonly kind: 'lost'; readonly lease: Lease }

/** What one call decided. */
export interface Output {
  /** `state.deadline` says when `tick` wants to be called: `Infinity` for a lease without end. */
  readonly state: State
  readonly send?: Outgoing
  readonly event?: Event
}

/** Subnet mask, router, DNS, host name, domain name, MTU, broadcast address, lease, server, T1, T2. */
const REQUESTED = Uint8Array.of(1, 3, 6, 12, 15, 26, 28, 51, 54, 58, 59)
/** What an Ethernet frame carries, so that a server need not keep to 576 bytes. */
const MESSAGE_SIZE_MAX = 1500

/** RFC 2131 §4.1: 4 s before the first retransmission, doubled up to 64 s, each give or take one second. */
const RETRANSMIT_FIRST: Millis = 4000
const RETRANSMIT_MAX: Millis = 64_000
const JITTER: Millis = 1000
/** A server that does not answer a request, sent 4 times in a minute, is given up (RFC 2131 §3.1.5). */
const REQUESTS_MAX = 4
/** After a NAK; a server that refuses what it offers would keep us busy without it. */
const RESTART_DELAY: Millis = 1000
/** RFC 2131 §4.4.5: renewals are sent again after half of the time that is left, but no sooner than this. */
const RENEW_INTERVAL_MIN: Millis = 60_000

/**
 * Begins: the first DISCOVER. `random` is 32 bits, new for every call that asks for it; it becomes the
 * transaction's id and the jitter of its timer, neither of which has to be hidden.
 */
export function start(config: Config, now: Millis, random: number): Output {
  const exchange = { xid: random >>> 0, since: now, secs: 0, attempts: 0 }
  return discover(config, exchange, now, random)
}

/** What `now` brings. Called before the deadline, it changes nothing. */
export function tick(config: Config, state: State, now: Millis, random: number): Output {
  if (now < state.deadline) return { state }
  switch (state.kind) {
    case 'init':
      return start(config, now, random)
    case 'selecting':
      return discover(config, state.exchange, now, random)
    case 'requesting':
      if (state.exchange.attempts >= REQUESTS_MAX) return start(config, now, random)
      return request(config, state.exchange, state.offer, now, random)
    case 'bound':
    case 'renewing':
    case 'rebinding':
      return extend(config, state, now, random)
  }
}

/** What `message` brings. One that is not the answer to what was sent last changes nothing. */
export function input(config: Config, state: State, message: Message, now: Millis, random: number): Output {
  if (state.kind === 'init' || state.kind === 'bound') return { state }
  if (message.xid !== state.exchange.xid || message.chaddr !== config.mac) return { state }
  if (state.kind === 'selecting') return select(config, state, message, now, random)
  if (!isFrom(state, message)) return { state }
  if (message.type === 'nak') return restart(state, now, random)
  if (message.type === 'ack' && isUsable(message.yiaddr)) return bind(state, message)
  return { state }
}

/** Takes the first offer. */
function select(
  config: Config,
  state: Extract<State, { kind: 'selecting' }>,
  message: Message,
  now: Millis,
  random: number,
): Output {
  const { serverId } = message.options
  if (message.type !== 'offer' || serverId === undefined || !isUsable(message.yiaddr)) return { state }
  const exchange = { ...state.exchange, since: now, attempts: 0 }
  return request(config, exchange, { address: message.yiaddr, server: serverId }, now, random)
}

/** An answer to REQUESTING comes from the server that was chosen; to a renewal, from any. */
function isFrom(state: Asking, message: Message): boolean {
  return state.kind !== 'requesting' || message.options.serverId === state.offer.server
}

function isUsable(address: Ipv4): boolean {
  return address >>> 24 !== 0 && address >>> 24 !== 127 && address >>> 28 < 0xe
}

function discover(config: Config, before: Exchange, now: Millis, random: number): Output {
  const exchange = { ...before, secs: secsOf(before, now), attempts: before.attempts + 1 }
  const message = messageOf(config, 'discover', exchange, {
    parameterRequests: REQUESTED,
    messageSizeMax: MESSAGE_SIZE_MAX,
  })
  return {
    state: { kind: 'selecting', deadline: now + backoff(exchange.attempts, random), exchange },
    send: { src: ipv4.UNSPECIFIED, dst: ipv4.BROADCAST, message },
  }
}

/** RFC 2131 §3.1: with the seconds of the DISCOVER, so that relays treat both alike. */
function request(config: Config, before: Exchange, offer: Offer, now: Millis, random: number): Output {
  const exchange = { ...before, attempts: before.attempts + 1 }
  const message = messageOf(config, 'request', exchange, {
    requestedAddress: offer.address,
    serverId: offer.server,
    parameterRequests: REQUESTED,
    messageSizeMax: MESSAGE_SIZE_MAX,
  })
  return {
    state: { kind: 'requesting', deadline: now + backoff(exchange.attempts, random), exchange, offer },
    send: { src: ipv4.UNSPECIFIED, dst: ipv4.BROADCAST, message },
  }
}

/** From T1 on the server is asked, from T2 on every server, and at the end the lease is lost. */
function extend(
  config: Config,
  state: Extract<State, { lease: Lease }>,
  now: Millis,
  random: number,
): Output {
  const { lease } = state
  if (now >= lease.expires) return { ...start(config, now, random), event: { kind: 'lost', lease } }
  const kind = now >= lease.rebind ? 'rebinding' : 'renewing'
  const before = state.kind === kind ? state.exchange : { xid: random >>> 0, since: now, attempts: 1 }
  const exchange = { ...before, secs: secsOf(before, now) }
  const limit = kind === 'renewing' ? lease.rebind : lease.expires
  const deadline = Math.min(limit, now + Math.max(RENEW_INTERVAL_MIN, (limit - now) / 2))
  const message = messageOf(config, 'request', exchange, {
    parameterRequests: REQUESTED,
    messageSizeMax: MESSAGE_SIZE_MAX,
  })
  return {
    state: { kind, deadline, exchange, lease },
    send: {
      src: lease.address,
      dst: kind === 'renewing' ? lease.server : ipv4.BROADCAST,
      message: { ...message, ciaddr: lease.address, broadcast: false },
    },
  }
}

function bind(state: Asking, ack: Message): Output {
  const previous = state.kind === 'requesting' ? undefined : state.lease
  const server = state.kind === 'requesting' ? state.offer.server : state.lease.server
  // RFC 2131 §4.4.1: the lease began when it was asked for, since the server's time may count from there.
  const lease = leaseOf(ack, server, state.exchange.since)
  const kind = previous?.address === lease.address ? 'renewed' : 'bound'
  return { state: { kind: 'bound', deadline: lease.renew, lease }, event: { kind, lease } }
}

function restart(state: Asking, now: Millis, random: number): Output {
  const init: State = { kind: 'init', deadline: now + RESTART_DELAY + jitter(random) / 2 }
  return 'lease' in state ? { state: init, event: { kind: 'lost', lease: state.lease } } : { state: init }
}

function messageOf(
  config: Config,
  type: MessageType,
  exchange: Exchange,
  options: Message['options'],
): Message {
  return {
    type,
    xid: exchange.xid,
    secs: exchange.secs,
    // The stack below takes no packet to an address that it does not have yet.
    broadcast: true,
    ciaddr: ipv4.UNSPECIFIED,
    yiaddr: ipv4.UNSPECIFIED,
    siaddr: ipv4.UNSPECIFIED,
    giaddr: ipv4.UNSPECIFIED,
    chaddr: config.mac,
    options: config.hostname === undefined ? options : { ...options, hostname: config.hostname },
  }
}

function secsOf({ since }: Pick<Exchange, 'since'>, now: Millis): number {
  return Math.min(0xffff, Math.floor((now - since) / 1000))
}

function backoff(attempts: number, random: number): Millis {
  return Math.min(RETRANSMIT_MAX, RETRANSMIT_FIRST * 2 ** (attempts - 1)) + jitter(random)
}

/** Uniform from minus to plus one second. */
function jitter(random: number): Millis {
  return ((random >>> 0) / 0x1_0000_0000) * 2 * JITTER - JITTER
}
