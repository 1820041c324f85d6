/**
 * A DHCP server as an object that is told messages and the time: RFC 2131 §4.3.
 *
 * Unless it is told otherwise it is the only server of its link and knows it: where a server among others has to
 * be silent about a client that it does not know, this one says yes or no.
 */
import * as ipv4 from '@mirage/address/ipv4'
import type { Ipv4 } from '@mirage/address/ipv4'
import type { Mac } from '@mirage/address/mac'
import type { Millis } from '@mirage/clock'
import { assert } from '@mirage/result'
import { type Binding, Bindings, type Client, addressesOf, countOf } from './bindings.ts'
import { isHost } from './lease.ts'
import { INFINITE } from './options.ts'
import { type Reply, replyTo } from './replies.ts'
import type { Config, Host } from './server-config.ts'
import type { Message } from './wire.ts'

export type { Binding, Config, Host, Reply }

/** Why a message has no answer. */
export type Ignored =
  /** It is what servers say. */
  | 'not-a-question'
  /** The relay that sent it has clients of another network, for which we have no addresses. */
  | 'other-network'
  /** It lacks what its kind has, or has what its kind must not have: RFC 2131 table 5. */
  | 'malformed'
  | 'for-other-server'
  /** Its client may be another server's. */
  | 'unknown-client'
  /** Every address is taken: another try may come when a lease has ended. */
  | 'no-address'
  /** More new clients came than are served in this time. */
  | 'too-many-clients'
  /** RELEASE and DECLINE are not answered, and were heard. */
  | 'done'

/** What a message leads to. */
export type Output =
  | {
      readonly reply: Reply
      /** Addresses whose lease is another now, or over: to be stored before the reply is sent. */
      readonly changed: readonly Ipv4[]
      /** The address that is offered was not this client's: whoever can look whether somebody uses it should, first. */
      readonly probe?: Ipv4
    }
  | { readonly ignored: Ignored; readonly changed: readonly Ipv4[] }

/** A server and its leases. */
export interface Server {
  /** What `message` is answered with, if anything. */
  input(message: Message, now: Millis): Output
  /** Somebody uses `address` who does not have it from us: it rests for ten minutes. */
  conflict(address: Ipv4, now: Millis): void
  /** Who has which address, or had it last: no entry is removed before its address is needed. */
  readonly entries: ReadonlyMap<Ipv4, Binding>
}

/** The most addresses of all ranges: a message looks at each of them once at most. */
export const ADDRESSES_MAX = 4096
/**
 * Clients that were not there before: so many at once, and so many a second. One that asks in many names takes no
 * address faster than that; clients that have one are not held up.
 */
export const NEW_CLIENTS_MAX = 128
const NEW_CLIENTS_PER_SECOND = 16
/** When less than this part of the addresses is free, new clients have them for a short time only, in seconds. */
const SCARCE_PART = 1 / 4
const SCARCE_LEASE_TIME = 300

/**
 * A server that has leased `leases`, as far as they are still its to lease. Ranges that are not in the network, or
 * too large, are a bug and throw.
 */
export function createServer(config: Config, leases: Iterable<readonly [Ipv4, Binding]> = []): Server {
  return new LeaseServer(config, leases)
}

class LeaseServer implements Server {
  readonly #config: Config
  readonly #bindings: Bindings
  readonly #fixed: ReadonlyMap<string, Host>
  /** New clients that may come now, as of `#countedAt`. */
  #newClients = NEW_CLIENTS_MAX
  #countedAt: Millis = 0

  constructor(config: Config, leases: Iterable<readonly [Ipv4, Binding]>) {
    const { cidr, ranges, gateway, hosts = [] } = config
    const count = countOf(ranges, cidr)
    assert(count !== undefined, 'dhcp: ranges are in the network')
    assert(count <= ADDRESSES_MAX, 'dhcp: ranges have 4096 addresses at most')
    const taken = new Set([ipv4.network(cidr), ipv4.broadcastOf(cidr), cidr.address, gateway])
    for (const { address } of hosts) taken.add(address)
    this.#config = config
    this.#bindings = new Bindings(addressesOf(ranges, (address) => !taken.has(address)))
    this.#fixed = new Map(hosts.flatMap((host) => namesOf(host).map((name) => [name, host])))
    for (const [address, binding] of leases) this.#bindings.restore(address, binding)
  }

  get entries(): ReadonlyMap<Ipv4, Binding> {
    return this.#bindings.entries
  }

  input(message: Message, now: Millis): Output {
    if (message.giaddr !== ipv4.UNSPECIFIED && !ipv4.contains(this.#config.cidr, message.giaddr))
      return ignore('other-network')
    switch (message.type) {
      case 'discover':
        return this.#discover(message, now)
      case 'request':
        return this.#request(message, now)
      case 'decline':
        return this.#decline(message, now)
      case 'release':
        return this.#release(message, now)
      case 'inform':
        return this.#inform(message)
      case 'offer':
      case 'ack':
      case 'nak':
        return ignore('not-a-question')
    }
  }

  conflict(address: Ipv4, now: Millis): void {
    if (this.#bindings.has(address)) this.#bindings.decline(address, 0 as Mac, now)
  }

  #discover(message: Message, now: Millis): Output {
    // The offer would go to whomever it names, who need not be on our link: RFC 2131 table 5.
    if (message.ciaddr !== ipv4.UNSPECIFIED) return ignore('malformed')
    const client = clientOf(message)
    const fixed = this.#hostOf(message)
    if (fixed !== undefined) return this.#reply(message, 'offer', fixed.address, this.#config.leaseTime)
    const known = this.#bindings.of(client.name)
    // Before any address is looked at: that takes time.
    if (known === undefined && !this.#admits(now)) return ignore('too-many-clients')
    const wanted = [known, message.options.requestedAddress]
    const address =
      wanted.find((each) => each !== undefined && this.#bindings.isFreeFor(client.name, each, now)) ??
      this.#bindings.free(now)
    if (address === undefined) return ignore('no-address')
    const leaseTime = this.#leaseTime(client, now)
    this.#bindings.offer(client, address, now)
    const offered = this.#reply(message, 'offer', address, leaseTime)
    return known === address ? offered : { ...offered, probe: address }
  }

  /** RFC 2131 §4.3.2, table 4: what is filled in tells a choice, a reboot and a renewal apart. */
  #request(message: Message, now: Millis): Output {
    const { serverId, requestedAddress } = message.options
    const isRenewal = message.ciaddr !== ipv4.UNSPECIFIED
    if (isRenewal === (requestedAddress !== undefined)) return ignore('malformed')
    if (serverId !== undefined && serverId !== this.#config.cidr.address) {
      this.#bindings.withdraw(clientOf(message).name, now)
      return ignore('for-other-server')
    }
    const address = requestedAddress ?? message.ciaddr
    const isChoice = serverId !== undefined
    if (!isChoice && this.#mayBeOthers(message, address)) return ignore('unknown-client')
    return this.#mayHave(message, address, now) ? this.#grant(message, address, now) : this.#refuse(message)
  }

  /** RFC 2131 §4.3.2: a server among others says nothing about clients that it does not know, if their network is right. */
  #mayBeOthers(message: Message, address: Ipv4): boolean {
    if (this.#config.isAlone !== false || !ipv4.contains(this.#config.cidr, address)) return false
    const isKnown = this.#bindings.of(clientOf(message).name) !== undefined
    return !isKnown && this.#hostOf(message) === undefined
  }

  #mayHave(message: Message, address: Ipv4, now: Millis): boolean {
    const fixed = this.#hostOf(message)
    if (fixed !== undefined) return fixed.address === address
    return this.#bindings.isFreeFor(clientOf(message).name, address, now)
  }

  #grant(message: Message, address: Ipv4, now: Millis): Output {
    const client = clientOf(message)
    if (this.#hostOf(message) !== undefined)
      return this.#reply(message, 'ack', address, this.#config.leaseTime)
    if (this.#bindings.of(client.name) === undefined && !this.#admits(now)) return ignore('too-many-clients')
    const leaseTime = this.#leaseTime(client, now)
    const until = leaseTime === INFINITE ? Infinity : now + leaseTime * 1000
    const before = this.#bindings.lease(client, address, until)
    const acknowledged = this.#reply(message, 'ack', address, leaseTime)
    return { ...acknowledged, changed: before === undefined ? [address] : [before, address] }
  }

  #refuse(message: Message): Output {
    return { reply: replyTo(message, 'nak', this.#config), changed: [] }
  }

  #decline(message: Message, now: Millis): Output {
    const { requestedAddress: address, serverId } = message.options
    if (address === undefined || serverId === undefined) return ignore('malformed')
    if (serverId !== this.#config.cidr.address) return ignore('for-other-server')
    if (this.#bindings.of(clientOf(message).name) !== address) return ignore('unknown-client')
    this.#bindings.decline(address, message.chaddr, now)
    return { ignored: 'done', changed: [address] }
  }

  #release(message: Message, now: Millis): Output {
    const { serverId } = message.options
    if (serverId !== undefined && serverId !== this.#config.cidr.address) return ignore('for-other-server')
    const client = clientOf(message).name
    if (this.#bindings.of(client) !== message.ciaddr) return ignore('unknown-client')
    const address = this.#bindings.release(client, now)
    return { ignored: 'done', changed: address === undefined ? [] : [address] }
  }

  /** Only to an address of our network: whoever says to be elsewhere would have us write to others. */
  #inform(message: Message): Output {
    const { ciaddr } = message
    if (!isHost(ciaddr) || !ipv4.contains(this.#config.cidr, ciaddr)) return ignore('malformed')
    return { reply: replyTo(message, 'ack', this.#config), changed: [] }
  }

  #reply(
    message: Message,
    type: 'offer' | 'ack',
    address: Ipv4,
    leaseTime: number,
  ): Output & { reply: Reply } {
    const hostname = this.#hostOf(message)?.hostname
    const lease = { address, leaseTime, ...(hostname === undefined ? {} : { hostname }) }
    return { reply: replyTo(message, type, this.#config, lease), changed: [] }
  }

  #hostOf(message: Message): Host | undefined {
    return this.#fixed.get(clientOf(message).name) ?? this.#fixed.get(nameOfMac(message.chaddr))
  }

  /** In seconds. Where little is left, a client that has no lease gets a short one. */
  #leaseTime(client: Client, now: Millis): number {
    const { leaseTime } = this.#config
    const address = this.#bindings.of(client.name)
    const binding = address === undefined ? undefined : this.entries.get(address)
    if (binding?.kind === 'leased') return leaseTime
    const isScarce = this.#bindings.freeCount(now) < this.#bindings.size * SCARCE_PART
    return isScarce ? Math.min(leaseTime, SCARCE_LEASE_TIME) : leaseTime
  }

  /** Whether one more client that was not there before is served now. */
  #admits(now: Millis): boolean {
    const since = Math.max(0, now - this.#countedAt)
    this.#newClients = Math.min(NEW_CLIENTS_MAX, this.#newClients + (since / 1000) * NEW_CLIENTS_PER_SECOND)
    this.#countedAt = now
    if (this.#newClients < 1) return false
    this.#newClients -= 1
    return true
  }
}

function ignore(ignored: Ignored): Output {
  return { ignored, changed: [] }
}

/** RFC 2131 §4.2: known by its identifier if it has one, by its hardware address if not. */
function clientOf({ chaddr, options: { clientId } }: Message): Client {
  return { name: clientId === undefined ? nameOfMac(chaddr) : nameOfId(clientId), mac: chaddr }
}

function namesOf({ mac, clientId }: Host): readonly string[] {
  if (clientId !== undefined) return [nameOfId(clientId)]
  return mac === undefined ? [] : [nameOfMac(mac)]
}

function nameOfMac(mac: Mac): string {
  return `mac:${mac.toString(16).padStart(12, '0')}`
}

function nameOfId(clientId: Uint8Array): string {
  return `id:${Array.from(clientId, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
