/**
 * A DHCP client as a function of its state, an event and the time: RFC 2131 §4.4, figure 5.
 *
 *        start              OFFER               ACK (checked)
 *      init ───▶ selecting ─────▶ requesting ─────▶ bound ◀────┐
 *       ▲ ▲          ▲                │ NAK, silence   │ T1     │ ACK
 *       │ └──────────┼────────────────┘             renewing ───┤
 *       │            │ silence                         │ T2     │
 *       │        rebooting ◀── start, with the         │        │
 *       │            │ NAK     address of before       │        │
 *       └────────────┴── NAK, the lease's end ──── rebinding ───┘
 *
 * The caller does what it is told, calls `tick` when the deadline has come, gives every message that arrives on
 * port 68 to `input`, and tells `conflict` when another host claims the address that is probed or used. An ACK
 * leads through `probing` where the client is cautious.
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Millis } from '@mirage/clock'
import * as messages from './client-messages.ts'
import type {
  Asking,
  Config,
  Event,
  Exchange,
  Guard,
  Offer,
  Outgoing,
  Output,
  State,
  Using,
} from './client-state.ts'
import { type Lease, isHost, leaseOf } from './lease.ts'
import type { Message } from './wire.ts'

export type { Config, Event, Outgoing, Output, State }

/** RFC 2131 §4.1: 4 s before the first retransmission, doubled up to 64 s, each give or take one second. */
const RETRANSMIT_FIRST: Millis = 4000
const RETRANSMIT_MAX: Millis = 64_000
const JITTER: Millis = 1000
/** A server that does not answer a request, sent 4 times in a minute, is given up (RFC 2131 §3.1.5). */
const REQUESTS_MAX = 4
/** The address of before is asked for as often, which is a quarter of a minute: a network has changed, or has no server. */
const REBOOTS_MAX = 2
/** After a NAK; a server that refuses what it offers would keep us busy without it. */
const RESTART_DELAY: Millis = 1000
/** After a DECLINE: RFC 2131 §3.1.5. */
const CONFLICT_DELAY: Millis = 10_000
/** RFC 2131 §4.4.5: renewals are sent again after half of the time that is left, but no sooner than this. */
const RENEW_INTERVAL_MIN: Millis = 60_000

/** RFC 5227 §1.1: so many probes, this far apart, and so long after the last one before the address is used. */
const PROBES = 3
const PROBE_INTERVAL_MIN: Millis = 1000
const PROBE_INTERVAL_MAX: Millis = 2000
const ANNOUNCE_WAIT: Millis = 2000
/** RFC 5227 §2.4: who claims an address twice in this time is let have it. */
const DEFEND_INTERVAL: Millis = 10_000

/**
 * Begins: the first DISCOVER; or, for a client that had the address `before`, the question whether it still may
 * (INIT-REBOOT). `random` is 32 bits, new for every call that asks for it; it becomes the transaction's id and the
 * jitter of its timer, neither of which has to be hidden.
 */
export function start(config: Config, now: Millis, random: number, before?: Ipv4): Output {
  const exchange = beginning(now, random)
  if (before === undefined || !isHost(before)) return discover(config, exchange, now, random)
  return reboot(config, exchange, before, now, random)
}

/** What `now` brings. Called before the deadline, it changes nothing. */
export function tick(config: Config, state: State, now: Millis, random: number): Output {
  if (now < state.deadline) return { state }
  switch (state.kind) {
    case 'init':
      return start(config, now, random)
    case 'selecting':
      return discover(config, state.exchange, now, random, state.wanted)
    case 'requesting':
      if (state.exchange.attempts >= REQUESTS_MAX) return start(config, now, random)
      return request(config, state.exchange, state.offer, now, random)
    case 'rebooting':
      if (state.exchange.attempts < REBOOTS_MAX)
        return reboot(config, state.exchange, state.wanted, now, random)
      return discover(config, beginning(now, random), now, random, state.wanted)
    case 'probing':
      if (state.probes < PROBES) return probe(state.lease, state.probes, now, random)
      return bind(state.lease, 'bound', { yieldUntil: -Infinity })
    case 'bound':
    case 'renewing':
    case 'rebinding':
      return extend(config, state, now, random)
  }
}

/** What a message to our port 68 brings. Any may be somebody else's, late, or made up. */
export function input(config: Config, state: State, message: Message, now: Millis, random: number): Output {
  if (!('exchange' in state) || !isForUs(config, state.exchange, message)) return { state }
  if (state.kind === 'selecting') return choose(config, state, message, now, random)
  if (!isFrom(state, message)) return { state }
  if (message.type === 'ack' && isHost(message.yiaddr)) return accept(config, state, message, now, random)
  return message.type === 'nak' ? restart(state, now, random) : { state }
}

/**
 * Another host claims the address that is probed or used. One that was not ours for long is declined; one that we
 * use is defended once, and given up when it is claimed again soon.
 */
export function conflict(config: Config, state: State, now: Millis, random: number): Output {
  if (state.kind !== 'probing' && !isUsing(state)) return { state }
  if (isUsing(state) && now >= state.guard.yieldUntil) {
    const guard = { yieldUntil: now + DEFEND_INTERVAL }
    return { state: { ...state, guard }, announce: state.lease.address }
  }
  return {
    state: { kind: 'init', deadline: now + CONFLICT_DELAY },
    ...(isUsing(state) ? { event: { kind: 'lost', lease: state.lease } } : {}),
    send: messages.decline(config, random >>> 0, state.lease),
  }
}

/** The client ends, and needs its address no more: what to send, if there is a lease. Its state means nothing after this. */
export function release(config: Config, state: State, random: number): Outgoing | undefined {
  return 'lease' in state ? messages.release(config, random >>> 0, state.lease) : undefined
}

function isUsing(state: State): state is Using {
  return 'guard' in state
}

/** A server that knows the client's identifier gives it back (RFC 6842); then it must be ours. */
function isForUs({ mac, clientId = NONE }: Config, { xid }: Exchange, message: Message): boolean {
  if (message.xid !== xid || message.chaddr !== mac) return false
  const { clientId: answered } = message.options
  return (
    answered === undefined ||
    clientId === NONE ||
    (answered.length === clientId.length && answered.every((byte, index) => byte === clientId[index]))
  )
}

const NONE = new Uint8Array(0)

/** Takes the first offer. */
function choose(
  config: Config,
  state: Extract<State, { kind: 'selecting' }>,
  message: Message,
  now: Millis,
  random: number,
): Output {
  const { serverId } = message.options
  if (message.type !== 'offer' || serverId === undefined || !isHost(message.yiaddr)) return { state }
  const exchange = { ...state.exchange, since: now, attempts: 0 }
  return request(config, exchange, { address: message.yiaddr, server: serverId }, now, random)
}

/** An answer to REQUESTING comes from the server that was chosen; to what was asked of all, or a renewal, from any. */
function isFrom(state: Asking, message: Message): boolean {
  return state.kind !== 'requesting' || message.options.serverId === state.offer.server
}

function beginning(now: Millis, random: number): Exchange {
  return { xid: random >>> 0, since: now, secs: 0, attempts: 0 }
}

function discover(config: Config, before: Exchange, now: Millis, random: number, wanted?: Ipv4): Output {
  const exchange = { ...before, secs: secsOf(before, now), attempts: before.attempts + 1 }
  const deadline = now + backoff(exchange.attempts, random)
  return {
    state: { kind: 'selecting', deadline, exchange, ...(wanted === undefined ? {} : { wanted }) },
    send: messages.discover(config, exchange, wanted),
  }
}

/** RFC 2131 §3.1: with the seconds of the DISCOVER, so that relays treat both alike. */
function request(config: Config, before: Exchange, offer: Offer, now: Millis, random: number): Output {
  const exchange = { ...before, attempts: before.attempts + 1 }
  return {
    state: { kind: 'requesting', deadline: now + backoff(exchange.attempts, random), exchange, offer },
    send: messages.select(config, exchange, offer),
  }
}

function reboot(config: Config, before: Exchange, wanted: Ipv4, now: Millis, random: number): Output {
  const exchange = { ...before, secs: secsOf(before, now), attempts: before.attempts + 1 }
  return {
    state: { kind: 'rebooting', deadline: now + backoff(exchange.attempts, random), exchange, wanted },
    send: messages.reboot(config, exchange, wanted),
  }
}

/** From T1 on the server is asked, from T2 on every server, and at the end the lease is lost. */
function extend(config: Config, state: Using, now: Millis, random: number): Output {
  const { lease, guard } = state
  if (now >= lease.expires) {
    const again = discover(config, beginning(now, random), now, random, lease.address)
    return { ...again, event: { kind: 'lost', lease } }
  }
  const kind = now >= lease.rebind ? 'rebinding' : 'renewing'
  const before = state.kind === kind ? state.exchange : { xid: random >>> 0, since: now, attempts: 1 }
  const exchange = { ...before, secs: secsOf(before, now) }
  const limit = kind === 'renewing' ? lease.rebind : lease.expires
  const deadline = Math.min(limit, now + Math.max(RENEW_INTERVAL_MIN, (limit - now) / 2))
  const dst = kind === 'renewing' ? lease.server : ipv4.BROADCAST
  return {
    state: { kind, deadline, exchange, lease, guard },
    send: messages.extend(config, exchange, lease, dst),
  }
}

/** An ACK: a new address is looked for on the link, before it is used or when it is. */
function accept(config: Config, state: Asking, ack: Message, now: Millis, random: number): Output {
  // RFC 2131 §4.4.1: the lease began when it was asked for, since the server's time may count from there.
  const lease = leaseOf(ack, serverOf(state), state.exchange.since)
  const previous = isUsing(state) ? state.lease : undefined
  if (isUsing(state) && previous?.address === lease.address) return bind(lease, 'renewed', state.guard)
  if (config.isCautious !== true) {
    return { ...bind(lease, 'bound', { yieldUntil: now + DEFEND_INTERVAL }), probe: lease.address }
  }
  const first = {
    state: { kind: 'probing', deadline: now + unit(random) * PROBE_WAIT, lease, probes: 0 },
  } as const
  return previous === undefined ? first : { ...first, event: { kind: 'lost', lease: previous } }
}

/** RFC 5227 §1.1: before the first probe, so that hosts that start together do not ask together. */
const PROBE_WAIT: Millis = 1000

function probe(lease: Lease, before: number, now: Millis, random: number): Output {
  const isLast = before + 1 === PROBES
  const interval = PROBE_INTERVAL_MIN + unit(random) * (PROBE_INTERVAL_MAX - PROBE_INTERVAL_MIN)
  const deadline = now + (isLast ? ANNOUNCE_WAIT : interval)
  return { state: { kind: 'probing', deadline, lease, probes: before + 1 }, probe: lease.address }
}

function bind(lease: Lease, kind: 'bound' | 'renewed', guard: Guard): Output {
  return { state: { kind: 'bound', deadline: lease.renew, lease, guard }, event: { kind, lease } }
}

/** Who gave the lease, if its message does not say: whoever was asked. */
function serverOf(state: Asking): Ipv4 {
  if (state.kind === 'requesting') return state.offer.server
  return state.kind === 'rebooting' ? ipv4.BROADCAST : state.lease.server
}

function restart(state: Asking, now: Millis, random: number): Output {
  const init: State = { kind: 'init', deadline: now + RESTART_DELAY + jitter(random) / 2 }
  return 'lease' in state ? { state: init, event: { kind: 'lost', lease: state.lease } } : { state: init }
}

function secsOf({ since }: Pick<Exchange, 'since'>, now: Millis): number {
  return Math.min(0xffff, Math.floor((now - since) / 1000))
}

function backoff(attempts: number, random: number): Millis {
  return Math.min(RETRANSMIT_MAX, RETRANSMIT_FIRST * 2 ** (attempts - 1)) + jitter(random)
}

/** Uniform from minus to plus one second. */
function jitter(random: number): Millis {
  return unit(random) * 2 * JITTER - JITTER
}

/** 32 bits as a number from 0 to under 1. */
function unit(random: number): number {
  return (random >>> 0) / 0x1_0000_0000
}
